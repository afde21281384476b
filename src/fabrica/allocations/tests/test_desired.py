"""The plan: what it does, in which order, and that it ends where it should, from anywhere and after any crash."""

from dataclasses import replace

from fabrica.allocations.desired import MOST_KNOWN, Plan, Standing, compare, intended, strays, wanted_there
from fabrica.allocations.steps import Action, Kind, limit_fits, steps
from fabrica.clusters.adapters.port import AccountSpec
from hypothesis import given
from hypothesis import strategies as st

HOUR = 3600
SPEC = AccountSpec("corn", "Fabrica award AIF-2026PG-0001", 10 * HOUR, "playground", ("ada", "fp0001"))
NEW = Standing(SPEC)
READ_BACK = Standing(SPEC, known=(SPEC,), was_read_back=True)


def told(actions):
    return [(one.kind.value, one.sentence) for one in actions]


def fits(there, wanted):
    return not list(steps(there, wanted))


def run(actions, found):
    """Take the steps as a machine would: each spec it is given stands there afterwards."""
    machine = dict(found)
    for one in actions:
        assert machine.get(one.account) == one.before
        machine[one.account] = one.after
    return machine


def test_an_account_that_is_not_there_is_made_whole():
    plan = compare([NEW], {}, mend=False)
    assert plan == Plan(actions=(Action(Kind.MAKE, None, SPEC),))
    assert told(plan.actions) == [("make", "Make the account corn with 10.00 GPU-hours.")]


def test_each_difference_is_a_step_of_its_own_with_before_and_after_in_a_safe_order():
    there = AccountSpec("corn", "Fabrica award aif-2026pg-0001, room 12", None, "", ("max",), is_open=False)
    plan = compare([NEW], {"corn": there}, mend=False)
    assert told(plan.actions) == [
        ("set programme", "Move the account corn from the programme – to playground."),
        ("lower limit", "Lower the limit of corn from no limit to 10.00 GPU-hours."),
        ("add members", "Let ada, fp0001 charge jobs to corn: 1 members become 3."),
        ("remove members", "No longer let max charge jobs to corn: 3 members become 2."),
        ("open", "Open the account corn for new jobs; it is closed."),
    ]
    assert run(plan.actions, {"corn": there}) == {"corn": replace(SPEC, description=there.description)}


def test_room_is_made_on_all_accounts_before_any_is_restricted():
    other = Standing(replace(SPEC, name="barley", description="Fabrica award AIF-2026PG-0002", is_open=False))
    found = {
        "corn": replace(SPEC, gpu_seconds_limit=HOUR),
        "barley": replace(other.spec, gpu_seconds_limit=20 * HOUR, is_open=True),
    }
    plan = compare([NEW, other], found, mend=False)
    assert [(one.kind, one.account) for one in plan.actions] == [
        (Kind.RAISE, "corn"), (Kind.LOWER, "barley"), (Kind.CLOSE, "barley"),
    ]  # fmt: skip


def test_many_names_are_counted():
    there = replace(SPEC, members=())
    one = Standing(replace(SPEC, members=tuple("abcdefg")))
    sentence = "Let a, b, c, d, e and 2 more charge jobs to corn: 0 members become 7."
    assert told(compare([one], {"corn": there}, mend=False).actions) == [("add members", sentence)]


def test_what_was_changed_by_hand_is_told_and_left_unless_we_are_to_mend_it():
    there = replace(SPEC, gpu_seconds_limit=2 * HOUR, members=("ada", "eve", "fp0001"), is_open=False)
    left, mended = (compare([READ_BACK], {"corn": there}, mend=mend) for mend in (False, True))
    assert left.actions == ()
    assert [one.kind for one in left.drifts] == [Kind.RAISE, Kind.REMOVE, Kind.OPEN]
    assert mended.actions == mended.drifts == left.drifts


def test_an_account_removed_by_hand_is_told_and_made_again_only_where_we_are_to_mend_it():
    assert compare([READ_BACK], {}, mend=False) == Plan(drifts=(Action(Kind.MAKE, None, SPEC),))
    assert compare([READ_BACK], {}, mend=True).actions == (Action(Kind.MAKE, None, SPEC),)


def test_what_we_changed_ourselves_is_applied_beside_what_a_hand_changed():
    grown = replace(READ_BACK, spec=replace(SPEC, gpu_seconds_limit=20 * HOUR, members=("ada", "fp0001", "max")))
    there = replace(SPEC, members=("eve", "fp0001"))
    plan = compare([grown], {"corn": there}, mend=False)
    assert run(plan.actions, {"corn": there})["corn"] == replace(
        SPEC, gpu_seconds_limit=20 * HOUR, members=("eve", "fp0001", "max")
    )
    assert [(one.kind, one.after.members) for one in plan.drifts] == [
        (Kind.ADD, ("ada", "eve", "fp0001", "max")), (Kind.REMOVE, ("ada", "fp0001", "max")),
    ]  # fmt: skip


def test_after_a_crash_before_the_first_step_our_own_change_is_not_taken_for_a_hands():
    grown, there = (
        replace(READ_BACK, spec=replace(SPEC, gpu_seconds_limit=20 * HOUR)),
        replace(SPEC, gpu_seconds_limit=1),
    )
    again = replace(grown, known=intended(grown, there))
    assert compare([again], {"corn": there}, mend=False) == compare([grown], {"corn": there}, mend=False)
    assert [one.kind for one in compare([again], {"corn": there}, mend=False).actions] == [Kind.RAISE]


