"""From a decision to an award."""

import pytest
from fabrica.allocations import queries, services
from fabrica.allocations.engine import Balance
from fabrica.allocations.models import Award, ClusterAccount, Transfer
from fabrica.allocations.tests.factories import POOL
from fabrica.applications.states import State
from fabrica.applications.tests.factories import screened
from fabrica.audit.models import Entry
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.notices.models import Notice
from fabrica.projects.models import Member, Project
from fabrica.reviews.tests.factories import assessed


def give(application, by, now, **changes):
    facts = {"gpu_seconds": 36_000, "months": 1, **changes}
    return services.award(application=application, by=by, now=now, **facts)


def test_an_award_books_hours_opens_a_project_and_wants_an_account(cast, call, pool, now):
    application = assessed(cast, call, now)
    made = give(application, cast.officer, now)
    application.refresh_from_db()
    assert application.state == State.AWARDED
    assert (made.machine, made.starts_at, made.ends_at.isoformat()) == (pool, now, "2026-12-23T09:00:00+00:00")
    assert queries.balance(made) == Balance(awarded=36_000, free=36_000, held=0, used=0)
    assert queries.pool_of(pool) == POOL - 36_000
    wanted = ClusterAccount.objects.get(award=made)
    assert (wanted.gpu_seconds_wanted, wanted.gpu_seconds_applied, wanted.ready_at) == (36_000, None, None)
    assert queries.check_ledger() == []


def test_the_project_is_the_applicants_and_copies_purpose_and_gate(cast, call, pool, now):
    application = assessed(cast, call, now)
    project = give(application, cast.officer, now).project
    assert (project.title, project.purpose, project.gate_decision) == (application.title, application.purpose, "ACCEPT")
    assert [(one.person, one.role) for one in Member.objects.filter(project=project)] == [(cast.applicant, "pi")]
    assert project.ends_at == queries.award_of(project).ends_at


def test_an_award_leaves_its_audit_entry_and_tells_the_applicant(cast, call, pool, now):
    application = assessed(cast, call, now)
    made = give(application, cast.officer, now)
    entry = Entry.objects.get(verb="award.make")
    assert (entry.actor, entry.subject, entry.facts) == (cast.officer.uid, application.subject, {
        "gpu_seconds": 36_000, "months": 1, "project": made.project.slug, "machine": "one",
    })  # fmt: skip
    assert Notice.objects.filter(person=cast.applicant, kind="application_awarded").count() == 1


def nothing_changed(application):
    application.refresh_from_db()
    return (application.state, Award.objects.count(), Project.objects.count()) == (State.ASSESSED, 0, 0)


@pytest.mark.parametrize("who", ["applicant", "mate", "assessor", "operator", "provider", "outsider"])
def test_only_officers_award(cast, call, pool, now, who):
    application = assessed(cast, call, now)
    with pytest.raises(NotAllowed):
        give(application, getattr(cast, who), now)
    assert nothing_changed(application)


def test_an_officer_does_not_award_to_an_organisation_of_her_own(cast, call, pool, now):
    application = assessed(cast, call, now)
    cast.startup.members.create(person=cast.officer, role="member", joined_at=now)
    with pytest.raises(NotAllowed):
        give(application, cast.officer, now)
    assert nothing_changed(application)


def test_the_pool_is_not_overdrawn_and_what_is_left_is_named(cast, call, pool, now):
    application = assessed(cast, call, now, gpu_seconds_requested=108_000)
    with pytest.raises(Refused) as refused:
        give(application, cast.officer, now, gpu_seconds=108_000)
    assert refused.value.what == "The pool of Machine One has 27.7778 GPU-hours left; the award needs 30.00."
    assert refused.value.todo == "Award less, or ask an operator to fund the pool."
    assert nothing_changed(application)
    assert (queries.pool_of(pool), queries.check_ledger()) == (POOL, [])


@pytest.mark.parametrize("changes", [{"gpu_seconds": 5000 * 3600 + 1}, {"gpu_seconds": 0}, {"months": 4}])
def test_beyond_the_mode_nothing_is_awarded(cast, call, pool, now, changes):
    application = assessed(cast, call, now)
    with pytest.raises(Refused, match="Source.*EuroHPC Joint Undertaking"):
        give(application, cast.officer, now, **changes, note="Please.")
    assert nothing_changed(application)


@pytest.mark.parametrize("changes", [{"gpu_seconds": 18_000}, {"gpu_seconds": 72_000}, {"months": 2}])
def test_what_differs_from_what_was_asked_needs_a_note(cast, call, pool, now, changes):
    application = assessed(cast, call, now)
    with pytest.raises(Refused, match="differs from what was asked.*Asked: 10.00 GPU-hours for 1 months"):
        give(application, cast.officer, now, **changes, note="  ")
    assert nothing_changed(application)
    made = give(application, cast.officer, now, **changes, note="As the assessor recommends.")
    assert (made.gpu_seconds, made.months) == (changes.get("gpu_seconds", 36_000), changes.get("months", 1))
    assert application.transitions.last().reason == "As the assessor recommends."


def test_hours_for_an_unfit_plan_need_a_note(cast, call, pool, now):
    application = assessed(cast, call, now, verdict="unfit")
    with pytest.raises(Refused, match="found the plan unfit"):
        give(application, cast.officer, now)
    assert give(application, cast.officer, now, note="A trial.").gpu_seconds == 36_000


def test_a_note_has_an_end(cast, call, pool, now):
    with pytest.raises(Refused, match="at most 3,000 letters"):
        give(assessed(cast, call, now), cast.officer, now, note="x" * 3001)


def test_what_is_not_assessed_is_not_awarded(cast, call, pool, now):
    with pytest.raises(Refused, match="eligible cannot become awarded"):
        give(screened(cast, call, now), cast.officer, now)
    assert (Award.objects.count(), queries.pool_of(pool)) == (0, POOL)


def test_of_two_officers_at_once_only_one_awards(cast, call, pool, now):
    application = assessed(cast, call, now)
    stale = type(application).objects.get(pk=application.pk)
    give(application, cast.officer, now)
    with pytest.raises(Refused, match="Somebody else decided meanwhile"):
        give(stale, cast.officer, now)
    assert (Award.objects.count(), Transfer.objects.filter(kind="award").count()) == (1, 1)


def test_two_projects_of_one_title_get_two_accounts(cast, call, pool, now):
    names = [give(assessed(cast, call, now), cast.officer, now).account_name for _ in range(2)]
    assert names == ["a-model-that-reads-source-code", "a-model-that-reads-source-code-2"]
