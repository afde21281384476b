"""Self-assessments are kept piece by piece, handed in for good, and gone on from."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError
from fabrica.audit.queries import about
from fabrica.kit.errors import NotFound, Refused
from fabrica.trust import services
from fabrica.trust.engine.altai import Scope, in_force
from fabrica.trust.models import SelfAssessment
from fabrica.trust.queries import altai

pytestmark = pytest.mark.django_db
SUBJECT = "s:1"


@pytest.fixture
def keep(now):
    def keep(at=now, scope=Scope.GATE, **given):
        return services.self_assess(subject=SUBJECT, scope=scope, now=at, **given)

    return keep


@pytest.fixture
def hand_in(cast, now):
    def hand_in(at=now, is_required=False):
        return services.hand_in_self_assessment(subject=SUBJECT, is_required=is_required, by=cast.applicant, now=at)

    return hand_in


def test_answers_are_kept_beside_those_that_are_there_and_can_be_taken_away(keep):
    keep(answers={"A01": "yes", "A03": "no"}, ratings={"agency": 4})
    keep(answers={"A01": "", "W01": "unsure"}, ratings={"agency": None, "privacy": 0})
    row = SelfAssessment.objects.get()
    assert (row.answers, row.ratings) == ({"A03": "no", "W01": "unsure"}, {"privacy": 0})
    assert row.saves == {"agency": 2, "well_being": 1, "privacy": 1}


def test_two_who_write_the_same_requirement_notice_each_other_and_others_do_not(keep):
    keep(answers={"A01": "yes"}, seen={"agency": 0})
    keep(answers={"W01": "no"}, seen={"well_being": 0})
    with pytest.raises(services.SelfAssessedMeanwhile):
        keep(answers={"A01": "no"}, seen={"agency": 0})
    assert SelfAssessment.objects.get().answers == {"A01": "yes", "W01": "no"}


def test_the_list_is_that_of_the_sites_day_not_of_greenwich(keep):
    keep(at=datetime(2026, 10, 31, 23, 30, tzinfo=UTC), answers={"A01": "yes"})
    assert SelfAssessment.objects.get().version == in_force(date(2026, 11, 1)).version


def test_what_the_list_does_not_know_leaves_nothing(keep):
    for given in ({"answers": {"Z1": "yes"}}, {"answers": {"Z1": ""}}, {"ratings": {"luck": None}}):
        with pytest.raises(Refused):
            keep(**given)
    assert not SelfAssessment.objects.exists()


def test_what_was_handed_in_stays_and_the_next_begins_with_its_answers(keep, hand_in, now):
    keep(answers={"A01": "no"}, ratings={"agency": 5})
    first = hand_in()
    later = now + timedelta(days=3)
    keep(at=later, answers={"A01": "yes"})
    second = hand_in(at=later)
    assert hand_in(at=later) is None
    rows = altai.handed_in(SUBJECT)
    assert [(one.answers, one.ratings, one.handed_in_at) for one in rows] == [
        ({"A01": "no"}, {"agency": 5}, now), ({"A01": "yes"}, {"agency": 5}, later),
    ]  # fmt: skip
    assert (altai.handed_in_as(SUBJECT, 1), altai.last_handed_in(SUBJECT), altai.newest(SUBJECT)) == (
        first,
        second,
        second,
    )
    with pytest.raises(NotFound):
        altai.handed_in_as(SUBJECT, 3)


def test_the_audit_knows_the_points_and_never_an_answer(cast, keep, hand_in):
    keep(answers={"A01": "yes", "W01": "no"})
    assert not about(SUBJECT).exists()
    hand_in()
    entry = about(SUBJECT).get()
    points = dict.fromkeys((one.id for one in in_force(entry.at.date()).requirements), None)
    assert (entry.verb, entry.actor) == ("trust.self_assess", cast.applicant.uid)
    assert entry.facts == {
        "version": "altai-2026-1", "scope": "gate", "asked": 25, "answered": 2,
        "points": {**points, "agency": 100, "well_being": 0},
    }  # fmt: skip


def test_where_it_is_required_nothing_is_handed_in_until_each_item_has_an_answer(keep, hand_in, now):
    with pytest.raises(Refused):
        hand_in(is_required=True)
    keep(answers={"A01": "yes"})
    with pytest.raises(Refused):
        hand_in(is_required=True)
    keep(answers={one.id: "unsure" for one in Scope.GATE.items(in_force(now.date()))})
    assert hand_in(is_required=True).result.is_complete
    assert hand_in(is_required=True) is None


def test_the_database_keeps_one_open_for_each_subject(keep, now):
    row = keep(answers={"A01": "yes"})
    with pytest.raises(IntegrityError):
        SelfAssessment.objects.create(subject=SUBJECT, version=row.version, scope="gate", begun_at=now, saved_at=now)
