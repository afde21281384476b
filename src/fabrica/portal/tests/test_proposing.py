"""What the engine is given for a call, and what its answer says of each application. Without a database."""

from fractions import Fraction

import pytest
from fabrica.kit.errors import Refused
from fabrica.portal.proposing import Gets, Place, Room, Tie, find, given


def place(code, hours, points=80, **told):
    return Place(code, hours * 3_600, 6, Fraction(points), **told)


def room(hours, machine="one", **caps):
    return Room(machine, hours * 3_600, {name: left * 3_600 for name, left in caps.items()})


def got(found):
    return {code: (one.machine, one.gpu_seconds // 3_600) for code, one in found.gets.items()}


def test_the_order_of_the_panel_decides_and_a_smaller_one_may_still_fit():
    found = find([place("a", 60), place("b", 50), place("c", 40)], [room(100)], {})
    assert got(found) == {"a": ("one", 60), "c": ("one", 40)}
    assert found.left == {("pool", "one"): 0}
    assert (found.out["b"].kind, found.out["b"].displaces) == ("full", ("a",))
    assert found.missing["b"] == {("pool", "one"): 50 * 3_600}


def test_a_cap_binds_before_the_pool_does_and_is_named():
    found = find([place("a", 60), place("b", 50)], [room(1_000, cap=100)], {})
    assert got(found) == {"a": ("one", 60)}
    assert found.full["b"] == [("cap", "cap")]
    assert found.left == {("pool", "one"): 940 * 3_600, ("cap", "cap"): 40 * 3_600}


def test_a_cap_of_one_machine_does_not_count_on_another():
    found = find([place("a", 60), place("b", 50)], [room(1_000, cap=100), room(50, "two")], {})
    assert got(found) == {"a": ("one", 60), "b": ("two", 50)}


def test_what_is_fixed_goes_before_every_place_and_none_leaves_its_hours_to_others():
    places = [place("a", 60), place("b", 50), place("c", 50)]
    assert got(find(places, [room(100)], {"a": 0})) == {"b": ("one", 50), "c": ("one", 50)}
    found = find(places, [room(100)], {"c": 30 * 3_600})
    assert found.gets["c"] == Gets("one", 30 * 3_600, is_fixed=True)
    assert got(found) == {"a": ("one", 60), "c": ("one", 30)}
    with pytest.raises(Refused):
        find(places, [room(100)], {"b": 60 * 3_600, "c": 50 * 3_600})


def test_what_misses_a_threshold_or_has_no_hours_gets_some_only_if_they_are_fixed():
    places = [place("a", 10, is_below=True), place("b", 0)]
    found = find(places, [room(100)], {})
    assert (got(found), {code: one.kind for code, one in found.out.items()}) == ({}, {"a": "fixed_out"})
    assert got(find(places, [room(100)], {"a": 3_600, "b": 7_200})) == {"a": ("one", 1), "b": ("one", 2)}


def test_equal_points_of_which_some_are_in_are_told():
    places = [place("a", 60, 90), place("b", 40), place("c", 40)]
    assert find(places, [room(100)], {}).ties == [Tie(("b",), ("c",))]
    assert find(places, [room(140)], {}).ties == []


def test_nobody_or_nowhere_asks_the_engine_nothing():
    assert given([], [room(1)], {}) is given([place("a", 1)], [], {}) is given([place("a", 0)], [room(1)], {}) is None
    assert find([], [room(1, cap=2)], {}).left == {("pool", "one"): 3_600, ("cap", "cap"): 7_200}
