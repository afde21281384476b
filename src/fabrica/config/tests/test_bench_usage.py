"""The replay of an accounting, with fewer records: every sum holds, and memory does not grow with them."""

import tracemalloc

import pytest
from fabrica.allocations import tasks as booking
from fabrica.allocations.queries import balance, check_ledger
from fabrica.clusters import queries as clusters
from fabrica.clusters import tasks as metering
from fabrica.clusters.models import JobUsage
from fabrica.allocations.models import Award
from fabrica.config.bench_usage import NOW, Accounting, awards, replay


@pytest.fixture
def accounts(cast, call, monkeypatch):
    monkeypatch.setattr(clusters, "_makers", {})
    cast.officer.role_grants.create(role="operator", granted_at=NOW)
    return awards(call, type(cast.officer).objects.get(pk=cast.officer.pk), 7)


def test_a_replay_reads_and_books_every_record_once(accounts, machine):
    done = replay(machine, accounts, 3_000)
    assert done.records == JobUsage.objects.count() == 3_000
    assert (done.seconds > 0, check_ledger()) == (True, [])
    expected = sum(one.gpu_seconds for one in Accounting(accounts, 3_000).usage(NOW))
    used = sum(balance(award).used for award in Award.objects.all())
    assert used == expected == sum(clusters.usage_by_month(machine).values())


def test_memory_does_not_grow_with_the_records(accounts, machine, monkeypatch):
    monkeypatch.setattr(metering, "BATCH", 200)

    def peak(total, number):
        cluster = Accounting([f"nobody-{number}"], total)
        clusters.serve("fake", lambda _machine: cluster)
        tracemalloc.start()
        metering.meter(NOW.replace(day=2 + number))
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(200, 0)
    assert peak(6_000, 1) < 1.5 * peak(1_000, 2)


def test_what_cannot_be_right_stops_the_replay(accounts, machine, monkeypatch):
    monkeypatch.setattr(booking, "meter_book", lambda _now: False)
    with pytest.raises(AssertionError, match="a record was lost or doubled"):
        replay(machine, accounts, 10)
