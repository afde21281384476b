"""Awards proposed for a call: what the engine is given, and what it found, by application. Pure.

The ranking is the panel's order, so each place is given once. The hours that a pool has free on a machine are the
capacity of that system, over one period that all awards lie in; its caps count on that system alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby

from fabrica.allocations.engine.capacity import Given, Proposal, propose
from fabrica.allocations.engine.capacity.given import Cap, Fix, Period, Pool, System, Wish
from fabrica.allocations.engine.capacity.left_out import LeftOut

ALL = "all"  # one period, one pool and one mode
MOST_SYSTEMS = 10  # at once, which keeps an answer below two seconds


@dataclass(frozen=True)
class Place:
    """An application in its place of the ranking. `gpu_seconds` is what it may get, 0 where nobody recommends any."""

    code: str
    gpu_seconds: int
    months: int
    points: Fraction
    is_below: bool = False


@dataclass(frozen=True)
class Room:
    """What may still be awarded for a call on a machine: what is free in its pool, and below each cap, by a name."""

    machine: str
    free: int
    caps: Mapping[str, int]


@dataclass(frozen=True)
class Gets:
    """What one is proposed to get, and where."""

    machine: str
    gpu_seconds: int
    is_fixed: bool


@dataclass(frozen=True)
class Tie:
    """Applications of the same points of which only some are in: the panel's order decided."""

    inside: tuple[str, ...]
    outside: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """What the engine found. `left` is what stays free, by machine and by cap; `limits` names the rows of the house."""

    gets: Mapping[str, Gets]
    out: Mapping[str, LeftOut]
    ties: Sequence[Tie]
    left: Mapping[str, int]
    limits: Sequence[tuple[str, str]]
    missing: Mapping[str, Mapping[tuple[str, str], int]]
    undecided: int


def given(places: Sequence[Place], rooms: Sequence[Room], fixed: Mapping[str, int]) -> Given | None:
    """The engine's input; None where nobody is to get anything. `fixed`: GPU-seconds by code, 0 for none this time.

    What is below a threshold is left out unless somebody fixed its hours.
    """
    systems = tuple(one.machine for one in rooms)
    wishes = [
        Wish(one.code, at, "0", ALL, seconds, seconds, one.months, systems)
        for at, one in enumerate(places, start=1)
        if (seconds := one.gpu_seconds or fixed.get(one.code, 0))
    ]
    if not wishes or not rooms:
        return None
    below = {one.code: 0 for one in places if one.is_below}
    known = {one.id for one in wishes}
    fixes = {
        code: Fix(code, bool(seconds), seconds or None)
        for code, seconds in {**below, **fixed}.items()
        if code in known
    }  # fmt: skip
    return Given(
        periods=(Period(ALL, max(one.months for one in wishes)),),
        systems=tuple(System(one.machine, {ALL: max(0, one.free)}) for one in rooms),
        pools=(Pool(ALL, ALL, (ALL,)),),
        caps=tuple(
            Cap(name, name, frozenset({ALL}), frozenset({one.machine}), max(0, left), 0, "")
            for one in rooms
            for name, left in one.caps.items()
        ),
        wishes=tuple(wishes), fixes=fixes, step=1,
    )  # fmt: skip


def find(places: Sequence[Place], rooms: Sequence[Room], fixed: Mapping[str, int]) -> Found:
    """Who gets what, and why others do not. Raises Refused where what is fixed does not fit together."""
    told = given(places, rooms, fixed)
    if told is None:
        return nothing(rooms)
    made = propose(told)
    gets = {one.wish.id: Gets(one.system, one.seconds, one.is_fixed) for one in made.awards}
    limits = [(one.kind, one.id) for one in made.house.limits]
    left = {one.id: room // one.units for one, room in zip(made.house.limits, made.room, strict=True)}
    out = {one.wish.id: one for one in made.left_out}
    ties = _ties([one for one in places if one.code not in told.fixes], set(gets), set(out))
    return Found(gets, out, ties, left, limits, {code: _missing(made, one) for code, one in out.items()},
                 len(made.undecided))  # fmt: skip


def nothing(rooms: Sequence[Room]) -> Found:
    """Nobody gets anything: all that is free stays so."""
    left = {name: left for one in rooms for name, left in {one.machine: one.free, **one.caps}.items()}
    return Found({}, {}, (), left, (), {}, 0)


def _missing(made: Proposal, one: LeftOut) -> dict[tuple[str, str], int]:
    """What would be missing for it where the least is missing, by limit, in GPU-seconds."""
    limits = made.house.limits
    short = dict(one.short).get(one.nearest, ())
    return {(limits[row.row].kind, limits[row.row].id): limits[row.row].seconds(row.units) for row in short}


def _ties(places: Sequence[Place], inside: set[str], outside: set[str]) -> list[Tie]:
    ordered, found = sorted(places, key=lambda one: (one.is_below, -one.points)), []
    for _points, group in groupby(ordered, key=lambda one: (one.is_below, one.points)):
        codes = [one.code for one in group]
        tie = Tie(tuple(one for one in codes if one in inside), tuple(one for one in codes if one in outside))
        if tie.inside and tie.outside:
            found.append(tie)
    return found
