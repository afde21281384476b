"""Use by UTC month, against traces worked out by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from fabrica.clusters import queries, tasks
from fabrica.clusters.engine import by_month, months_between
from fabrica.clusters.models import JobUsage
from fabrica.clusters.tests.accounting import HOUR, Accounting, job
from hypothesis import given
from hypothesis import strategies as st

DAY = 24 * HOUR
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))


def split(start, end, gpu_seconds):
    one = job("1", start, end, gpu_seconds)
    return by_month(one.started_at, one.ended_at, gpu_seconds)


@pytest.mark.parametrize(
    ("start", "end", "gpu_seconds", "parts"),
    [
        ("03-10 00:00", "03-11 00:00", DAY, {(2026, 3): DAY}),
        ("03-31 23:00", "04-01 02:00", 3 * HOUR, {(2026, 3): HOUR, (2026, 4): 2 * HOUR}),
        ("03-31 23:00", "04-01 00:00", HOUR, {(2026, 3): HOUR}),
        ("04-01 00:00", "04-01 01:00", HOUR, {(2026, 4): HOUR}),
        # four devices, 59 days over three months: 31 - 15 days of January, 28 of February, 15 of March
        ("01-16 00:00", "03-16 00:00", 4 * 59 * DAY, {
            (2026, 1): 4 * 16 * DAY, (2026, 2): 4 * 28 * DAY, (2026, 3): 4 * 15 * DAY,
        }),
        # suspended for half of its time: the share of each month is halved
        ("03-31 12:00", "04-01 12:00", DAY // 2, {(2026, 3): DAY // 4, (2026, 4): DAY // 4}),
        # what does not divide: the parts are whole and come to the sum
        ("03-31 23:00", "04-01 02:00", 10, {(2026, 3): 3, (2026, 4): 7}),
        ("03-31 23:00", "04-01 02:00", 1, {(2026, 4): 1}),
        ("12-01 00:00", "12-01 00:00", 0, {(2026, 12): 0}),
        ("12-01 00:10", "12-01 00:00", 0, {(2026, 12): 0}),
    ],
)  # fmt: skip
def test_a_job_is_split_by_its_share_of_time(start, end, gpu_seconds, parts):
    assert split(start, end, gpu_seconds) == parts


def test_months_are_those_of_utc_whatever_zone_a_time_is_written_in():
    east = timezone(timedelta(hours=2))
    start = datetime(2026, 4, 1, 1, 0, tzinfo=east)
    assert by_month(start, start + timedelta(hours=2), 7_200) == {(2026, 3): 3_600, (2026, 4): 3_600}


@given(one=MOMENTS, other=MOMENTS, gpu_seconds=st.integers(min_value=0, max_value=10**12))
def test_the_parts_come_to_the_whole(one, other, gpu_seconds):
    start, end = sorted([one, other])
    parts = by_month(start, end, gpu_seconds)
    assert sum(parts.values()) == gpu_seconds
    assert min(parts.values(), default=0) >= 0
    assert set(parts) <= {*months_between(start, end)}


@pytest.fixture
def books(machine, monkeypatch, now):
    made = Accounting(now)
    monkeypatch.setattr(queries, "_makers", {"fake": lambda _machine: made})
    return made


TRACE = [
    job("1", "09-30 22:00", "10-01 02:00", 4 * HOUR),  # 2 h in September, 2 h in October
    job("2", "08-31 00:00", "10-05 00:00", 2 * 35 * DAY, devices=2),  # August 1 day, September 30, October 4
    job("3", "10-10 00:00", "10-11 00:00", 12 * HOUR),  # suspended for half a day
    job("4_1", "10-01 00:00", "10-01 00:01", 60),
    job("4_2", "10-01 00:00", "10-01 00:01", 60),
    job("5", "10-31 23:00", "10-31 23:30", 1_800),  # put back by its machine ...
    job("5", "10-31 23:40", "11-01 00:20", 2_400),  # ... and started again: 20 minutes in each month
    job("6", "11-02 10:00", "11-02 09:00", 0),  # a clock jumped
    job("7", "11-01 00:00", "11-01 01:00", HOUR, account="other"),
    job("8", "11-20 00:00", None, 3 * DAY),  # runs: not used as yet
]
NOVALIS = {
    (2026, 8): 2 * DAY,
    (2026, 9): 2 * HOUR + 2 * 30 * DAY,
    (2026, 10): 2 * HOUR + 2 * 4 * DAY + 12 * HOUR + 120 + 1_800 + 1_200,
    (2026, 11): 1_200,
}


def read(books, now, settings):
    settings.FABRICA_USAGE_FULL_DAYS = 120
    tasks.meter(now)


def test_a_trace_is_summed_by_month_as_worked_out_by_hand(books, machine, now, settings):
    books.say(*TRACE)
    read(books, now, settings)
    assert queries.usage_by_month(machine, "novalis") == NOVALIS
    assert queries.usage_by_month(machine) == {**NOVALIS, (2026, 11): 1_200 + HOUR}
    assert queries.usage_by_month(machine, "nobody") == {}


def test_the_trace_in_any_order_and_twice_comes_to_the_same(books, machine, now, settings, monkeypatch):
    monkeypatch.setattr(tasks, "BATCH", 3)
    books.records = [*reversed(TRACE), *TRACE]
    read(books, now, settings)
    read(books, now + timedelta(minutes=1), settings)
    assert queries.usage_by_month(machine, "novalis") == NOVALIS


def test_a_correction_and_a_late_arrival_change_their_months_and_no_other(books, machine, now, settings):
    books.say(*TRACE)
    read(books, now, settings)
    books.say(replace(TRACE[0], gpu_seconds=2 * HOUR), job("9", "09-15 00:00", "09-15 01:00", HOUR))
    read(books, now + timedelta(days=1), settings)
    assert queries.usage_by_month(machine, "novalis") == {
        **NOVALIS, (2026, 9): NOVALIS[2026, 9] - HOUR + HOUR, (2026, 10): NOVALIS[2026, 10] - HOUR,
    }  # fmt: skip


def test_all_months_are_the_sum_of_all_jobs(books, machine, now, settings):
    books.say(*TRACE)
    read(books, now, settings)
    ended = JobUsage.objects.filter(ended_at__isnull=False)
    assert sum(queries.usage_by_month(machine).values()) == sum(one.gpu_seconds for one in ended)
