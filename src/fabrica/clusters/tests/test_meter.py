"""Reading a machine's accounting: never twice, never lost, whatever happens on the way."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from fabrica.clusters import queries, services, tasks
from fabrica.clusters.adapters.port import JobState
from fabrica.clusters.models import JobUsage, UsageMark
from fabrica.clusters.tests.accounting import HOUR, Accounting, job
from fabrica.kit.claims import Claimable

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def books(machine, monkeypatch, now):
    """The accounting of the machine."""
    made = Accounting(now)
    monkeypatch.setattr(queries, "_makers", {"fake": lambda _machine: made})
    return made


def rows():
    return list(JobUsage.objects.order_by("key").values_list("key", "gpu_seconds", "state"))


def mark():
    return UsageMark.objects.get()


DONE = job("7", "11-23 07:00", "11-23 08:00", HOUR)
RUNS = job("8", "11-23 08:30", None, 1_800)


def test_what_the_machine_tells_is_kept_as_it_tells_it(books, machine, now):
    books.say(replace(DONE, user="ada", submitted_at=DONE.started_at - MINUTE, energy_joules=540_000, token="t-1.1.0a"))
    assert tasks.meter(now) is True
    row = JobUsage.objects.get()
    assert (row.machine, row.key, row.job_id, row.token) == (machine, DONE.key, "7", "t-1.1.0a")
    assert (row.account, row.user, row.devices, row.state) == ("novalis", "ada", 1, "COMPLETED")
    assert (row.submitted_at, row.started_at, row.ended_at) == (
        DONE.started_at - MINUTE, DONE.started_at, DONE.ended_at,
    )  # fmt: skip
    assert (row.gpu_seconds, row.energy_joules, row.booked_gpu_seconds, row.seen_at) == (HOUR, 540_000, None, now)
    assert (mark().read_until, mark().records, mark().unusable) == (now, 1, 0)


def test_each_machine_is_read_every_minute(books, now):
    assert [tasks.meter(now), tasks.meter(now), tasks.meter(now + 0.9 * MINUTE)] == [True, False, False]
    assert tasks.meter(now + MINUTE) is True


def test_it_reads_a_day_back_and_once_a_day_much_further(books, now):
    seen = []
    for late in (timedelta(), MINUTE, 2 * MINUTE, DAY, DAY + MINUTE):
        assert tasks.meter(now + late)
        seen.append(now + late - books.asked[-1])
    assert seen == [35 * DAY, DAY + MINUTE, DAY + MINUTE, 35 * DAY, DAY + MINUTE]


def test_how_far_back_is_a_setting(books, now, settings):
    settings.FABRICA_USAGE_FULL_DAYS, settings.FABRICA_USAGE_OVERLAP_HOURS = 90, 2
    tasks.meter(now)
    tasks.meter(now + MINUTE)
    assert [now - books.asked[0], now + MINUTE - books.asked[1]] == [90 * DAY, timedelta(hours=2) + MINUTE]


def test_the_same_accounting_again_writes_no_row(books, now, monkeypatch):
    books.say(DONE, job("9", "11-23 06:00", "11-23 06:10", 600))
    readings, end = [], services.end_reading
    monkeypatch.setattr(services, "end_reading", lambda **wish: readings.append(wish["reading"]) or end(**wish))
    tasks.meter(now)
    before = list(JobUsage.objects.order_by("pk").values())
    tasks.meter(now + MINUTE)
    assert list(JobUsage.objects.order_by("pk").values()) == before
    books.say(replace(DONE, energy_joules=5))
    tasks.meter(now + 2 * MINUTE)
    assert [(one.records, one.changed) for one in readings] == [(2, 2), (2, 0), (2, 1)]


def test_a_running_job_grows_and_ends(books, now):
    books.say(RUNS)
    tasks.meter(now)
    assert rows() == [(RUNS.key, 1_800, "RUNNING")]
    books.say(replace(RUNS, gpu_seconds=1_860))
    tasks.meter(now + MINUTE)
    assert rows() == [(RUNS.key, 1_860, "RUNNING")]
    books.say(job("8", "11-23 08:30", "11-23 09:02", 1_920))
    tasks.meter(now + 2 * MINUTE)
    assert rows() == [(RUNS.key, 1_920, "COMPLETED")]


def test_each_start_of_a_requeued_job_and_each_task_of_an_array_counts_by_itself(books, now):
    books.say(
        job("5", "11-23 05:00", "11-23 05:20", 1_200, state=JobState.LOST),
        job("5", "11-23 06:00", "11-23 06:30", 1_800),
        job("6_1", "11-23 06:00", "11-23 06:01", 60),
        job("6_2", "11-23 06:00", "11-23 06:02", 120),
    )
    tasks.meter(now)
    assert [(one.job_id, one.gpu_seconds) for one in JobUsage.objects.order_by("pk")] == [
        ("5", 1_200), ("5", 1_800), ("6_1", 60), ("6_2", 120),
    ]  # fmt: skip


def test_a_corrected_record_replaces_the_first_and_keeps_what_was_booked(books, now):
    books.say(DONE)
    tasks.meter(now)
    JobUsage.objects.update(booked_gpu_seconds=HOUR)
    books.say(replace(DONE, gpu_seconds=3_000))
    tasks.meter(now + MINUTE)
    assert JobUsage.objects.values_list("gpu_seconds", "booked_gpu_seconds", "seen_at").get() == (
        3_000, HOUR, now + MINUTE,
    )  # fmt: skip


def test_a_duplicate_in_the_stream_is_one_row_with_the_last_word(books, now, monkeypatch):
    books.records = [DONE, replace(DONE, gpu_seconds=1), RUNS, replace(DONE, gpu_seconds=2)]
    for size in (1_000, 1):
        monkeypatch.setattr(tasks, "BATCH", size)
        UsageMark.objects.update(next_read_at=now)
        tasks.meter(now)
        assert rows() == [(DONE.key, 2, "COMPLETED"), (RUNS.key, 1_800, "RUNNING")]


def test_an_end_before_the_start_counts_nothing_and_is_marked(books, now):
    jumped = job("7", "11-23 07:00", "11-23 06:59", -60)
    books.say(jumped, replace(jumped, job_id="8", gpu_seconds=540))
    tasks.meter(now)
    assert list(JobUsage.objects.values_list("gpu_seconds", "is_odd")) == [(0, True), (0, True)]
    assert queries.metering(now)[0].odd == 2


@pytest.mark.parametrize(
    "changes",
    [{"gpu_seconds": -1}, {"gpu_seconds": 10**12 + 1}, {"devices": -1}, {"job_id": ""}, {"job_id": "x" * 120}],
)
def test_a_record_that_makes_no_sense_is_counted_and_holds_up_no_other(books, now, changes):
    books.say(replace(DONE, **changes), RUNS)
    tasks.meter(now)
    assert rows() == [(RUNS.key, 1_800, "RUNNING")]
    assert (mark().records, mark().unusable) == (2, 1)


def test_a_machine_that_stops_half_way_keeps_what_came_and_is_read_again(books, now, monkeypatch):
    monkeypatch.setattr(tasks, "BATCH", 1)
    books.say(DONE, job("9", "11-23 06:00", "11-23 06:10", 600), RUNS)
    books.breaks_after = 2
    tasks.meter(now)
    assert len(rows()) == 2
    assert (mark().read_until, mark().tries, mark().error) == (
        None,
        1,
        "The machine's accounting stopped in the middle.",
    )
    assert tasks.meter(now + timedelta(seconds=9)) is False
    books.breaks_after = None
    tasks.meter(now + timedelta(seconds=10))
    assert len(rows()) == 3
    assert (mark().tries, mark().error) == (0, "")


def test_a_silent_machine_is_asked_again_after_a_growing_wait_and_its_lag_grows(books, now):
    tasks.meter(now)
    books.unreachable = True
    at, waits = now + MINUTE, []
    for _ in range(6):
        tasks.meter(at)
        waits.append((mark().next_read_at - at).total_seconds())
        at = mark().next_read_at
    assert waits == [10, 20, 40, 80, 120, 120]
    assert queries.metering(at)[0].lag_seconds == (at - now).total_seconds()


class Killed(BaseException):
    """The worker dies."""


@pytest.mark.parametrize("after", range(5))
def test_killed_at_any_point_and_run_again_it_comes_to_the_same(books, now, monkeypatch, after):
    monkeypatch.setattr(tasks, "BATCH", 1)
    books.say(DONE, job("9", "11-23 06:00", "11-23 06:10", 600), RUNS)
    keep, end, done = services.keep_usage, services.end_reading, []

    def dying(real):
        def call(**wish):
            if len(done) == after:
                raise Killed
            done.append(real)
            return real(**wish)

        return call

    monkeypatch.setattr(services, "keep_usage", dying(keep))
    monkeypatch.setattr(services, "end_reading", dying(end))
    try:
        tasks.meter(now)
    except Killed:
        assert after < 4
    monkeypatch.setattr(services, "keep_usage", keep)
    monkeypatch.setattr(services, "end_reading", end)
    assert tasks.meter(now + tasks.TTL + MINUTE) is True
    assert sorted(rows()) == sorted(
        [(DONE.key, HOUR, "COMPLETED"), (books.records[1].key, 600, "COMPLETED"), (RUNS.key, 1_800, "RUNNING")]
    )


def test_of_two_workers_one_reads_and_the_one_that_lost_its_claim_writes_nothing(books, now):
    books.say(DONE)
    services.make_marks(now=now)
    late = UsageMark.claim(queries.marks_due(now), now, tasks.TTL)
    assert tasks.meter(now) is False
    reading = services.begin_reading(mark=late, since=now - DAY, now=now)
    assert tasks.meter(now + tasks.TTL) is True
    JobUsage.objects.all().delete()
    assert services.keep_usage(mark=late, reading=reading, records=[DONE], until=now + MINUTE) is False
    assert services.end_reading(mark=late, reading=reading) is False
    assert rows() == []


def test_a_long_look_holds_its_claim(books, now, monkeypatch):
    monkeypatch.setattr(tasks, "BATCH", 1)
    books.say(DONE, RUNS)
    clock = iter([0.0, 100.0, 200.0])
    monkeypatch.setattr(tasks, "monotonic", lambda: next(clock))
    seen, keep = [], services.keep_usage
    monkeypatch.setattr(services, "keep_usage", lambda **wish: seen.append(wish["until"]) or keep(**wish))
    tasks.meter(now)
    assert [(one - now).total_seconds() for one in seen] == [220, 320]
    assert issubclass(UsageMark, Claimable)


def test_a_running_job_that_is_no_longer_shown_is_looked_for_from_its_start_then_marked_and_kept(books, now):
    books.say(job("3", "11-20 09:00", None, 3 * 24 * HOUR), RUNS)
    tasks.meter(now)
    books.records = []
    tasks.meter(now + MINUTE)
    assert list(JobUsage.objects.order_by("pk").values_list("job_id", "missed_at")) == [
        ("3", None),
        ("8", now + MINUTE),
    ]
    tasks.meter(now + MINUTE)
    assert now + MINUTE - books.asked[-1] == 3 * DAY + MINUTE
    assert [one.missed_at for one in JobUsage.objects.all()] == [now + MINUTE] * 2
    assert (queries.metering(now)[0].running, queries.metering(now)[0].missed) == (0, 2)
    assert tasks.meter(now + MINUTE) is False
    books.say(RUNS)
    tasks.meter(now + 2 * MINUTE)
    assert list(JobUsage.objects.order_by("pk").values_list("job_id", "missed_at")) == [
        ("3", now + MINUTE),
        ("8", None),
    ]


def test_an_end_that_became_known_days_late_is_found_at_once(books, now):
    """Slurm's database was away from Friday to Monday, and told the job as running until then."""
    books.say(job("3", "11-20 08:00", None, HOUR))
    tasks.meter(now - DAY)
    books.records = [job("3", "11-20 08:00", "11-20 10:00", 2 * HOUR)]
    tasks.meter(now - DAY + MINUTE)
    assert [one.gpu_seconds for one in JobUsage.objects.all()] == [HOUR]
    tasks.meter(now - DAY + MINUTE)
    assert rows() == [(books.records[0].key, 2 * HOUR, "COMPLETED")]


