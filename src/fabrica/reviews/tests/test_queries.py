"""Who reads which assessment, and when."""

import pytest
from fabrica.applications import services as applications
from fabrica.applications.tests.factories import screened, submitted
from fabrica.people.models import Person
from fabrica.reviews import queries, rules, services
from fabrica.reviews.tests.factories import assessed

EVERYBODY = ("applicant", "mate", "officer", "assessor", "operator", "provider", "outsider")


def readers(cast, application):
    return {who for who in EVERYBODY if queries.assessments_of(getattr(cast, who), application).exists()}


def test_before_the_decision_only_staff_read_it(cast, call, now):
    assert readers(cast, assessed(cast, call, now)) == {"officer", "assessor"}


def test_after_the_decision_the_organisation_reads_it_and_outsiders_never(cast, call, now):
    application = assessed(cast, call, now)
    services.refuse(application=application, reason="No hours left.", by=cast.officer, now=now)
    assert readers(cast, application) == {"applicant", "mate", "officer", "assessor"}


def test_a_withdrawn_application_was_never_decided(cast, call, now):
    application = assessed(cast, call, now)
    applications.withdraw(application=application, by=cast.applicant, now=now)
    assert readers(cast, application) == {"officer", "assessor"}


@pytest.mark.parametrize("who", ["officer", "assessor"])
def test_staff_who_work_for_the_organisation_wait_like_the_applicant(cast, call, now, who):
    application = assessed(cast, call, now)
    cast.startup.members.create(person=getattr(cast, who), role="member", joined_at=now)
    assert readers(cast, application) == {"officer", "assessor"} - {who}
    assert not rules.sees_assessor(getattr(cast, who), application)


def test_only_an_assessor_has_something_to_assess(cast, call, now):
    waiting = screened(cast, call, now)
    submitted(cast, call, now)
    assert {who: list(queries.to_assess(getattr(cast, who))) for who in EVERYBODY} == {
        **dict.fromkeys(EVERYBODY, []), "assessor": [waiting],
    }  # fmt: skip


def test_what_waits_begins_with_the_most_urgent_and_leaves_out_ones_own(cast, call, now):
    late, soon = screened(cast, call, now), screened(cast, call, now)
    late.due_on = soon.due_on.replace(day=30)
    late.save()
    assert list(queries.to_assess(cast.assessor)) == [soon, late]
    cast.startup.members.create(person=cast.assessor, role="member", joined_at=now)
    assert list(queries.to_assess(Person.objects.get(pk=cast.assessor.pk))) == []


def test_the_latest_assessment_is_the_one_a_decision_rests_on(cast, call, now):
    assert queries.latest_of(screened(cast, call, now)) is None
    assert queries.latest_of(assessed(cast, call, now)).verdict == "fit"
