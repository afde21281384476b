"""An award ends, by its date or taken back, and what nobody used returns to its pools."""

from datetime import timedelta

import pytest
from fabrica.allocations import queries, services, tasks
from fabrica.allocations.engine import Balance
from fabrica.allocations.models import Cap, ClusterAccount, Transfer
from fabrica.allocations.tests.factories import POOL, awarded, fund
from fabrica.allocations.tests.years import HOUR, parted
from fabrica.audit.models import Entry
from fabrica.clusters.models import JobUsage
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.notices.models import Notice
from fabrica.projects.models import Member

DAY = timedelta(days=1)


@pytest.fixture
def ours(cast, call, machine, now):
    """Six GPU-hours from the pool of the mode, one of them used, one held."""
    parted(cast, machine, now)
    award = awarded(cast, call, now, 6 * HOUR)
    services.hold(award=award, gpu_seconds=HOUR, hold_key="run", now=now)
    services.spend(award=award, gpu_seconds=HOUR, hold_key="none", key="one", now=now)
    return award


def taken():
    return Cap.objects.get(name="fast-lane+playground").taken_gpu_seconds


def revoke(award, by, now, reason="The report is overdue."):
    return services.revoke(award=award, by=by, now=now, reason=reason)


def test_a_day_after_its_end_what_is_free_returns_to_the_pool_and_its_caps(ours, call, now):
    assert not tasks.return_unused(ours.ends_at + DAY - timedelta(seconds=1))
    assert tasks.return_unused(ours.ends_at + DAY)
    assert queries.balance(queries.award_of(ours.project)) == Balance(6 * HOUR, 0, HOUR, HOUR, 0, 4 * HOUR)
    assert (taken(), queries.left_for(call, now), queries.check_ledger()) == (2 * HOUR, 5 * HOUR, [])
    entry = Entry.objects.get(verb="hours.return")
    assert (entry.actor, entry.subject, entry.facts) == ("", ours.subject, {"gpu_seconds": 4 * HOUR})


def test_what_becomes_free_later_returns_later_and_nothing_twice(ours):
    late = ours.ends_at + DAY
    tasks.return_unused(late)
    assert not tasks.return_unused(late)
    assert services.return_unused(award=ours, now=late) == 0
    services.release(award=ours, hold_key="run", now=late)
    assert tasks.return_unused(late)
    assert (queries.balance(queries.award_of(ours.project)).returned, taken()) == (5 * HOUR, HOUR)
    assert (Transfer.objects.filter(kind="return").count(), queries.check_ledger()) == (2, [])


def test_use_that_comes_after_the_return_is_paid_by_the_pool(ours, call, now):
    late = ours.ends_at + DAY
    tasks.return_unused(late)
    services.spend(award=ours, gpu_seconds=2 * HOUR, hold_key="none", key="two", now=late)
    found = queries.balance(queries.award_of(ours.project))
    assert found == Balance(6 * HOUR, 0, HOUR, 3 * HOUR, 2 * HOUR, 4 * HOUR)
    assert queries.check_ledger() == []


