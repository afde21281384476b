"""Refusals, decisions as they were taken, and appeals that another person decides."""

from datetime import timedelta

import pytest
from fabrica.allocations import services as allocations
from fabrica.applications import queries as application_queries
from fabrica.applications import services as applications
from fabrica.applications.engine.clocks import lengths
from fabrica.applications.states import Standing, State
from fabrica.applications.tests.factories import screened, submitted
from fabrica.conftest import make_person
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.notices.models import Notice
from fabrica.people import services as people
from fabrica.people.models import Person
from fabrica.people.states import Role
from fabrica.reviews import queries, services
from fabrica.reviews.tests.factories import assessed

LATER = timedelta(hours=3)


@pytest.fixture
def colleague(cast, now):
    """A second officer."""
    return make_person("oscar", now, Role.OFFICER)


def refused(cast, call, now):
    made = assessed(cast, call, now)
    return services.refuse(application=made, reason="Too little said about data.", by=cast.officer, now=now)


def appealed(cast, call, now):
    made = refused(cast, call, now)
    return applications.appeal(application=made, reason="It is on page 2.", by=cast.mate, now=now + LATER)


def test_an_appeal_is_told_to_the_officers_who_did_not_refuse_it(cast, call, now, colleague):
    made = appealed(cast, call, now)
    assert (made.state, made.appealed_at, made.decided_at) == (State.APPEALED, now + LATER, None)
    assert [one.person for one in Notice.objects.filter(kind="application_appealed")] == [colleague]


def test_who_refused_it_does_not_decide_on_the_appeal(cast, call, now, colleague):
    made = appealed(cast, call, now)
    for granted in (True, False):
        with pytest.raises(NotAllowed, match="Two persons see every appeal"):
            services.decide_appeal(application=made, granted=granted, reason="No.", by=cast.officer, now=now + LATER)


def test_who_assessed_it_does_not_decide_on_the_appeal(cast, call, now, colleague):
    made = appealed(cast, call, now)
    people.grant_role(person=cast.assessor, role=Role.OFFICER, by=cast.operator, now=now)
    both = Person.objects.get(pk=cast.assessor.pk)
    with pytest.raises(NotAllowed):
        services.decide_appeal(application=made, granted=True, reason="Yes.", by=both, now=now + LATER)


def test_a_granted_appeal_goes_on_where_it_was_refused_and_who_refused_it_is_out(cast, call, now, colleague, machine):
    made = appealed(cast, call, now)
    made = services.decide_appeal(application=made, granted=True, reason="It is there.", by=colleague, now=now + LATER)
    assert made.state == State.ASSESSED
    with pytest.raises(NotAllowed):
        allocations.award(application=made, gpu_seconds=36_000, months=1, by=cast.officer, now=now + LATER)
    with pytest.raises(NotAllowed):
        services.refuse(application=made, reason="Still no.", by=cast.officer, now=now + LATER)
    allocations.fund(key="f", machine=machine, gpu_seconds=10**6, by=cast.operator, now=now)
    allocations.award(application=made, gpu_seconds=36_000, months=1, by=colleague, now=now + LATER)
    made.refresh_from_db()
    assert (made.state, made.days_taken) == (State.AWARDED, 0)


def test_one_refused_at_screening_is_screened_by_another(cast, call, now, colleague):
    made = applications.refuse(application=submitted(cast, call, now), reason="Not civilian.", by=cast.officer, now=now)
    made = applications.appeal(application=made, reason="It is.", by=cast.applicant, now=now)
    made = services.decide_appeal(application=made, granted=True, reason="It is.", by=colleague, now=now)
    assert made.state == State.SUBMITTED
    with pytest.raises(NotAllowed, match="nor refused it before"):
        applications.screen(application=made, by=cast.officer, now=now)
    assert applications.screen(application=made, by=colleague, now=now).state == State.SCREENED


def test_a_second_refusal_is_the_last_word(cast, call, now, colleague):
    made = appealed(cast, call, now)
    made = services.decide_appeal(
        application=made, granted=False, reason="Page 2 is empty.", by=colleague, now=now + LATER
    )
    assert (made.state, made.decided_at) == (State.REFUSED, now + LATER)
    with pytest.raises(Refused, match="no appeal"):
        applications.appeal(application=made, reason="Again.", by=cast.applicant, now=now + LATER)
    assert [one.reason for one in made.transitions.filter(after=State.REFUSED)] == [
        "Too little said about data.", "Page 2 is empty.",
    ]  # fmt: skip


