"""Services of reviews, verb by verb."""

import pytest
from django.db import IntegrityError, transaction
from fabrica.applications.states import State
from fabrica.applications.tests.factories import screened, submitted
from fabrica.audit.models import Entry
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.notices.models import Notice
from fabrica.reviews import rules, services
from fabrica.reviews.models import TechnicalAssessment
from fabrica.reviews.tests.factories import COMMENT, assessed


def assess(application, by, now, **changes):
    facts = {"verdict": "fit", "comment": COMMENT, "gpu_seconds_recommended": 36_000, **changes}
    return services.assess(application=application, by=by, now=now, **facts)


def test_an_assessment_passes_the_application_on_to_the_officer(cast, call, now):
    application = screened(cast, call, now)
    made = assess(application, cast.assessor, now, verdict="fit_with_changes", comment=f" {COMMENT} ")
    application.refresh_from_db()
    assert application.state == State.ASSESSED
    assert (made.verdict, made.comment, made.gpu_seconds_recommended, made.has_conflict, made.submitted_at) == (
        "fit_with_changes", COMMENT, 36_000, False, now,
    )  # fmt: skip


def test_officers_without_a_conflict_are_told_that_it_waits(cast, call, now):
    application = assessed(cast, call, now)
    told = Notice.objects.get(kind="review_assessed")
    assert (told.person, told.subject) == (cast.officer, f"{application.code} waits for your decision")


def test_an_assessment_leaves_an_audit_entry_without_words(cast, call, now):
    application = assessed(cast, call, now)
    entry = Entry.objects.get(subject=application.subject, verb="review.assess")
    assert (entry.actor, entry.facts) == (cast.assessor.uid, {"verdict": "fit", "gpu_seconds": 36_000})


@pytest.mark.parametrize("who", ["applicant", "mate", "officer", "operator", "provider", "outsider"])
def test_only_assessors_assess(cast, call, now, who):
    with pytest.raises(NotAllowed, match="Only an assessor"):
        assess(screened(cast, call, now), getattr(cast, who), now)


def test_an_assessor_who_works_for_the_organisation_has_a_conflict(cast, call, now):
    cast.startup.members.create(person=cast.assessor, role="member", joined_at=now)
    application = screened(cast, call, now)
    with pytest.raises(NotAllowed, match="You have an interest in this organisation"):
        assess(application, cast.assessor, now)
    assert not rules.can_assess(cast.assessor, application)


def test_an_assessor_who_declares_a_conflict_leaves_it_to_others(cast, call, now):
    application = screened(cast, call, now)
    with pytest.raises(NotAllowed, match="conflict of interest"):
        assess(application, cast.assessor, now, has_conflict=True)
    application.refresh_from_db()
    assert (application.state, TechnicalAssessment.objects.count()) == (State.SCREENED, 0)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"verdict": "splendid"}, "is no verdict. Use one of: fit, fit_with_changes, unfit"),
        ({"comment": "  "}, "needs a comment"),
        ({"comment": "x" * 3001}, "needs a comment of at most 3,000"),
        ({"gpu_seconds_recommended": 0}, "more than 0"),
        ({"gpu_seconds_recommended": -1}, "more than 0"),
        ({"gpu_seconds_recommended": 5000 * 3600 + 1}, "at most 5,000 GPU-hours.*Source of the limit: EuroHPC"),
        ({"verdict": "unfit"}, "given no hours"),
    ],
)
def test_bad_input_is_refused_and_nothing_is_kept(cast, call, now, changes, told):
    application = screened(cast, call, now)
    with pytest.raises(Refused, match=told):
        assess(application, cast.assessor, now, **changes)
    application.refresh_from_db()
    assert (application.state, TechnicalAssessment.objects.count()) == (State.SCREENED, 0)


def test_what_is_not_screened_is_not_assessed(cast, call, now):
    with pytest.raises(Refused, match="cannot become"):
        assess(submitted(cast, call, now), cast.assessor, now)


def test_of_two_assessors_at_once_the_second_is_told(cast, call, now):
    application = screened(cast, call, now)
    stale = type(application).objects.get(pk=application.pk)
    assess(application, cast.assessor, now)
    with pytest.raises(Refused, match="Somebody else decided meanwhile"):
        assess(stale, cast.assessor, now)
    assert TechnicalAssessment.objects.count() == 1


@pytest.mark.parametrize(
    "wrong", [{"has_conflict": True}, {"verdict": "unfit"}, {"gpu_seconds_recommended": 0}], ids=str
)
def test_the_database_itself_keeps_no_assessment_that_breaks_the_rules(cast, call, now, wrong):
    application = screened(cast, call, now)
    row = {"verdict": "fit", "comment": COMMENT, "gpu_seconds_recommended": 1, **wrong}
    with pytest.raises(IntegrityError), transaction.atomic():
        TechnicalAssessment.objects.create(application=application, assessor=cast.assessor, submitted_at=now, **row)


def test_an_officer_refuses_after_the_assessment(cast, call, now):
    application = assessed(cast, call, now, verdict="unfit")
    refused = services.refuse(application=application, reason="It does not fit.", by=cast.officer, now=now)
    assert (refused.state, refused.decided_at) == (State.REFUSED, now)


def test_a_refusal_before_the_assessment_is_not_this_one(cast, call, now):
    application = screened(cast, call, now)
    with pytest.raises(Refused, match=f"{application.code} is not waiting for a decision. It is eligible."):
        services.refuse(application=application, reason="No.", by=cast.officer, now=now)


@pytest.mark.parametrize("who", ["applicant", "assessor", "operator", "outsider"])
def test_only_officers_refuse(cast, call, now, who):
    with pytest.raises(NotAllowed):
        services.refuse(application=assessed(cast, call, now), reason="No.", by=getattr(cast, who), now=now)


def test_an_officer_of_the_organisation_does_not_refuse(cast, call, now):
    application = assessed(cast, call, now)
    cast.startup.members.create(person=cast.officer, role="member", joined_at=now)
    with pytest.raises(NotAllowed):
        services.refuse(application=application, reason="No.", by=cast.officer, now=now)
