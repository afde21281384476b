"""What a run is charged: each start of its job as the machine tells, once, also where it tells late or otherwise."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from fabrica.allocations import queries
from fabrica.allocations import tasks as allocations
from fabrica.allocations.models import ClusterAccount, JobBooking
from fabrica.allocations.queries import balance, check_ledger, in_flight
from fabrica.audit.models import Entry
from fabrica.clusters import tasks as clusters
from fabrica.clusters.adapters.fake import FakeCluster, Outcome
from fabrica.clusters.adapters.port import JobState
from fabrica.clusters.models import JobUsage, UsageMark
from fabrica.kit.errors import Refused
from fabrica.training import services, tasks
from fabrica.training.models import Attempt, Run
from fabrica.training.queries import bill, machine_facts
from fabrica.training.states import AttemptState, State
from fabrica.training.tests.factories import awarded
from fabrica.training.tests.test_following import AllAlike, fresh, settled, turn, write_result
from fabrica.trust.models import ComputeEstimate

LIMIT = 600


class Slurmlike(FakeCluster):
    """Puts jobs back into its queue, and tells what they used late, otherwise, or never.

    `lag_seconds` is how long after a job's end its record has one; `loses_records` how many starts it never tells of;
    `changes` are laid over every record.
    """

    def __init__(self, now, devices_total):
        super().__init__(now, devices_total)
        self.lag_seconds, self.loses_records, self.changes, self.earlier = 0.0, False, {}, []

    def requeue(self, job_id, wait=0.0):
        """A job of higher rank takes its place; it waits again, and starts after so long."""
        one = self._jobs[job_id]
        record = self._usage(one, one.status.started_at)
        self.earlier.append(replace(record, ended_at=self.now, state=JobState.CANCELLED))
        one.status = replace(
            one.status, state=JobState.PENDING, started_at=None, restarts=one.status.restarts + 1, reason="Preempted."
        )

    def restart(self):
        self._start_what_fits()

    def usage(self, since):
        records = [*self.earlier, *super().usage(since)]
        if self.loses_records:
            return []
        told = [one for one in records if one.ended_at is None or one.ended_at >= since]
        late = self.now - timedelta(seconds=self.lag_seconds)
        return [
            replace(one, **({"ended_at": None} if one.ended_at and one.ended_at > late else self.changes))
            for one in told
        ]


@pytest.fixture
def fake(now):
    return Slurmlike(now, 2)


def started(site, clock, fake, seconds=60.0, **changes):
    fake.outcomes = AllAlike(Outcome(seconds=seconds))
    run = site.launch(clock.now, **changes)
    turn(clock)
    return fresh(run)


def booked(site):
    return sorted(JobBooking.objects.values_list("gpu_seconds", flat=True))


def test_a_token_tells_project_run_and_attempt_and_is_unlike_any_other(site, clock, fake):
    first, second = started(site, clock, fake), started(site, clock, fake)
    tokens = [run.attempts.get().token for run in (first, second)]
    assert [re.sub(r"[0-9a-f]{8}$", "x", one) for one in tokens] == [f"{site.project.slug}-{n}.1.x" for n in (1, 2)]
    fake.lose(first.attempts.get().job_id)
    turn(clock)
    turn(clock)
    assert fresh(first).attempts.last().token.startswith(f"{site.project.slug}-1.2.")
    assert Attempt.objects.values("token").distinct().count() == 3


def test_a_job_put_back_by_its_machine_waits_again_in_the_same_attempt_with_the_reason(site, clock, fake):
    run = started(site, clock, fake)
    fake.requeue(run.attempts.get().job_id)
    turn(clock)
    run = fresh(run)
    assert (run.state, run.attempts.get().state) == (State.SUBMITTED, AttemptState.SUBMITTED)
    assert run.reason == (
        "It was put back into the queue by its machine and goes on from its last checkpoint. Preempted."
    )
    turn(clock)
    fake.restart()
    turn(clock)
    assert (fresh(run).state, fresh(run).reason) == (State.RUNNING, "")
    verbs = Entry.objects.filter(subject=run.subject).values_list("verb", flat=True)
    assert list(verbs) == ["run.launch", "run.submit", "run.start", "run.requeue", "run.start"]


def test_a_run_that_was_measuring_can_be_put_back_too(site, clock, fake):
    run = started(site, clock, fake)
    Run.objects.filter(pk=run.pk).update(state=State.FINISHING)
    fake.requeue(run.attempts.get().job_id)
    turn(clock)
    assert fresh(run).state == State.SUBMITTED
    assert Entry.objects.get(verb="run.requeue").facts == {"before": "finishing", "after": "submitted"}


def test_each_start_of_its_job_is_billed_to_the_second(site, clock, fake):
    run = started(site, clock, fake, 100)
    clock.advance(28)
    fake.requeue(run.attempts.get().job_id)
    turn(clock)
    clock.advance(38)
    fake.restart()
    write_result(run)
    turn(clock, 100)
    run = fresh(run)
    assert (run.state, run.used_gpu_seconds, run.attempts.get().gpu_seconds) == (State.SUCCEEDED, 128, 128)
    assert booked(site) == [28, 100]
    assert settled(site, run)


def test_what_the_machine_tells_is_billed_also_beyond_the_time_limit(site, clock, fake):
    run = started(site, clock, fake, 10)
    fake.changes = {"gpu_seconds": LIMIT + 7}
    write_result(run)
    turn(clock, 20)
    assert fresh(run).used_gpu_seconds == LIMIT + 7
    assert settled(site, fresh(run))


def test_suspended_time_is_not_billed(site, clock, fake):
    run = started(site, clock, fake, 60)
    fake.changes = {"gpu_seconds": 25}
    write_result(run)
    turn(clock, 70)
    assert (fresh(run).used_gpu_seconds, booked(site)) == (25, [25])


def test_a_run_waits_for_an_accounting_that_lags_behind(site, clock, fake):
    run = started(site, clock, fake)
    fake.lag_seconds = 90
    write_result(run)
    turn(clock, 60)
    run = fresh(run)
    assert (run.state, run.reason) == (State.RUNNING, "It has ended and waits for the machine's accounting.")
    assert (booked(site), balance(site.award).held) == ([], LIMIT)
    turn(clock, 60)
    assert fresh(run).state == State.RUNNING
    turn(clock, 60)
    assert (fresh(run).state, fresh(run).used_gpu_seconds) == (State.SUCCEEDED, 60)
    assert settled(site, fresh(run))


def test_after_five_minutes_the_times_of_its_status_stand_in_and_a_later_record_corrects_them(site, clock, fake):
    run = started(site, clock, fake)
    fake.loses_records = True
    write_result(run)
    turn(clock, 62)
    for _ in range(59):
        turn(clock, 5)
    assert fresh(run).state == State.RUNNING
    turn(clock, 6)
    run = fresh(run)
    assert (run.state, run.used_gpu_seconds, booked(site)) == (State.SUCCEEDED, 60, [60])
    assert settled(site, run)
    fake.loses_records, fake.changes = False, {"gpu_seconds": 55}
    UsageMark.objects.update(next_read_at=clock.now)
    clusters.meter(clock.now)
    while allocations.meter_book(clock.now):
        pass
    assert (booked(site), balance(site.award).used, check_ledger()) == ([55], 55, [])


def test_without_a_record_the_time_limit_bounds_what_is_booked(site, clock, fake):
    run = started(site, clock, fake, time_limit_seconds=30)
    fake.loses_records = True
    job = fake._jobs[run.attempts.get().job_id]
    clock.advance(40)
    job.status = replace(job.status, started_at=job.status.ended_at - timedelta(seconds=45))
    turn(clock)
    turn(clock, 301)
    assert booked(site) == [30]


def test_a_record_whose_start_differs_by_a_second_is_not_billed_twice(site, clock, fake):
    run = started(site, clock, fake)
    write_result(run)
    clock.advance(60)
    job = fake._jobs[run.attempts.get().job_id]
    fake.changes = {"started_at": job.status.started_at + timedelta(seconds=1)}
    turn(clock)
    assert (fresh(run).used_gpu_seconds, booked(site)) == (60, [60])


def test_a_job_the_machine_forgot_is_charged_what_the_meter_saw_of_it(site, clock, fake):
    run = started(site, clock, fake, 500)
    clusters.meter(clock.advance(100))
    fake.forget(run.attempts.get().job_id)
    turn(clock)
    turn(clock, 61)
    assert fresh(run).reason == "It has ended and waits for the machine's accounting."
    turn(clock, 301)
    run = fresh(run)
    assert (run.state, run.used_gpu_seconds, booked(site)) == (State.QUEUED, 100, [100])


def test_the_meter_and_the_run_book_the_same_job_once_whoever_is_first(site, clock, fake):
    run = started(site, clock, fake)
    write_result(run)
    clock.advance(60)
    for _ in range(2):
        UsageMark.objects.update(next_read_at=clock.now)
        clusters.meter(clock.now)
        allocations.meter_book(clock.now)
        assert in_flight(site.award) == (0 if fresh(run).is_ended else 60)
        turn(clock)
    assert (balance(site.award).used, booked(site)) == (60, [60])
    assert settled(site, fresh(run))
    assert JobUsage.objects.get().booked_gpu_seconds == 60


def test_a_run_whose_worker_was_away_for_hours_is_billed_once(site, clock, fake):
    run = started(site, clock, fake)
    write_result(run)
    now = clock.advance(7 * 3_600)
    clusters.meter(now)
    while allocations.meter_book(now):
        pass
    assert (booked(site), balance(site.award).held) == ([60], LIMIT)
    turn(clock)
    assert fresh(run).state == State.SUCCEEDED
    assert settled(site, fresh(run))


def test_where_all_hours_are_used_nothing_is_launched(site, clock):
    ClusterAccount.objects.update(is_open_wanted=False)
    with pytest.raises(Refused, match=r"All hours of .* are used, so new jobs are no longer taken\."):
        site.launch(clock.now)


def test_following_asks_for_usage_only_of_what_has_ended(site, clock, fake, monkeypatch):
    started(site, clock, fake)
    asked, usage = [], fake.usage
    monkeypatch.setattr(fake, "usage", lambda since: asked.append(since) or usage(since))
    turn(clock)
    assert asked == []
    turn(clock, 60)
    assert len(asked) == 1
    assert tasks.follow(clock.now) is False


def test_recorded_energy_stands_on_the_bill_and_says_that_it_was_recorded(site, clock, fake):
    run = started(site, clock, fake)
    write_result(run)
    fake.changes = {"energy_joules": 7_200}
    turn(clock, 60)
    before = bill(fresh(run)).facts
    clusters.meter(clock.now)
    after, whole = bill(fresh(run)).facts, bill(site.project).facts
    assert (before.energy_is, after.energy_is, whole.energy_is) == ("estimated", "recorded", "recorded")
    pue = machine_facts(site.machine).pue.value
    assert after.footprint.energy_wh == whole.footprint.energy_wh == pytest.approx(2 * pue)


def test_a_job_of_another_account_that_bears_the_same_name_is_not_billed(site, clock, fake):
    run = started(site, clock, fake)
    write_result(run)
    (record,) = fake.usage(clock.now)
    fake.earlier = [
        replace(record, account="somebody", job_id="9", gpu_seconds=999, ended_at=clock.now + timedelta(hours=1))
    ]
    turn(clock, 60)
    assert (fresh(run).state, booked(site)) == (State.SUCCEEDED, [60])