def test_a_refusal_without_reasons_is_none_and_no_appeal_waits_where_none_was_made(cast, call, now, colleague):
    made = appealed(cast, call, now)
    with pytest.raises(Refused, match="told why"):
        services.decide_appeal(application=made, granted=False, reason=" ", by=colleague, now=now + LATER)
    with pytest.raises(Refused, match="No appeal waits"):
        services.decide_appeal(application=screened(cast, call, now), granted=True, reason="x", by=colleague, now=now)


def test_an_appeal_has_its_clock(cast, call, now):
    made = refused(cast, call, now)
    until = application_queries.appeal_until(made)
    assert until == now.replace(hour=23, minute=0) + timedelta(days=14) - timedelta(microseconds=1)  # Paris, 10 days
    with pytest.raises(Refused, match="within 10 working days"):
        applications.appeal(application=made, reason="Late.", by=cast.applicant, now=until + timedelta(microseconds=1))
    assert (
        applications.appeal(application=made, reason="In time.", by=cast.applicant, now=until).state == State.APPEALED
    )


@pytest.mark.parametrize("who", ["officer", "assessor", "outsider"])
def test_only_the_applicants_appeal(cast, call, now, who):
    made = refused(cast, call, now)
    with pytest.raises(NotAllowed, match="members of the organisation"):
        applications.appeal(application=made, reason="x", by=getattr(cast, who), now=now)


def test_the_step_of_an_appeal_has_days_of_its_own_beyond_the_promise(cast, call, now, colleague):
    made = appealed(cast, call, now)
    clock = application_queries.clock_of(made)
    assert (clock.step.state, clock.step.days, clock.step.paused_at) == (State.APPEALED, 10, None)
    assert clock.step.standing(now + LATER) == Standing.RUNNING
    assert clock.step.due_at > clock.due_at
    assert made.step_due_at == clock.step.due_at


def test_the_time_from_the_refusal_to_the_end_of_the_appeal_counts_for_nobody(cast, call, now, colleague):
    made, week = refused(cast, call, now), timedelta(days=7)
    before = application_queries.clock_of(made)
    made = applications.appeal(application=made, reason="No.", by=cast.mate, now=now + timedelta(days=2))
    made = services.decide_appeal(application=made, granted=True, reason="Yes.", by=colleague, now=now + week)
    clock = application_queries.clock_of(made)
    assert (clock.paused, clock.due_at - before.due_at) == (week, week)
    assert clock.step.state == State.ASSESSED


def test_a_refusal_is_kept_as_a_decision(cast, call, now):
    made = refused(cast, call, now)
    found = queries.outcome_of(made)
    assert (found.kind, found.reasons, found.by, found.at) == (
        "refused", "Too little said about data.", cast.officer, now,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"kind": "gift"}, "no such decision"),
        ({"kind": "full", "gpu_seconds": 1, "months": 1}, "in full is what was asked for"),
        ({"kind": "partial", "gpu_seconds": 36_000, "months": 1}, "less than what was asked"),
        ({"kind": "conditional", "gpu_seconds": 36_000, "months": 1}, "Conditions belong"),
        ({"kind": "full", "gpu_seconds": 36_000, "months": 1, "conditions": "x"}, "Conditions belong"),
        ({"kind": "refused", "reasons": "x" * 3001}, "at most 3000"),
    ],
)
def test_a_decision_whose_parts_do_not_fit_is_not_kept(cast, call, now, facts, told):
    with pytest.raises(Refused, match=told):
        services.note_outcome(application=assessed(cast, call, now), by=cast.officer, now=now, **facts)


def test_the_clocks_of_answers_and_appeals_are_dated_data():
    assert (lengths().reply_days, lengths().appeal_days) == (2, 10)
    assert lengths().source.checked_on.isoformat() == "2026-11-26"


def test_nothing_but_its_decision_ends_an_appeal(cast, call, now, colleague):
    made = appealed(cast, call, now)
    others = [
        lambda: applications.submit(application=made, by=cast.applicant, now=now + LATER),
        lambda: applications.screen(application=made, by=colleague, now=now + LATER),
        lambda: applications.mark_assessed(application=made, by=cast.assessor, now=now + LATER),
        lambda: services.refuse(application=made, reason="No.", by=colleague, now=now + LATER),
    ]
    for one in others:
        with pytest.raises(Refused):
            one()
    made.refresh_from_db()
    assert made.state == State.APPEALED
    assert applications.withdraw(application=made, by=cast.applicant, now=now + LATER).state == State.WITHDRAWN
