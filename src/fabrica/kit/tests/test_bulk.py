"""Many rows in one statement, with every kind of value, on whichever database this is."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from fabrica.clusters.models import JobUsage
from fabrica.kit.bulk import among, assign, upsert

COLUMNS = (
    "machine_id", "key", "job_id", "token", "account", "user", "devices", "submitted_at", "started_at", "ended_at",
    "gpu_seconds", "state", "energy_joules", "is_odd", "missed_at", "seen_at", "is_nobodys",
)  # fmt: skip
AT = datetime(2026, 3, 29, 1, 30, 0, 250_000, tzinfo=UTC)


def row(machine, key, **changes):
    values = {
        "machine_id": machine.pk, "key": key, "job_id": "7", "token": "", "account": "a'b\"c\\d\n\u00e9\U0001f600", "user": "",
        "devices": 2, "submitted_at": None, "started_at": AT, "ended_at": None, "gpu_seconds": 10**12, "state": "RUNNING",
        "energy_joules": None, "is_odd": False, "missed_at": None, "seen_at": AT, "is_nobodys": True,
    }  # fmt: skip
    return [{**values, **changes}[name] for name in COLUMNS]


def write(*rows, compared=("gpu_seconds", "ended_at"), carried=("seen_at",)):
    return upsert(JobUsage, COLUMNS, rows, unique=["machine_id", "key"], compared=compared, carried=carried)


def test_what_is_written_is_read_as_it_was(machine):
    east = datetime(2026, 3, 29, 4, 0, tzinfo=timezone(timedelta(hours=2)))
    assert write(row(machine, "1", submitted_at=east, is_odd=True, energy_joules=2**62)) == 1
    found = JobUsage.objects.get()
    assert found.account == "a'b\"c\\d\n\u00e9\U0001f600"
    assert (found.started_at, found.submitted_at, found.ended_at) == (AT, east, None)
    assert (found.gpu_seconds, found.energy_joules, found.is_odd, found.is_nobodys) == (10**12, 2**62, True, True)
    assert JobUsage.objects.filter(started_at=AT, submitted_at__lt=AT + timedelta(hours=1), is_odd=True).count() == 1


def test_only_rows_that_differ_are_changed_and_what_is_carried_goes_along(machine):
    write(row(machine, "1"), row(machine, "2"))
    later = AT + timedelta(minutes=1)
    changed = [row(machine, "1", seen_at=later), row(machine, "2", seen_at=later, ended_at=later), row(machine, "3")]
    assert write(*changed) == 2
    assert list(JobUsage.objects.order_by("key").values_list("key", "seen_at", "ended_at")) == [
        ("1", AT, None), ("2", later, later), ("3", AT, None),
    ]  # fmt: skip
    assert write(row(machine, "2", ended_at=None), row(machine, "1", account="other")) == 1
    assert JobUsage.objects.filter(ended_at=None).exclude(account="other").count() == 3


def test_where_nothing_is_compared_what_is_there_is_left_alone(machine):
    write(row(machine, "1"))
    fresh = [row(machine, "1", account="other"), row(machine, "2")]
    assert write(*fresh, compared=(), carried=()) == 1
    assert JobUsage.objects.count() == 2
    assert not JobUsage.objects.filter(account="other")


def test_nothing_to_write_asks_nothing(django_assert_num_queries, machine):
    with django_assert_num_queries(0):
        assert write() == 0


@pytest.mark.parametrize("count", [0, 3, 2_000])
def test_among_takes_any_number_of_keys(machine, count):
    write(*(row(machine, str(number)) for number in range(5)))
    wanted = list(JobUsage.objects.values_list("pk", flat=True))[:count] + [10**9] * (count > 5)
    assert JobUsage.objects.filter(among("pk", wanted)).count() == min(count, 5)


def test_one_field_of_many_rows_gets_a_value_each(machine):
    write(*(row(machine, str(number), gpu_seconds=number) for number in range(4)))
    first, second, *_rest = JobUsage.objects.order_by("key").values_list("pk", flat=True)
    assert assign(JobUsage, "booked_gpu_seconds", [(first, 5), (second, None), (10**9, 7)]) == 2
    assert assign(JobUsage, "booked_gpu_seconds", []) == 0
    assert list(JobUsage.objects.order_by("key").values_list("booked_gpu_seconds", flat=True)) == [5, None, None, None]


def test_among_takes_words_too(machine):
    write(*(row(machine, str(number)) for number in range(5)))
    words = ["1", "4", 'it\'s "new"\n\u00e9']
    assert list(JobUsage.objects.filter(among("key", words)).order_by("key").values_list("key", flat=True)) == [
        "1",
        "4",
    ]