def test_a_limit_of_whole_minutes_is_the_limit_and_a_minute_less_is_not():
    assert [limit_fits(there, 3661) for there in (3661, 3660, 3601, 3600, 3662, None)] == [True, True] + [False] * 4
    assert [limit_fits(None, None), limit_fits(3600, None)] == [True, False]


def test_a_closed_account_that_is_not_there_is_not_made():
    closed = replace(NEW, spec=replace(SPEC, is_open=False))
    assert compare([closed], {}, mend=True) == Plan()
    assert fits(None, wanted_there(closed.spec, None))


def test_an_account_that_names_another_application_is_somebody_elses():
    for description in ("Chemistry", "", "Fabrica award AIF-2026PG-00012", "Fabrica award XAIF-2026PG-0001"):
        there = replace(SPEC, description=description, gpu_seconds_limit=1)
        assert compare([NEW], {"corn": there}, mend=True) == Plan(foreign=(NEW,))


def test_without_an_application_to_name_nothing_is_ours():
    nameless = Standing(replace(SPEC, description="Fabrica award "))
    assert compare([nameless], {"corn": SPEC}, mend=True) == Plan(foreign=(nameless,))


def test_what_no_award_wants_is_closed_and_never_removed():
    closed = replace(SPEC, name="old", is_open=False)
    found = {"corn": SPEC, "old": closed, "rye": replace(SPEC, name="rye"), "theirs": AccountSpec("theirs", "X", 1)}
    closed_now = strays(frozenset({"corn"}), found)
    assert told(closed_now) == [("close", "Close the account rye to new jobs; it is open.")]
    assert run(closed_now, found)["rye"] == replace(SPEC, name="rye", is_open=False)


def test_what_is_known_stays_short_however_long_a_machine_is_silent():
    one = READ_BACK
    for hours in range(100):
        one = replace(one, spec=replace(SPEC, gpu_seconds_limit=hours * HOUR))
        one = replace(one, known=intended(one, SPEC))
    assert len(one.known) == MOST_KNOWN
    assert one.known[-2:] == (SPEC, one.spec)


names = st.sets(st.sampled_from(["ada", "bob", "eve", "fp1", "max"])).map(lambda found: tuple(sorted(found)))
limits = st.one_of(st.none(), st.integers(0, 10**6))


def specs(name):
    return st.builds(
        AccountSpec, st.just(name), st.just(f"Fabrica award AIF-{name}"), limits,
        st.sampled_from(["", "playground", "large-scale"]), names, st.booleans(),
    )  # fmt: skip


@st.composite
def machines(draw):
    """Accounts as wanted, with what we know of each; and a machine where any hand may have changed anything."""
    standings, found = [], {}
    for name in draw(st.sets(st.sampled_from(["a", "b", "c", "d"]))):
        known = tuple(draw(st.lists(specs(name), max_size=3)))
        spec = draw(st.one_of(specs(name), st.sampled_from(known)) if known else specs(name))
        standings.append(Standing(spec, known, bool(known) and draw(st.booleans())))
    for name in draw(st.sets(st.sampled_from(["a", "b", "c", "d", "x", "y"]))):
        mine = draw(st.one_of(specs(name), *(st.sampled_from(one.known) for one in standings
                                             if one.known and one.spec.name == name)))  # fmt: skip
        found[name] = draw(st.sampled_from([mine, replace(mine, description="Chemistry")]))
    return standings, found


def own(standings, found):
    return [one for one in standings if "Chemistry" not in getattr(found.get(one.spec.name), "description", "")]


@given(machines())
def test_a_plan_that_mends_ends_as_wanted_and_a_second_one_is_empty(case):
    standings, found = case
    after = run(compare(standings, found, mend=True).actions, found)
    for one in own(standings, found):
        there = after.get(one.spec.name)
        assert fits(there, wanted_there(one.spec, there))
        assert there is not None or not one.spec.is_open
    known = [replace(one, known=intended(one, found.get(one.spec.name)), was_read_back=True) for one in standings]
    again = compare(known, after, mend=True)
    assert (again.actions, again.drifts) == ((), ())


@given(machines())
def test_a_plan_that_leaves_what_hands_did_is_done_at_once_and_finds_the_same_again(case):
    standings, found = case
    plan = compare(standings, found, mend=False)
    after = run(plan.actions, found)
    confirmed = [replace(one, known=(one.spec,)) if one.was_read_back else one for one in standings]
    again = compare(confirmed, after, mend=False)
    assert (again.actions, again.drifts) == ((), plan.drifts)


@given(machines(), st.integers(0, 40))
def test_a_plan_cut_short_anywhere_and_made_again_ends_the_same(case, cut):
    standings, found = case
    for mend in (False, True):
        plan = compare(standings, found, mend=mend)
        whole = run(plan.actions, found)
        half = run(plan.actions[:cut], found)
        known = [
            replace(one, known=intended(one, found.get(one.spec.name))) if one in own(standings, found) else one
            for one in standings
        ]
        rest = compare(known, half, mend=mend)
        after = run(rest.actions, half)
        assert all(fits(after.get(name), spec) for name, spec in whole.items())
        assert set(after) == set(whole)


@given(machines())
def test_an_account_of_others_is_in_no_plan(case):
    standings, found = case
    theirs = {name for name, there in found.items() if there.description == "Chemistry"}
    plan = compare(standings, found, mend=True)
    closed = strays(frozenset(one.spec.name for one in standings), found)
    assert theirs.isdisjoint(one.account for one in (*plan.actions, *plan.drifts, *closed))
    assert {one.spec.name for one in plan.foreign} <= theirs
