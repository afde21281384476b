"""Hours move: fund, hold, spend, release."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F
from fabrica.allocations import queries, services
from fabrica.allocations.engine import Balance
from fabrica.allocations.models import LedgerAccount, Transfer
from fabrica.allocations.tests.factories import POOL, awarded, fund
from fabrica.audit.models import Entry
from fabrica.kit.errors import NotAllowed, Refused

AWARDED = 36_000


def hold(award, gpu_seconds, now, key="run-1"):
    services.hold(award=award, gpu_seconds=gpu_seconds, hold_key=key, now=now)


def spend(award, gpu_seconds, now, hold_key="run-1", key="usage:one:7"):
    services.spend(award=award, hold_key=hold_key, gpu_seconds=gpu_seconds, key=key, now=now)


def release(award, now, key="run-1"):
    services.release(award=award, hold_key=key, now=now)


def where(award):
    found = queries.balance(award)
    return (found.free, found.held, found.used, found.written_off)


def supply_of(machine):
    return LedgerAccount.objects.get(machine=machine, kind="supply").balance_gpu_seconds


def test_a_pool_is_funded_from_the_supply(cast, machine, now):
    fund(cast, machine, now, 5_000)
    assert (queries.pool_of(machine), supply_of(machine)) == (5_000, -5_000)
    entry = Entry.objects.get(verb="hours.fund")
    assert (entry.actor, entry.subject, entry.facts) == (cast.operator.uid, "machine:one", {"gpu_seconds": 5_000})


def test_the_same_funding_again_does_nothing(cast, machine, now):
    fund(cast, machine, now, 5_000)
    fund(cast, machine, now, 5_000)
    fund(cast, machine, now, 5_000, key="second")
    assert queries.pool_of(machine) == 10_000
    assert Entry.objects.filter(verb="hours.fund").count() == 2


def test_the_same_key_with_another_amount_is_refused(cast, machine, now):
    fund(cast, machine, now, 5_000)
    with pytest.raises(Refused, match="The key fund:one:first was used for another booking"):
        fund(cast, machine, now, 5_001)
    assert queries.pool_of(machine) == 5_000


@pytest.mark.parametrize("who", ["applicant", "officer", "assessor", "outsider"])
def test_only_operators_fund(cast, machine, now, who):
    with pytest.raises(NotAllowed):
        services.fund(machine=machine, gpu_seconds=1, key="k", by=getattr(cast, who), now=now)


@pytest.mark.parametrize("gpu_seconds", [0, -1, 10**12 + 1])
def test_amounts_out_of_bounds_are_refused(cast, machine, now, gpu_seconds):
    with pytest.raises(Refused, match="cannot be booked"):
        fund(cast, machine, now, gpu_seconds)


@pytest.mark.parametrize("key", ["", "x" * 101, "two\nlines", "usage|free"])
def test_keys_out_of_bounds_are_refused(cast, machine, now, key):
    with pytest.raises(Refused, match="needs a key"):
        fund(cast, machine, now, 1, key)


def test_a_machine_without_a_pool_has_nothing(machine):
    assert queries.pool_of(machine) == 0


def test_a_hold_is_spent_in_part_and_the_rest_comes_back(award, now):
    hold(award, 3_600, now)
    assert where(award) == (AWARDED - 3_600, 3_600, 0, 0)
    spend(award, 600, now)
    assert where(award) == (AWARDED - 3_600, 3_000, 600, 0)
    assert queries.held_for(award, "run-1") == 3_000
    release(award, now)
    assert where(award) == (AWARDED - 600, 0, 600, 0)
    assert queries.check_ledger() == []


def test_everything_twice_is_as_once(award, now):
    for verb in (
        lambda: hold(award, 3_600, now),
        lambda: spend(award, 600, now),
        lambda: release(award, now),
        lambda: hold(award, 3_600, now),
    ):
        verb()
        before = (where(award), Transfer.objects.count(), Entry.objects.count())
        verb()
        assert (where(award), Transfer.objects.count(), Entry.objects.count()) == before
    assert where(award) == (AWARDED - 600, 0, 600, 0)


def test_more_than_is_left_cannot_be_held(award, now):
    hold(award, AWARDED - 3_600, now)
    with pytest.raises(Refused) as refused:
        hold(award, 3_601, now, "run-2")
    assert refused.value.what == "The project has 1.00 GPU-hours left; this needs 1.0003."
    assert refused.value.todo.startswith("Make it smaller or its time limit shorter")
    hold(award, 3_600, now, "run-2")
    assert where(award) == (0, AWARDED, 0, 0)


def test_the_same_hold_with_another_amount_is_refused(award, now):
    hold(award, 3_600, now)
    with pytest.raises(Refused, match="The key hold:run-1 was used for another booking"):
        hold(award, 3_601, now)
    assert where(award) == (AWARDED - 3_600, 3_600, 0, 0)


def test_a_hold_key_of_another_award_is_refused_and_its_hours_are_not_spent(cast, call, award, now):
    other = awarded(cast, call, now)
    hold(award, 3_600, now)
    with pytest.raises(Refused, match="was used for another booking"):
        hold(other, 3_600, now)
    spend(other, 600, now)
    release(other, now)
    assert (where(award), where(other)) == ((AWARDED - 3_600, 3_600, 0, 0), (AWARDED - 600, 0, 600, 0))


def test_after_its_end_an_award_holds_nothing_and_names_the_date(award, now):
    hold(award, 3_600, now)
    with pytest.raises(Refused, match="The award of A model that reads source code ended on 23 December 2026"):
        hold(award, 3_600, award.ends_at, "run-2")
    hold(award, 3_600, award.ends_at)
    hold(award, 3_600, award.ends_at - timedelta(seconds=1), "run-2")
    assert queries.balance(award).held == 7_200


def test_what_ran_before_the_end_is_still_booked_after_it(award, now):
    hold(award, 3_600, now)
    later = award.ends_at + timedelta(days=1)
    spend(award, 600, later)
    release(award, later)
    assert where(award) == (AWARDED - 600, 0, 600, 0)


def test_what_exceeds_the_hold_is_taken_from_what_is_free(award, now):
    hold(award, 600, now)
    spend(award, 1_000, now)
    assert where(award) == (AWARDED - 1_000, 0, 1_000, 0)
    assert [(one.key, one.kind, one.gpu_seconds) for one in Transfer.objects.filter(target__kind="used")] == [
        ("usage:one:7", "spend", 600), ("usage:one:7|free", "spend", 400),
    ]  # fmt: skip


def test_what_exceeds_the_award_is_written_off_by_the_pool_and_the_audit_tells(award, pool, now):
    hold(award, AWARDED, now)
    spend(award, AWARDED + 50, now)
    assert where(award) == (0, 0, AWARDED + 50, 50)
    assert queries.pool_of(pool) == POOL - AWARDED - 50
    entry = Entry.objects.get(verb="hours.write_off")
    assert (entry.subject, entry.facts) == (award.subject, {"key": "usage:one:7", "gpu_seconds": 50})
    assert queries.check_ledger() == []


def test_what_even_the_pool_does_not_hold_was_used_all_the_same(award, pool, now):
    left = queries.pool_of(pool)
    spend(award, AWARDED + left + 7, now)
    assert where(award) == (0, 0, AWARDED + left + 7, left + 7)
    assert (queries.pool_of(pool), supply_of(pool)) == (0, -POOL - 7)
    assert queries.check_ledger() == []
    before = where(award)
    spend(award, AWARDED + left + 7, now)
    assert where(award) == before


def test_the_same_use_with_another_amount_or_award_is_refused(cast, call, award, now):
    other = awarded(cast, call, now)
    hold(award, 600, now)
    spend(award, 1_000, now)
    for whose, gpu_seconds in ((award, 999), (other, 1_000)):
        with pytest.raises(Refused, match="The key usage:one:7 was used for another booking"):
            spend(whose, gpu_seconds, now)
    assert (where(award), where(other)) == ((AWARDED - 1_000, 0, 1_000, 0), (AWARDED, 0, 0, 0))


def test_a_job_that_used_nothing_books_nothing(award, now):
    spend(award, 0, now)
    assert Transfer.objects.filter(target__kind="used").count() == 0


def test_releasing_what_was_never_held_does_nothing(award, now):
    release(award, now, "nothing")
    assert where(award) == (AWARDED, 0, 0, 0)


def test_two_holds_do_not_pay_for_each_other_before_free_hours_do(award, now):
    hold(award, 100, now, "run-1")
    hold(award, 100, now, "run-2")
    spend(award, 150, now, "run-1")
    assert (queries.held_for(award, "run-1"), queries.held_for(award, "run-2")) == (0, 100)


@pytest.mark.parametrize("kind", ["pool", "free", "held", "used"])
def test_the_database_itself_refuses_a_balance_below_zero(award, kind):
    account = LedgerAccount.objects.filter(kind=kind)
    with pytest.raises(IntegrityError), transaction.atomic():
        account.update(balance_gpu_seconds=-1)


def test_a_transfer_goes_between_two_accounts_and_moves_something(award, now):
    free = LedgerAccount.objects.get(award=award, kind="free")
    held = LedgerAccount.objects.get(award=award, kind="held")
    for wrong in ({"target": free, "gpu_seconds": 1}, {"target": held, "gpu_seconds": 0}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Transfer.objects.create(key="k", kind="hold", source=free, at=now, **wrong)


def test_the_check_finds_what_somebody_changed_behind_the_ledger(award, now):
    hold(award, 100, now)
    LedgerAccount.objects.filter(award=award, kind="free").update(balance_gpu_seconds=F("balance_gpu_seconds") + 5)
    slug = award.project.slug
    assert queries.check_ledger() == [
        f"The account 'free' of {slug} holds {AWARDED - 95} GPU-seconds; its transfers say {AWARDED - 100}.",
        f"The accounts of {slug} differ from its award by 5 GPU-seconds.",
        "All balances together are 5 GPU-seconds instead of 0.",
    ]


def test_the_check_finds_a_removed_hold(award, now):
    hold(award, 100, now)
    spend(award, 100, now)
    Transfer.objects.filter(kind="hold").delete()
    assert "The hold run-1 gave 100 GPU-seconds more than it had." in queries.check_ledger()


def test_the_statement_of_an_award_lists_what_touched_it(award, now):
    hold(award, 100, now)
    spend(award, 30, now)
    release(award, now)
    assert [(one.kind, one.gpu_seconds) for one in queries.transfers_of(award)] == [
        ("release", 70), ("spend", 30), ("hold", 100), ("award", AWARDED),
    ]  # fmt: skip


def test_the_balance_says_where_every_second_is(award, now):
    hold(award, 100, now)
    spend(award, 30, now)
    assert queries.balance(award) == Balance(AWARDED, AWARDED - 100, 70, 30, 0)
