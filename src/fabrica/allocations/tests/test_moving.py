"""Hours moved between the awards of two projects."""

import pytest
from fabrica.allocations import queries, services
from fabrica.allocations.models import Cap, ClusterAccount, Move, Transfer
from fabrica.allocations.services import pricing
from fabrica.allocations.tests import billing
from fabrica.allocations.tests.factories import awarded, fund
from fabrica.allocations.tests.years import HOUR, cap, parted
from fabrica.audit.models import Entry
from fabrica.calls import services as calls
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.notices.models import Notice

OURS = {"caps": [cap("small", 10, modes=["playground"])], "programme_caps": False}  # 10 of 100 hours


@pytest.fixture
def awards(cast, call, machine, now):
    """Six hours in Fast Lane, four in Playground, from one pool."""
    parted(cast, machine, now, **OURS)
    large = calls.open_call(slug="fl", title="FL", mode="fast-lane", machine=machine, by=cast.operator, now=now)
    return awarded(cast, large, now, 6 * HOUR), awarded(cast, call, now, 4 * HOUR)


def move(awards, by, now, **changes):
    giving, receiving = awards
    facts = {"gpu_seconds": 5 * HOUR, "key": "a", "reason": "The first ends early.", **changes}
    return services.move(giving=giving, receiving=receiving, by=by, now=now, **facts)


def stand(awards):
    fresh = [queries.award_of(one.project) for one in awards]
    return [(one.gpu_seconds, queries.balance(one).free) for one in fresh]


def test_hours_move_once_with_the_caps_and_the_limits_on_the_machine(cast, awards, now):
    for _ in range(2):
        move(awards, cast.officer, now)
    assert stand(awards) == [(HOUR, HOUR), (9 * HOUR, 9 * HOUR)]
    limits = [ClusterAccount.objects.get(award=one).gpu_seconds_wanted for one in awards]
    assert (limits, Cap.objects.get().taken_gpu_seconds, queries.check_ledger()) == ([HOUR, 9 * HOUR], 9 * HOUR, [])
    assert (Transfer.objects.filter(kind="move").count(), Move.objects.count()) == (2, 1)
    told = [
        (one.subject, one.facts["gpu_seconds"], one.facts["other"]) for one in Entry.objects.filter(verb="award.move")
    ]
    first, second = (one.subject for one in awards)
    assert told == [(first, -5 * HOUR, second), (second, 5 * HOUR, first)]
    assert Notice.objects.filter(kind="award_moved").count() == 2
    with pytest.raises(Refused, match="The key a was used"):
        move(awards, cast.officer, now, gpu_seconds=HOUR)


def test_a_move_passes_no_cap(cast, call, awards, now):
    awarded(cast, call, now, 2 * HOUR)
    with pytest.raises(Refused, match="The cap .* has 4.00 GPU-hours left; this needs 5.00"):
        move(awards, cast.officer, now)
    assert (stand(awards), queries.check_ledger()) == ([(6 * HOUR, 6 * HOUR), (4 * HOUR, 4 * HOUR)], [])


def test_what_is_used_or_held_stays_and_something_is_left_of_the_award(cast, awards, now):
    services.hold(award=awards[0], gpu_seconds=HOUR, hold_key="run", now=now)
    services.spend(award=awards[0], gpu_seconds=HOUR, hold_key="none", key="one", now=now)
    with pytest.raises(Refused, match="can give 4.00 GPU-hours; you move 4.0003"):
        move(awards, cast.officer, now, gpu_seconds=4 * HOUR + 1)
    move(awards, cast.officer, now, gpu_seconds=4 * HOUR)
    assert (stand(awards)[0], queries.check_ledger()) == ((2 * HOUR, 0), [])
    with pytest.raises(Refused, match="can give 7.9997 GPU-hours"):
        move(awards[::-1], cast.officer, now, gpu_seconds=8 * HOUR)


