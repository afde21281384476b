"""A booking states a total: the difference moves, once, in both directions."""

import pytest
from fabrica.allocations import queries, services
from fabrica.allocations.models import JobBooking, LedgerAccount, Transfer
from fabrica.allocations.tests.factories import POOL, awarded
from fabrica.audit.models import Entry
from fabrica.kit.errors import Refused

AWARDED = 36_000


def book(award, gpu_seconds, now, key="7.1", hold_key=""):
    services.book(
        award=award, machine=award.machine, key=key, gpu_seconds=gpu_seconds, now=now, hold_key=hold_key,
    )  # fmt: skip


def hold(award, gpu_seconds, now, key="run-1"):
    services.hold(award=award, gpu_seconds=gpu_seconds, hold_key=key, now=now)


def where(award):
    found = queries.balance(award)
    return (found.free, found.held, found.used, found.written_off)


def supply_of(machine):
    return LedgerAccount.objects.get(machine=machine, kind="supply").balance_gpu_seconds


def facts(verb):
    return [(one.subject, one.facts) for one in Entry.objects.filter(verb=verb).order_by("pk")]


def test_what_a_job_used_is_booked_from_what_is_free(award, now):
    book(award, 600, now)
    assert where(award) == (AWARDED - 600, 0, 600, 0)
    one = JobBooking.objects.get()
    assert (one.machine, one.key, one.award, one.gpu_seconds, one.version) == (award.machine, "7.1", award, 600, 1)
    assert facts("hours.spend") == [(award.subject, {"key": "usage:one:7.1", "gpu_seconds": 600})]
    assert queries.check_ledger() == []


def test_the_same_total_again_does_nothing(award, now):
    book(award, 600, now)
    before = (where(award), Transfer.objects.count(), Entry.objects.count(), JobBooking.objects.values().get())
    book(award, 600, now)
    assert (where(award), Transfer.objects.count(), Entry.objects.count(), JobBooking.objects.values().get()) == before


def test_a_hold_pays_first_and_only_its_own(award, now):
    hold(award, 1_000, now, "run-1")
    hold(award, 1_000, now, "run-2")
    book(award, 600, now, hold_key="run-1")
    assert (queries.held_for(award, "run-1"), queries.held_for(award, "run-2")) == (400, 1_000)
    book(award, 500, now, key="8.1")
    assert (queries.held_for(award, "run-1"), queries.held_for(award, "run-2")) == (400, 1_000)
    book(award, 700, now, key="9.1", hold_key="run-1")
    assert (queries.held_for(award, "run-1"), queries.held_for(award, "run-2")) == (0, 1_000)
    assert where(award) == (AWARDED - 2_800, 1_000, 1_800, 0)
    assert queries.check_ledger() == []


def test_a_larger_total_books_the_difference(award, now):
    book(award, 600, now)
    book(award, 900, now)
    assert where(award) == (AWARDED - 900, 0, 900, 0)
    assert [(one.key, one.gpu_seconds) for one in Transfer.objects.filter(kind="spend")] == [
        ("usage:one:7.1", 600), ("usage:one:7.1:2", 300),
    ]  # fmt: skip


def test_a_smaller_total_gives_the_difference_back(award, now):
    book(award, 600, now)
    book(award, 250, now)
    assert where(award) == (AWARDED - 250, 0, 250, 0)
    moved = Transfer.objects.get(kind="correction")
    assert (moved.source.kind, moved.target.kind, moved.gpu_seconds, moved.key) == (
        "used",
        "free",
        350,
        "usage:one:7.1:2",
    )
    assert facts("hours.correct") == [(award.subject, {"key": "usage:one:7.1:2", "gpu_seconds": 350})]
    assert queries.check_ledger() == []


def test_to_and_fro_it_is_always_the_last_total(award, now):
    for total in (600, 100, 600, 0, 600, 600, 1):
        book(award, total, now)
        assert where(award) == (AWARDED - total, 0, total, 0)
        assert queries.check_ledger() == []
    assert JobBooking.objects.get().version == 6


def test_a_job_that_used_nothing_is_booked_as_nothing_and_moves_nothing(award, now):
    book(award, 0, now)
    assert where(award) == (AWARDED, 0, 0, 0)
    assert JobBooking.objects.get().gpu_seconds == 0
    assert Transfer.objects.filter(target__kind="used").count() == 0


def test_what_was_written_off_is_given_back_first_and_then_what_was_free(award, pool, now):
    left = queries.pool_of(pool)
    book(award, AWARDED + left + 7, now)
    assert where(award) == (0, 0, AWARDED + left + 7, left + 7)
    assert (queries.pool_of(pool), supply_of(pool)) == (0, -POOL - 7)
    book(award, AWARDED + left + 2, now)
    assert (where(award), queries.pool_of(pool), supply_of(pool)) == (
        (0, 0, AWARDED + left + 2, left + 2),
        0,
        -POOL - 2,
    )
    book(award, AWARDED + 5, now)
    assert (where(award), queries.pool_of(pool), supply_of(pool)) == ((0, 0, AWARDED + 5, 5), left - 5, -POOL)
    book(award, AWARDED - 10, now)
    assert (where(award), queries.pool_of(pool), supply_of(pool)) == ((10, 0, AWARDED - 10, 0), left, -POOL)
    assert queries.check_ledger() == []
    assert queries.written_off_by(award) == []


def test_a_job_of_another_award_is_refused(cast, call, award, now):
    other = awarded(cast, call, now)
    book(award, 600, now)
    with pytest.raises(Refused, match=r"The key 7\.1 was used for another booking"):
        book(other, 700, now)
    assert (where(award), where(other)) == ((AWARDED - 600, 0, 600, 0), (AWARDED, 0, 0, 0))


@pytest.mark.parametrize("gpu_seconds", [-1, 10**12 + 1])
def test_totals_out_of_bounds_are_refused(award, now, gpu_seconds):
    with pytest.raises(Refused, match="cannot be booked"):
        book(award, gpu_seconds, now)
    assert JobBooking.objects.count() == 0


@pytest.mark.parametrize("key", ["", "x" * 121, "two\nlines", "7|free"])
def test_keys_out_of_bounds_are_refused(award, now, key):
    with pytest.raises(Refused, match="needs a key"):
        book(award, 1, now, key)


def test_the_longest_key_on_the_longest_machine_fits(award, pool, now):
    type(pool).objects.update(slug="m" * 40)
    award.machine.refresh_from_db()
    hold(award, 10, now)
    key = "x" * 120
    for total in (AWARDED + POOL, 1, AWARDED + POOL):
        book(award, total, now, key, hold_key="run-1")
    assert queries.check_ledger() == []


def test_the_check_finds_a_job_that_is_booked_and_was_not_used(award, now):
    book(award, 600, now)
    JobBooking.objects.update(gpu_seconds=601)
    slug = award.project.slug
    assert queries.check_ledger() == [
        f"The account 'used' of {slug} holds 600 GPU-seconds; the jobs booked on it say 601."
    ]
