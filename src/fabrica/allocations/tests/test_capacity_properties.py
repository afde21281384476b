"""Awards under capacity against every possible set of awards, on cases small enough to try them all."""

import json
from itertools import product

from fabrica.allocations.engine.capacity.house import House
from fabrica.allocations.engine.capacity.proposing import propose
from fabrica.allocations.engine.capacity.reading import read
from hypothesis import given, settings
from hypothesis import strategies as st

SYSTEMS, MODES = ("a", "b"), ("x", "y")


@st.composite
def cases(draw, most=5):
    def wish(number):
        hours = draw(st.integers(1, 9))
        row = {"id": f"w{number}", "rank": draw(st.integers(1, 3)), "mode": draw(st.sampled_from(MODES))}
        row |= {"score": str(draw(st.integers(1, 2))), "hours": hours, "months": draw(st.sampled_from((1, 2, 3)))}
        row["systems"] = draw(st.lists(st.sampled_from(SYSTEMS), min_size=1, max_size=2, unique=True))
        return row | ({"least_hours": draw(st.integers(max(1, hours - 2), hours))} if draw(st.booleans()) else {})

    caps = [{"id": "both", "pools": ["px", "py"], "hours": draw(st.integers(5, 30))}]
    caps.append(
        {"id": "x", "pools": ["px"], "systems": draw(st.sampled_from(([], ["a"]))), "hours": draw(st.integers(0, 15))}
    )
    return {
        "format": "fabrica-awards/1",
        "periods": [{"id": "p1", "months": 1}, {"id": "p2", "months": 2}],
        "systems": [{"id": one, "hours": draw(st.tuples(*[st.integers(0, 12)] * 2).map(list))} for one in SYSTEMS],
        "pools": [{"id": "px", "modes": ["x"]}, {"id": "py", "modes": ["y"]}],
        "caps": caps,
        "applications": [wish(number) for number in range(draw(st.integers(1, most)))],
    }


def proposed(case, **more):
    return propose(read(json.dumps(case)), **more)


def fits(house, placed):
    room = house.rooms
    for wish, system, seconds in placed:
        for row, units in house.needs(wish, system, seconds):
            room[row] -= units
    return min(room) >= 0


def best(case):
    """Every set, every place, every size: the one that ranks highest by the words of the rule."""
    what = read(json.dumps(case))
    house, found = House(what), None
    choices = [[None, *product(w.systems, range(w.least, w.seconds + 1, what.step))] for w in what.wishes]
    for chosen in product(*choices):
        placed = [(w, *one) for w, one in zip(what.wishes, chosen, strict=True) if one]
        worth = (
            tuple(one is not None for one in chosen),
            sum(one[2] for one in placed),
            tuple(-w.systems.index(system) for w, system, _ in placed),
            tuple(seconds for _, _, seconds in placed),
        )
        if (found is None or worth > found[0]) and fits(house, placed):
            found = (worth, [(w.id, system, seconds) for w, system, seconds in placed])
    return found[1]


def awards(proposal):
    return [(one.wish.id, one.system, one.seconds) for one in proposal.awards]


@settings(max_examples=120, deadline=None)
@given(cases())
def test_it_is_the_best_of_all_sets(case):
    proposal = proposed(case, effort=10**6)
    assert proposal.undecided == ()
    assert awards(proposal) == best(case)


@settings(max_examples=40, deadline=None)
@given(cases(most=8), st.randoms(use_true_random=False))
def test_the_order_of_the_file_does_not_matter(case, random):
    before = proposed(case)
    for key in ("applications", "systems", "pools", "caps"):
        random.shuffle(case[key])
    assert proposed(case).awards == before.awards
    assert proposed(case).left_out == before.left_out


@settings(max_examples=60, deadline=None)
@given(cases(most=8))
def test_no_limit_is_passed_even_when_the_solver_may_do_nothing(case):
    proposal = proposed(case, effort=-1)
    assert fits(proposal.house, [(one.wish, one.system, one.seconds) for one in proposal.awards])
    assert len(proposal.awards) + len(proposal.left_out) == len(case["applications"])


@settings(max_examples=60, deadline=None)
@given(cases(most=8))
def test_who_would_be_displaced_makes_room_and_nobody_of_them_too_many(case):
    proposal = proposed(case)
    for out in proposal.left_out:
        if not out.displaces:
            continue
        stay = [(one.wish, one.system, one.wish.least) for one in proposal.awards if one.wish.id not in out.displaces]
        assert fits(proposal.house, [*stay, (out.wish, out.displaced_on, out.wish.least)])
        for name in out.displaces:
            back = [(one.wish, one.system, one.wish.least) for one in proposal.awards if one.wish.id == name]
            assert not fits(proposal.house, [*stay, *back, (out.wish, out.displaced_on, out.wish.least)])


@settings(max_examples=40, deadline=None)
@given(cases(most=7), st.data())
def test_what_an_officer_fixed_stands_and_the_rest_is_proposed_around_it(case, data):
    first = proposed(case)
    if not first.awards:
        return
    kept = data.draw(st.sampled_from(first.awards))
    others = [one for one in first.awards if one is not kept]
    case["fixed"] = [{"application": kept.wish.id, "hours": kept.seconds // 3600, "system": kept.system}]
    case["fixed"] += [{"application": one.wish.id, "in": False} for one in others]
    again = proposed(case)
    assert [(one.wish.id, one.system, one.seconds) for one in again.awards if one.is_fixed] == [
        (kept.wish.id, kept.system, kept.seconds)
    ]
    assert {one.wish.id for one in again.left_out if one.kind == "fixed_out"} == {one.wish.id for one in others}