def test_awards_of_two_pools_or_after_their_end_move_nothing(cast, call, awards, now):
    facts = [one for one in call.mode_row["facts"] if one["id"] != "pool"]
    ours = next(one for one in call.mode_row["facts"] if one["id"] == "pool")
    national = {**ours, "value": {"name": "national", "percent_at_most": 30}}
    call.mode_row = {**call.mode_row, "facts": [*facts, national]}
    call.save(update_fields=["mode_row"])
    other = awarded(cast, call, now, HOUR)
    with pytest.raises(Refused, match="are not paid from the same pool"):
        move((awards[0], other), cast.officer, now)
    with pytest.raises(Refused, match="two projects on one machine"):
        move((awards[0], awards[0]), cast.officer, now)
    services.revoke(award=awards[1], by=cast.officer, now=now, reason="Over.")
    with pytest.raises(Refused, match="ended on"):
        move(awards, cast.officer, now)
    assert queries.check_ledger() == []


@pytest.mark.parametrize("who", ["applicant", "mate", "assessor", "outsider"])
def test_others_move_nothing(cast, awards, now, who):
    with pytest.raises(NotAllowed):
        move(awards, getattr(cast, who), now)


def test_a_check_changes_nothing(cast, awards, now):
    facts = {"giving": awards[0], "receiving": awards[1], "key": "a", "by": cast.officer, "now": now, "reason": "So."}
    services.check_move(**facts, gpu_seconds=HOUR)
    with pytest.raises(Refused):
        services.check_move(**facts, gpu_seconds=7 * HOUR)
    assert (Move.objects.count(), stand(awards)) == (0, [(6 * HOUR, 6 * HOUR), (4 * HOUR, 4 * HOUR)])
    assert not Notice.objects.filter(kind="award_moved").exists()


def test_hours_of_the_directors_reserve_are_moved_by_who_may_give_them_alone(cast, awards, now, settings):
    settings.FABRICA_RESERVE_OFFICERS = [cast.officer.email]
    for one in awards:
        services.top_up(
            award=one, gpu_seconds=HOUR, key="r", by=cast.officer, now=now, reason="The board asked.", from_reserve=True
        )
    settings.FABRICA_RESERVE_OFFICERS = []
    for by in (cast.officer, cast.operator):
        with pytest.raises(NotAllowed, match="gives hours of the director's reserve"):
            move(awards, by, now, gpu_seconds=HOUR)
    settings.FABRICA_RESERVE_OFFICERS = [cast.officer.email]
    move(awards, cast.officer, now, gpu_seconds=HOUR)
    assert (stand(awards), queries.check_ledger()) == ([(6 * HOUR, 6 * HOUR), (6 * HOUR, 6 * HOUR)], [])


def test_hours_move_between_awards_that_pay_within_the_limit_in_money_and_to_none_that_is_free(
    cast, call, machine, fake, now
):
    fund(cast, machine, now)
    billing.set_tariff(cast, machine, now)
    sells = billing.open_pay_per_use(cast, machine, now)
    first, second = (billing.sold(cast, sells, now).award for _ in range(2))
    free = awarded(cast, call, now, 2 * HOUR)
    with pytest.raises(Refused, match="11.00 GPU-hours cost 27.50 EUR; the limit is 25.00 EUR"):
        move((first, second), cast.officer, now, gpu_seconds=HOUR)
    pricing.set_limit(award=second, limit_cents=2_750, by=cast.officer, now=now)
    move((first, second), cast.officer, now, gpu_seconds=HOUR)
    for pair in ((first, free), (free, first)):
        with pytest.raises(Refused, match="between an award that pays and one that is free of charge"):
            move(pair, cast.officer, now, gpu_seconds=HOUR, key="b")
    assert stand((first, second, free)) == [(9 * HOUR, 9 * HOUR), (11 * HOUR, 11 * HOUR), (2 * HOUR, 2 * HOUR)]
