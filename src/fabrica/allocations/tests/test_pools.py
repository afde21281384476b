"""A machine's year in pools, and the caps on them."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F
from fabrica.allocations import queries, services
from fabrica.allocations.engine.years import programme_caps, read_year
from fabrica.allocations.models import AccountingYear, Cap, LedgerAccount, Pool, Transfer
from fabrica.allocations.states import PoolName
from fabrica.allocations.tests.factories import POOL, awarded, fund
from fabrica.allocations.tests.years import HOUR, cap, parted, text
from fabrica.audit.models import Entry
from fabrica.calls import services as calls
from fabrica.calls.engine import figures, terms
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.reviews.tests.factories import assessed

OUR_CAP = {"caps": [cap("ours", "20")], "programme_caps": False}  # 20 of 100 hours


def pools(year):
    return {one.name: one.account.balance_gpu_seconds for one in year.pools.select_related("account")}


def cap_named(name):
    found = Cap.objects.get(name=name)
    return found.limit_gpu_seconds, found.taken_gpu_seconds


def test_our_pools_are_those_of_the_modes_data():
    assert tuple(PoolName.values) == figures.POOLS


def test_the_programmes_caps_are_those_of_the_modes_data_with_their_sources():
    found = {
        one.name: (one.title, str(one.percent), one.modes, one.source.confidence) for one in programme_caps(terms())
    }
    assert found == {
        "fast-lane+playground": ("Fast Lane + Playground", "10", ("fast-lane", "playground"), "B"),
        "union_aif_industrial": ("", "30", (), "B"),
        "union_aif_science": ("", "25", (), "B"),
        "union_commercial": ("", "20", (), "A"),
    }


def test_a_year_fills_each_pool_from_the_supply_and_names_its_caps(cast, machine, now):
    year = parted(cast, machine, now)
    assert pools(year) == {
        "union_aif_industrial": 50 * HOUR, "union_aif_science": 10 * HOUR, "union_commercial": 10 * HOUR,
        "national": 20 * HOUR, "directors_reserve": 10 * HOUR,
    }  # fmt: skip
    assert LedgerAccount.objects.get(kind="supply").balance_gpu_seconds == -100 * HOUR
    limits = {one.name: one.limit_gpu_seconds for one in year.caps.all()}
    assert limits == {  # of the Union's 70 hours
        "union_aif_industrial": 21 * HOUR, "fast-lane+playground": 7 * HOUR, "union_aif_science": 63_000,
        "union_commercial": 14 * HOUR,
    }  # fmt: skip
    assert queries.check_ledger() == []
    entry = Entry.objects.get(verb="pools.set")
    assert (entry.actor, entry.subject, entry.facts["pools"]["national"]) == (
        cast.operator.uid, "machine:one", 20 * HOUR,
    )  # fmt: skip


def test_the_same_year_again_does_nothing_and_a_change_moves_the_difference(cast, machine, now):
    for _ in range(2):
        parted(cast, machine, now)
    assert (Transfer.objects.count(), Entry.objects.filter(verb="pools.set").count()) == (5, 1)
    parts = {"union_aif_industrial": 60, "national": 10, "union_other": 5}
    year = parted(cast, machine, now, parts=parts)
    assert pools(year) == {
        "union_aif_industrial": 60 * HOUR, "national": 10 * HOUR, "union_other": 5 * HOUR, "union_aif_science": 0,
        "union_commercial": 0, "directors_reserve": 0,
    }  # fmt: skip
    assert LedgerAccount.objects.get(kind="supply").balance_gpu_seconds == -75 * HOUR
    assert sorted(year.caps.values_list("name", flat=True)) == ["fast-lane+playground", "union_aif_industrial"]
    assert (year.caps.get(name="union_aif_industrial").limit_gpu_seconds, queries.check_ledger()) == (70_200, [])
    parted(cast, machine, now, parts=parts)
    assert Entry.objects.filter(verb="pools.set").count() == 2


@pytest.mark.parametrize("who", ["applicant", "officer", "assessor", "outsider"])
def test_only_operators_declare_a_year(cast, machine, now, who):
    with pytest.raises(NotAllowed):
        services.set_year(machine=machine, year=read_year(text()), by=getattr(cast, who), now=now)
    assert AccountingYear.objects.count() == 0


def test_two_years_share_no_day(cast, machine, now):
    parted(cast, machine, now)
    with pytest.raises(Refused, match="Machine One from 2026-01-01 to before 2027-01-01 is an accounting year already"):
        parted(cast, machine, now, **{"from": "2026-12-31", "until": "2027-12-31"})
    parted(cast, machine, now, **{"from": "2027-01-01", "until": "2028-01-01"})
    assert AccountingYear.objects.count() == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"until": "2026-01-01"}, {"until": "2028-01-01"}, {"from": "today"}, {"hours": 0}, {"hours": "0.0001"},
        {"parts": {}}, {"parts": {"national": 60, "union_other": "40.0001"}}, {"parts": {"mine": 1}},
        {"parts": {"national": "0.00001"}}, {"source": ""}, {"confidence": "sure"}, {"checked_on": "soon"},
        {"caps": [cap("a", 1), cap("a", 2)]}, {"caps": [cap("a", 101)]}, {"caps": [cap("a", 1, pools=[])]},
        {"caps": [cap("a", 1, of=["mine"])]}, {"programme_caps": "no"}, {"format": "fabrica-pools/2"}, {"extra": 1},
    ],
)  # fmt: skip
def test_a_file_that_makes_no_sense_is_refused_with_its_place(changes):
    with pytest.raises(Refused, match="cannot be used"):
        read_year(text(**changes))


def test_an_award_is_paid_from_the_pool_of_its_mode_and_counts_on_every_cap(cast, call, machine, now):
    year = parted(cast, machine, now)
    awarded(cast, call, now, 5 * HOUR)
    assert pools(year)["union_aif_industrial"] == 45 * HOUR
    assert (cap_named("union_aif_industrial"), cap_named("fast-lane+playground")) == (
        (21 * HOUR, 5 * HOUR), (7 * HOUR, 5 * HOUR),
    )  # fmt: skip
    assert cap_named("union_aif_science")[1] == 0
    assert (queries.left_for(call, now), queries.check_ledger()) == (2 * HOUR, [])


def test_an_award_beyond_a_cap_is_refused_with_the_cap_what_is_left_and_its_source(cast, call, machine, now):
    year = parted(cast, machine, now)
    awarded(cast, call, now, 5 * HOUR)
    with pytest.raises(Refused) as refused:
        awarded(cast, call, now, 2 * HOUR + 1)
    assert refused.value.what == ("The cap 'Fast Lane + Playground' has 2.00 GPU-hours left; this needs 2.0003.")
    assert refused.value.why == (
        "At most 10 % of 70.00 GPU-hours may be given under it before 1 January 2027. Source: A secondary source on the "
        "shares of the Union's access time (checked 2026-11-01, confidence B)."
    )
    assert refused.value.todo.startswith("Give less, wait until hours come back to the pool")
    assert (pools(year)["union_aif_industrial"], cap_named("union_aif_industrial")[1]) == (45 * HOUR, 5 * HOUR)
    awarded(cast, call, now, 2 * HOUR)
    assert (queries.left_for(call, now), queries.check_ledger()) == (0, [])


def test_modes_under_one_cap_share_it_and_others_do_not(cast, call, machine, now):
    parted(cast, machine, now, hours=1_000_000)
    large = calls.open_call(slug="fl", title="FL", mode="fast-lane", machine=machine, by=cast.operator, now=now)
    awarded(cast, call, now, 4_000 * HOUR)
    awarded(cast, large, now, 40_000 * HOUR)
    assert cap_named("fast-lane+playground") == (70_000 * HOUR, 44_000 * HOUR)
    with pytest.raises(Refused, match="The cap 'Fast Lane . Playground' has 26,000.00 GPU-hours left"):
        awarded(cast, large, now, 26_000 * HOUR + 1)


def test_a_top_up_counts_too_and_the_same_key_once(cast, call, machine, now):
    parted(cast, machine, now)
    award = awarded(cast, call, now, 5 * HOUR)
    more = {"award": award, "gpu_seconds": HOUR, "key": "a", "by": cast.officer, "now": now}
    for _ in range(2):
        services.top_up(**more)
    assert cap_named("fast-lane+playground")[1] == 6 * HOUR
    for refuse in (
        lambda: services.check_top_up(award=award, gpu_seconds=HOUR + 1, key="b", now=now),
        lambda: services.top_up(**{**more, "gpu_seconds": HOUR + 1, "key": "b"}),
    ):
        with pytest.raises(Refused, match="The cap 'Fast Lane . Playground' has 1.00 GPU-hours left"):
            refuse()
    assert (queries.balance(award).free, queries.check_ledger()) == (6 * HOUR, [])


def test_a_top_up_that_is_told_again_in_another_year_is_the_same(cast, call, machine, now):
    parted(cast, machine, now)
    award = awarded(cast, call, now, 3_600, months=3)
    more = {"award": award, "gpu_seconds": 10, "key": "a", "by": cast.officer}
    services.top_up(**more, now=now)
    services.top_up(**more, now=now + timedelta(days=45))
    assert queries.balance(award).free == 3_610


def test_the_pool_itself_is_not_overdrawn_where_no_cap_stops_it(cast, call, machine, now):
    parted(cast, machine, now, programme_caps=False, parts={"union_aif_industrial": 10})
    with pytest.raises(Refused) as refused:
        awarded(cast, call, now, 11 * HOUR)
    assert refused.value.what == (
        "The pool Union share for industrial innovation of Machine One has 10.00 GPU-hours left; the award needs 11.00."
    )


def test_outside_of_every_year_nothing_is_awarded(cast, call, machine, now):
    parted(cast, machine, now, **{"until": "2026-11-23"})
    with pytest.raises(Refused, match="Machine One has no accounting year on 23 November 2026"):
        awarded(cast, call, now, 1)
    assert queries.left_for(call, now) == 0


def test_a_mode_whose_pool_is_missing_is_refused(cast, call, machine, now):
    parted(cast, machine, now, parts={"national": 100})
    with pytest.raises(
        Refused, match="has no pool 'Union share for industrial innovation'.*Playground are paid from it"
    ):
        awarded(cast, call, now, 1)


def test_years_have_their_own_pools_and_caps(cast, call, machine, now):
    this = parted(cast, machine, now, **{"until": "2026-12-01"})
    then = parted(cast, machine, now, **{"from": "2026-12-01"})
    awarded(cast, call, now, 7 * HOUR)
    awarded(cast, call, now + timedelta(days=9), 7 * HOUR)
    assert [pools(one)["union_aif_industrial"] for one in (this, then)] == [43 * HOUR, 43 * HOUR]
    assert [one.caps.get(name="fast-lane+playground").left for one in (this, then)] == [0, 0]
    assert queries.check_ledger() == []


def test_a_declared_year_takes_the_undivided_hours_so_that_none_is_given_twice(cast, call, machine, now):
    fund(cast, machine, now)
    award = awarded(cast, call, now, HOUR)
    for _ in range(2):
        parted(cast, machine, now)
    assert (queries.pool_of(machine), queries.balance(award).free, cap_named("fast-lane+playground")[1]) == (0, HOUR, 0)
    assert LedgerAccount.objects.get(kind="supply").balance_gpu_seconds == -100 * HOUR - HOUR
    assert Entry.objects.get(verb="pools.set").facts["undivided"] == POOL - HOUR
    with pytest.raises(Refused, match="The hours of Machine One are parted into pools by year"):
        fund(cast, machine, now, key="second")
    fund(cast, machine, now)  # told again
    services.spend(award=award, hold_key="none", gpu_seconds=2 * HOUR, key="one", now=now)
    services.top_up(award=award, gpu_seconds=HOUR, key="a", by=cast.officer, now=now)
    assert (queries.pool_of(machine), cap_named("fast-lane+playground")[1], queries.check_ledger()) == (0, HOUR, [])


def test_until_the_first_year_begins_the_undivided_pool_pays_and_never_after(cast, call, machine, now):
    fund(cast, machine, now)
    parted(cast, machine, now, **{"from": "2026-12-01"})
    awarded(cast, call, now, HOUR)
    assert queries.pool_of(machine) == POOL - HOUR
    later = now + timedelta(days=9)
    awarded(cast, call, later, HOUR)
    assert (queries.pool_of(machine), cap_named("fast-lane+playground")[1]) == (POOL - HOUR, HOUR)
    parted(cast, machine, later, **{"from": "2026-12-01"})
    assert (queries.pool_of(machine), queries.check_ledger()) == (0, [])


def test_a_call_of_before_modes_named_pools_is_paid_from_the_pool_of_its_mode_today(cast, call, machine, now):
    year = parted(cast, machine, now)
    call.mode_row = {**call.mode_row, "facts": []}
    call.save(update_fields=["mode_row"])
    awarded(cast, call, now, HOUR)
    assert (pools(year)["union_aif_industrial"], cap_named("fast-lane+playground")[1]) == (49 * HOUR, HOUR)


def test_a_mode_that_names_no_pool_gives_no_hours_of_a_parted_machine(cast, call, machine, now):
    parted(cast, machine, now)
    call.mode_row = {**call.mode_row, "facts": [], "key": "ours"}
    call.save(update_fields=["mode_row"])
    with pytest.raises(Refused, match="Playground names no pool. The hours of Machine One are parted into pools"):
        awarded(cast, call, now, HOUR)
    assert queries.left_for(call, now) == 0


def test_an_officer_with_that_right_gives_hours_of_the_directors_reserve_with_a_reason(
    cast, call, machine, now, settings
):
    year = parted(cast, machine, now)
    award = awarded(cast, call, now, HOUR)
    more = {"award": award, "gpu_seconds": 9 * HOUR, "key": "a", "now": now, "from_reserve": True}
    with pytest.raises(NotAllowed, match="whom the site names"):
        services.top_up(**more, by=cast.officer, reason="The board asked.")
    settings.FABRICA_RESERVE_OFFICERS = [cast.officer.email.upper(), cast.operator.email]
    for by, reason, refusal in ((cast.operator, "So.", NotAllowed), (cast.officer, " ", Refused)):
        with pytest.raises(refusal):
            services.top_up(**more, by=by, reason=reason)
    services.top_up(**more, by=cast.officer, reason="The board asked.")
    application = assessed(cast, call, now, gpu_seconds_requested=HOUR)
    services.award(
        application=application, gpu_seconds=HOUR, months=1, by=cast.officer, now=now, note="A gift.", from_reserve=True
    )
    assert (pools(year)["directors_reserve"], pools(year)["union_aif_industrial"]) == (0, 49 * HOUR)
    assert (cap_named("fast-lane+playground")[1], queries.check_ledger()) == (HOUR, [])
    with pytest.raises(Refused, match="The pool reserve of the director of Machine One has 0.00"):
        services.check_top_up(award=award, gpu_seconds=1, key="b", now=now, from_reserve=True)
    services.revoke(award=award, by=cast.officer, now=now + timedelta(hours=1), reason="Over.")
    assert pools(year)["directors_reserve"] == 9 * HOUR


def test_use_beyond_an_award_is_paid_by_its_pool_and_given_back_there(cast, call, machine, now):
    year = parted(cast, machine, now)
    award = awarded(cast, call, now, HOUR)
    book = {"award": award, "machine": machine, "key": "7", "now": now}
    services.book(**book, gpu_seconds=HOUR + 50)
    assert pools(year)["union_aif_industrial"] == 49 * HOUR - 50
    assert cap_named("fast-lane+playground")[1] == HOUR
    services.book(**book, gpu_seconds=51 * HOUR)
    assert pools(year)["union_aif_industrial"] == 0
    assert LedgerAccount.objects.get(kind="supply").balance_gpu_seconds == -101 * HOUR
    services.book(**book, gpu_seconds=HOUR - 10)
    assert pools(year)["union_aif_industrial"] == 49 * HOUR
    assert LedgerAccount.objects.get(kind="supply").balance_gpu_seconds == -100 * HOUR
    assert (queries.balance(award).free, queries.written_off_by(award), queries.check_ledger()) == (10, [], [])


def test_a_cap_that_comes_later_counts_what_was_given_before(cast, call, machine, now):
    parted(cast, machine, now, programme_caps=False)
    awarded(cast, call, now, 5 * HOUR)
    parted(cast, machine, now, **OUR_CAP)
    assert cap_named("ours") == (20 * HOUR, 5 * HOUR)
    with pytest.raises(Refused, match="The cap 'Union share for industrial innovation' would be 4.00 GPU-hours; 5.00"):
        parted(cast, machine, now, caps=[cap("ours", "4")], programme_caps=False)
    assert (cap_named("ours"), queries.check_ledger()) == ((20 * HOUR, 5 * HOUR), [])


def test_a_pool_cannot_shrink_below_what_was_awarded(cast, call, machine, now):
    year = parted(cast, machine, now, programme_caps=False)
    awarded(cast, call, now, 30 * HOUR)
    with pytest.raises(Refused, match="The pool Union share for industrial innovation of Machine One has 20.00"):
        parted(cast, machine, now, programme_caps=False, parts={"union_aif_industrial": 29})
    assert pools(year)["union_aif_industrial"] == 20 * HOUR
    assert Pool.objects.get(name="union_aif_industrial").percent == 50


def test_the_database_itself_refuses_a_passed_cap(cast, machine, now):
    parted(cast, machine, now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Cap.objects.update(taken_gpu_seconds=F("limit_gpu_seconds") + 1)


def test_the_check_finds_a_cap_that_somebody_changed_behind_the_ledger(cast, call, machine, now):
    parted(cast, machine, now, **OUR_CAP)
    awarded(cast, call, now, 5)
    Cap.objects.update(taken_gpu_seconds=3)
    assert queries.check_ledger() == [
        "The cap 'ours' of Machine One from 2026-01-01 to before 2027-01-01 counts 3 GPU-seconds; the transfers say 5."
    ]


def test_a_year_tells_where_its_figures_come_from(cast, machine, now):
    year = parted(cast, machine, now)
    assert (year.source, year.checked_on, year.confidence) == (
        "The site's plan for the year", date(2026, 11, 1), "A",
    )  # fmt: skip
