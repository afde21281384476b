"""What a machine tells late or corrects: a run and the books take it up once."""

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
from fabrica.training.tests.test_accounting import LIMIT, Slurmlike, booked, fake, started  # noqa: F401 - a fixture


def corrected(clock):
    """The machine tells otherwise of what it told before; the meter and the loops take it up."""
    UsageMark.objects.update(next_read_at=clock.now)
    clusters.meter(clock.now)
    while allocations.meter_book(clock.now):
        pass
    turns = 0
    while tasks.correct(clock.now):
        turns += 1
    return turns


def test_a_run_shows_what_a_later_correction_made_of_it(site, clock, fake):
    run, other = started(site, clock, fake), started(site, clock, fake)
    write_result(run)
    write_result(other)
    turn(clock, 62)
    assert [fresh(one).used_gpu_seconds for one in (run, other)] == [60, 60]
    assert (corrected(clock), corrected(clock)) == (1, 0)
    for told in (55, 71):
        fake.changes = {"gpu_seconds": told}
        assert corrected(clock) == 1
        for one in (run, other):
            assert (fresh(one).used_gpu_seconds, fresh(one).attempts.get().gpu_seconds) == (told, told)
            assert bill(fresh(one)).facts.used_gpu_seconds == told
    assert (balance(site.award).used, check_ledger()) == (142, [])
    assert corrected(clock) == 0


def test_bookings_are_held_before_the_sums_of_compute_as_the_meter_holds_them(site, clock, fake):
    run = started(site, clock, fake)
    write_result(run)
    turn(clock, 62)
    with CaptureQueriesContext(connection) as told:
        services.follow_bookings(attempt=fresh(run).attempts.get(), now=clock.now)
    tables = {JobBooking._meta.db_table: "bookings", ComputeEstimate._meta.db_table: "compute"}
    written = [one["sql"] for one in told.captured_queries if not one["sql"].startswith("SELECT")]
    order = [name for sql in written for table, name in tables.items() if table in sql]
    assert list(dict.fromkeys(order)) == ["bookings", "compute"]


def test_a_start_that_the_machine_tells_of_late_is_added_to_its_run(site, clock, fake):
    run = started(site, clock, fake, 100)
    clock.advance(28)
    fake.requeue(run.attempts.get().job_id)
    turn(clock)
    fake.restart()
    write_result(run)
    late, fake.earlier = fake.earlier, []
    turn(clock, 100)
    turn(clock, 301)
    assert (fresh(run).state, fresh(run).used_gpu_seconds) == (State.SUCCEEDED, 100)
    fake.earlier = late
    clock.advance(7 * 3_600)
    UsageMark.objects.update(read_until=None)
    assert corrected(clock) == 1
    assert (fresh(run).used_gpu_seconds, booked(site), balance(site.award).used) == (128, [28, 100], 128)


def test_what_was_booked_for_an_attempt_that_goes_on_waits_for_its_end(site, clock, fake):
    run = started(site, clock, fake)
    clusters.meter(clock.advance(10))
    JobBooking.objects.create(
        machine=site.machine, award=site.award, key="9.1", gpu_seconds=5, token=run.attempts.get().token
    )
    assert tasks.correct(clock.now) is False
    assert fresh(run).used_gpu_seconds == 0


def test_a_job_of_another_award_that_bears_the_name_of_an_attempt_keeps_nobody_busy(site, call, clock, fake):
    run = started(site, clock, fake)
    write_result(run)
    turn(clock, 62)
    assert corrected(clock) == 1
    other = awarded(site.cast, call, clock.now, 3_600)
    token = run.attempts.get().token
    JobBooking.objects.create(machine=site.machine, award=other, key="9.1", gpu_seconds=5, token=token)
    assert tasks.correct(clock.now) is False
    assert fresh(run).used_gpu_seconds == 60
    JobBooking.objects.filter(award=site.award).update(gpu_seconds=61)
    assert (tasks.correct(clock.now), tasks.correct(clock.now)) == (True, False)
    assert fresh(run).used_gpu_seconds == 61


def test_a_correction_between_reading_and_noting_is_taken_up_by_the_next_turn(site, clock, fake, monkeypatch):
    run = started(site, clock, fake)
    write_result(run)
    turn(clock, 62)
    reading = queries.booked_for

    def meanwhile(award, token):
        found = reading(award, token)
        JobBooking.objects.update(gpu_seconds=61)
        monkeypatch.setattr(queries, "booked_for", reading)
        return found

    monkeypatch.setattr(queries, "booked_for", meanwhile)
    assert tasks.correct(clock.now)
    assert fresh(run).used_gpu_seconds == 60
    assert tasks.correct(clock.now)
    assert fresh(run).used_gpu_seconds == 61
    assert tasks.correct(clock.now) is False


def test_how_often_its_machine_started_it_again_is_kept_and_never_falls(site, clock, fake):
    run = started(site, clock, fake, 100)
    job_id = run.attempts.get().job_id
    for _ in range(2):
        clock.advance(5)
        fake.requeue(job_id)
        turn(clock)
        fake.restart()
        turn(clock)
    assert run.attempts.get().restarts == 2
    fake.forget(job_id)
    turn(clock)
    assert run.attempts.get().restarts == 2