def test_what_was_never_seen_running_and_came_late_is_found_by_the_daily_look(books, now):
    tasks.meter(now)
    tasks.meter(now + MINUTE)
    late = job("4", "11-02 08:00", "11-03 08:00", 24 * HOUR)
    books.say(late)
    tasks.meter(now + 2 * MINUTE)
    assert rows() == []
    tasks.meter(now + DAY)
    assert rows() == [(late.key, 24 * HOUR, "COMPLETED")]


def test_a_job_of_more_than_31_days_runs_on_and_ends(books, now):
    books.say(job("2", "10-10 00:00", None, 44 * 24 * HOUR))
    tasks.meter(now)
    tasks.meter(now + MINUTE)
    assert rows() == [(books.records[0].key, 44 * 24 * HOUR, "RUNNING")]
    books.records = [job("2", "10-10 00:00", "11-23 09:00", 44 * 24 * HOUR + 9 * HOUR)]
    tasks.meter(now + 2 * MINUTE)
    assert rows() == [(books.records[0].key, 44 * 24 * HOUR + 9 * HOUR, "COMPLETED")]


def test_statements_grow_with_the_batches_and_not_with_the_rows(books, now):
    def statements(count, late):
        books.records = [job(f"{late}-{n}", "11-23 07:00", "11-23 08:00", n) for n in range(count)]
        with CaptureQueriesContext(connection) as caught:
            tasks.meter(now + late * MINUTE)
        return len(caught)

    statements(0, 9)
    first, second, third = (statements(count, late) for late, count in enumerate((1_000, 2_000, 3_000), start=10))
    assert third - second == second - first
    assert JobUsage.objects.count() == 6_000