def test_hours_return_to_each_pool_they_came_from_the_latest_first(cast, call, machine, now):
    fund(cast, machine, now)
    award = awarded(cast, call, now, 2 * HOUR)
    year = parted(cast, machine, now)
    services.top_up(award=award, gpu_seconds=HOUR, key="a", by=cast.officer, now=now)
    services.spend(award=award, gpu_seconds=HOUR // 2, hold_key="none", key="one", now=now)
    tasks.return_unused(award.ends_at + DAY)
    assert queries.pool_of(machine) == 2 * HOUR - HOUR // 2
    assert year.pools.get(name="union_aif_industrial").account.balance_gpu_seconds == 50 * HOUR
    assert (taken(), queries.check_ledger()) == (0, [])


def test_an_award_taken_back_ends_now_and_what_is_free_returns_at_once(cast, ours, fake, now):
    later = now + DAY
    made = revoke(ours, cast.officer, later)
    assert (made.ends_at, made.revoked_at, made.project.__class__.objects.get().ends_at) == (later, later, later)
    assert queries.balance(made) == Balance(6 * HOUR, 0, HOUR, HOUR, 0, 4 * HOUR)
    assert (taken(), queries.check_ledger()) == (2 * HOUR, [])
    with pytest.raises(Refused, match="ended on 24 November 2026"):
        services.hold(award=made, gpu_seconds=1, hold_key="new", now=later)
    account = ClusterAccount.objects.get()
    assert (account.next_check_at, [one.is_open for one in queries.wanted(ours.machine, later)]) == (later, [False])
    entry = Entry.objects.get(verb="award.revoke")
    assert (entry.actor, entry.facts) == (cast.officer.uid, {"gpu_seconds": 4 * HOUR})
    told = Notice.objects.get(kind="award_revoked")
    assert (told.person, "Why: The report is overdue." in told.body, "4.00 unused GPU-hours went back" in told.body) == (
        cast.applicant, True, True,
    )  # fmt: skip


def test_what_runs_on_is_booked_and_the_rest_of_its_hold_returns(cast, ours, now):
    made = revoke(ours, cast.officer, now + DAY)
    services.spend(award=made, gpu_seconds=HOUR // 4, hold_key="run", key="run", now=now + DAY)
    services.release(award=made, hold_key="run", now=now + DAY)
    tasks.return_unused(now + 2 * DAY)
    found = queries.balance(queries.award_of(made.project))
    assert (found.free, found.held, found.used, found.returned) == (0, 0, 4_500, 17_100)
    assert queries.check_ledger() == []


def test_an_award_is_taken_back_once(cast, ours, now):
    made = revoke(ours, cast.operator, now)
    with pytest.raises(Refused, match="ended on 23 November 2026"):
        revoke(made, cast.operator, now + DAY)
    assert Entry.objects.filter(verb="award.revoke").count() == 1


@pytest.mark.parametrize("who", ["applicant", "mate", "assessor", "provider", "outsider"])
def test_others_take_no_award_back(cast, ours, now, who):
    with pytest.raises(NotAllowed):
        revoke(ours, getattr(cast, who), now)
    assert queries.balance(ours).free == 4 * HOUR


def test_no_officer_takes_back_the_award_of_a_project_of_her_own(cast, ours, now):
    Member.objects.create(project=ours.project, person=cast.officer, role="member", joined_at=now)
    with pytest.raises(NotAllowed):
        revoke(ours, cast.officer, now)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 3_001])
def test_to_take_an_award_back_needs_a_reason(cast, ours, now, reason):
    with pytest.raises(Refused, match="reason"):
        revoke(ours, cast.officer, now, reason)
    assert queries.balance(ours).free == 4 * HOUR


def test_what_unbooked_jobs_used_returns_to_no_pool(cast, ours, now):
    late = ours.ends_at + DAY
    facts = {"machine": ours.machine, "account": ours.account_name, "devices": 1, "started_at": now, "seen_at": late}
    running = JobUsage.objects.create(key="7", job_id="7", gpu_seconds=3 * HOUR, state="running", **facts)
    assert not tasks.return_unused(late)
    assert services.return_unused(award=ours, now=late) == 0
    revoke(ours, cast.officer, now + timedelta(hours=1))
    assert queries.balance(queries.award_of(ours.project)).returned == HOUR
    running.ended_at, running.booked_gpu_seconds = now, 3 * HOUR
    running.save()
    assert tasks.return_unused(now + 2 * DAY)
    assert not tasks.return_unused(now + 2 * DAY)


@pytest.mark.parametrize("role", ["member", "facilitator", "guest"])
def test_no_officer_with_any_part_in_a_project_changes_its_award(cast, ours, now, role):
    Member.objects.create(project=ours.project, person=cast.officer, role=role, joined_at=now)
    with pytest.raises(NotAllowed):
        revoke(ours, cast.officer, now)
