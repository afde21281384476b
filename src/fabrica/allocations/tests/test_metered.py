"""From a machine's accounting to the ledger: what each job used is booked on the award its account stands for."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from fabrica.allocations import queries, services, tasks
from fabrica.allocations.models import JobBooking, Transfer
from fabrica.allocations.tests.factories import awarded
from fabrica.clusters import queries as clusters
from fabrica.clusters import tasks as meters
from fabrica.clusters.models import JobUsage, UsageMark
from fabrica.clusters.tests.accounting import HOUR, Accounting, job

MINUTE = timedelta(minutes=1)
AWARDED = 36_000


@pytest.fixture
def books(machine, monkeypatch, now):
    made = Accounting(now)
    monkeypatch.setattr(clusters, "_makers", {"fake": lambda _machine: made})
    return made


def meter(now):
    """Both loops until nothing is left to do."""
    UsageMark.objects.update(next_read_at=now)
    while meters.meter(now):
        pass
    while tasks.meter_book(now):
        pass


def ours(award, one, **changes):
    return replace(one, account=award.account_name, **changes)


def where(award):
    found = queries.balance(award)
    return (found.free, found.held, found.used)


def test_ended_jobs_are_booked_and_running_ones_shown_as_in_flight(award, books, now):
    books.say(
        ours(award, job("7", "11-23 07:00", "11-23 08:00", HOUR)),
        ours(award, job("8", "11-23 08:30", None, 1_800)),
    )
    meter(now)
    assert (where(award), queries.in_flight(award), queries.used_so_far(award)) == (
        (AWARDED - HOUR, 0, HOUR),
        1_800,
        5_400,
    )
    assert list(JobUsage.objects.order_by("pk").values_list("booked_gpu_seconds", flat=True)) == [HOUR, None]
    assert queries.check_ledger() == []


def test_everything_twice_is_as_once(award, books, now):
    books.say(ours(award, job("7", "11-23 07:00", "11-23 08:00", HOUR)))
    meter(now)
    before = (where(award), Transfer.objects.count())
    meter(now + MINUTE)
    JobUsage.objects.update(booked_gpu_seconds=None)
    meter(now + 2 * MINUTE)
    assert (where(award), Transfer.objects.count()) == before


def test_a_corrected_record_corrects_the_booking_down_and_up(award, books, now):
    one = ours(award, job("7", "11-23 07:00", "11-23 08:00", HOUR))
    for late, gpu_seconds in enumerate((HOUR, 600, 7_200, 0)):
        books.say(replace(one, gpu_seconds=gpu_seconds))
        meter(now + late * MINUTE)
        assert where(award) == (AWARDED - gpu_seconds, 0, gpu_seconds)
        assert queries.check_ledger() == []


def test_each_start_of_a_requeued_job_is_booked(award, books, now):
    books.say(
        ours(award, job("5", "11-23 05:00", "11-23 05:20", 1_200)),
        ours(award, job("5", "11-23 06:00", "11-23 06:30", 1_800)),
    )
    meter(now)
    assert where(award) == (AWARDED - 3_000, 0, 3_000)
    assert JobBooking.objects.count() == 2


def test_a_job_over_the_end_of_its_award_belongs_to_it(award, books, now):
    end = award.ends_at
    one = ours(award, replace(job("9", "12-23 08:00", None, 0), started_at=end - timedelta(hours=1)))
    books.say(replace(one, gpu_seconds=HOUR))
    meter(end)
    assert queries.in_flight(award) == HOUR
    books.say(replace(one, ended_at=end + timedelta(hours=1), gpu_seconds=2 * HOUR))
    meter(end + timedelta(hours=2))
    assert where(award) == (AWARDED - 2 * HOUR, 0, 2 * HOUR)


def test_what_is_charged_to_nobody_is_counted_for_the_operator_and_not_dropped(award, books, now):
    books.say(
        job("7", "11-23 07:00", "11-23 08:00", HOUR, account="chemistry"),
        job("8", "11-23 07:00", "11-23 07:30", 1_800, account="chemistry"),
    )
    meter(now)
    assert where(award) == (AWARDED, 0, 0)
    assert [(one.machine, one.account, one.jobs, one.gpu_seconds) for one in clusters.strays()] == [
        ("one", "chemistry", 2, 5_400)
    ]
    assert tasks.meter_book(now) is False
    books.say(job("8", "11-23 07:00", "11-23 07:40", 2_400, account="chemistry"))
    meter(now + MINUTE)
    assert [one.gpu_seconds for one in clusters.strays()] == [6_000]


def test_an_account_of_the_same_name_on_another_machine_is_not_charged(award, books, now):
    books.say(ours(award, job("7", "11-23 07:00", "11-23 08:00", HOUR)))
    meters.meter(now)
    other = type(award.machine).objects.create(
        site=award.machine.site, slug="two", name="Two", adapter="fake", device="cpu", devices_total=1
    )
    JobUsage.objects.update(machine=other)
    while tasks.meter_book(now):
        pass
    assert where(award) == (AWARDED, 0, 0)
    assert [one.machine for one in clusters.strays()] == ["two"]


def test_what_a_run_started_is_left_to_it_for_six_hours_and_then_booked_all_the_same(award, books, now):
    one = ours(award, job("7", "11-23 07:00", "11-23 08:00", HOUR, token="novalis-1.1.0a"))
    books.say(one)
    meter(now)
    assert (where(award), queries.in_flight(award)) == ((AWARDED, 0, 0), HOUR)
    meter(one.ended_at + timedelta(hours=6) - MINUTE)
    assert where(award) == (AWARDED, 0, 0)
    meter(one.ended_at + timedelta(hours=6))
    assert (where(award), queries.in_flight(award)) == ((AWARDED - HOUR, 0, HOUR), 0)


def test_what_its_run_has_booked_is_known_at_once_and_corrected_at_once(award, books, now):
    one = ours(award, job("7", "11-23 07:00", "11-23 08:00", HOUR, token="novalis-1.1.0a"))
    services.hold(award=award, gpu_seconds=7_200, hold_key="run", now=now)
    services.book(award=award, machine=award.machine, key=one.key, gpu_seconds=HOUR, now=now, hold_key="run")
    books.say(one)
    meter(now)
    assert (where(award), queries.in_flight(award)) == ((AWARDED - 7_200, HOUR, HOUR), 0)
    assert JobUsage.objects.get().booked_gpu_seconds == HOUR
    books.say(replace(one, gpu_seconds=3_000))
    meter(now + MINUTE)
    assert where(award) == (AWARDED - 6_600, HOUR, 3_000)
    services.release(award=award, hold_key="run", now=now)
    assert (where(award), queries.check_ledger()) == ((AWARDED - 3_000, 0, 3_000), [])


def test_a_run_that_books_after_the_meter_did_books_nothing_twice(award, books, now):
    one = ours(award, job("7", "11-23 07:00", "11-23 08:00", HOUR, token="novalis-1.1.0a"))
    services.hold(award=award, gpu_seconds=7_200, hold_key="run", now=now)
    books.say(one)
    meter(now + timedelta(hours=8))
    services.book(award=award, machine=award.machine, key=one.key, gpu_seconds=HOUR, now=now, hold_key="run")
    services.release(award=award, hold_key="run", now=now)
    assert (where(award), queries.check_ledger()) == ((AWARDED - HOUR, 0, HOUR), [])


def test_a_vanished_running_job_is_no_longer_in_flight(award, books, now):
    books.say(ours(award, job("8", "11-23 08:30", None, 1_800)))
    meter(now)
    books.records = []
    meter(now + MINUTE)
    assert (queries.in_flight(award), JobUsage.objects.count()) == (0, 1)


def test_many_jobs_of_an_account_are_one_transfer_and_one_entry_each_way(award, books, now):
    books.say(*(ours(award, job(str(n), "11-23 07:00", "11-23 07:10", n)) for n in range(1, 6)))
    meter(now)
    assert [one.gpu_seconds for one in Transfer.objects.filter(target__kind="used")] == [15]
    books.say(
        ours(award, job("1", "11-23 07:00", "11-23 07:10", 11)), ours(award, job("5", "11-23 07:00", "11-23 07:10", 1))
    )
    meter(now + MINUTE)
    assert where(award) == (AWARDED - 21, 0, 21)
    assert [one.gpu_seconds for one in Transfer.objects.filter(kind="correction")] == [4]
    assert sorted(JobBooking.objects.values_list("gpu_seconds", "version")) == [(1, 2), (2, 1), (3, 1), (4, 1), (11, 2)]
    assert queries.check_ledger() == []


def test_one_job_that_was_booked_before_does_not_hold_up_those_that_were_not(award, books, now):
    first, second = (ours(award, job(name, "11-23 07:00", "11-23 07:10", 10)) for name in "12")
    services.book(award=award, machine=award.machine, key=first.key, gpu_seconds=4, now=now)
    books.say(first, second)
    meter(now)
    assert where(award) == (AWARDED - 20, 0, 20)
    assert sorted(JobBooking.objects.values_list("gpu_seconds", "version")) == [(10, 1), (10, 2)]
    assert queries.check_ledger() == []


def test_accounts_are_booked_one_after_the_other_and_none_is_forgotten(cast, call, award, books, now, monkeypatch):
    monkeypatch.setattr(services.booking, "BATCH", 2)
    other = awarded(cast, call, now)
    books.say(*(ours((award, other)[n % 2], job(str(n), "11-23 07:00", "11-23 07:10", 10)) for n in range(10)))
    meter(now)
    assert (where(award), where(other)) == ((AWARDED - 50, 0, 50), (AWARDED - 50, 0, 50))


def test_statements_of_booking_do_not_grow_with_the_jobs(award, books, now):
    def statements(count, late):
        start = f"11-23 0{late}:00"
        books.records = [ours(award, job(str(n), start, f"11-23 0{late}:10", 1)) for n in range(count)]
        UsageMark.objects.update(next_read_at=now)
        meters.meter(now)
        with CaptureQueriesContext(connection) as caught:
            assert tasks.meter_book(now)
        return len([one for one in caught if not one["sql"].startswith('INSERT INTO "allocations_jobbooking"')])

    assert statements(10, 1) == statements(500, 2) == statements(1_000, 3)


def test_the_months_of_a_project_are_those_of_its_account(award, books, now):
    books.say(
        ours(award, job("1", "10-31 23:00", "11-01 02:00", 3 * HOUR)),
        job("2", "11-01 00:00", "11-01 01:00", HOUR, account="chemistry"),
    )
    meter(now)
    assert queries.usage_by_month(award) == {(2026, 10): HOUR, (2026, 11): 2 * HOUR}
