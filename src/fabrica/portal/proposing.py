"""Awards proposed for a call: what the engine is given, and what it found, by application. Pure.

The ranking is the panel's order, so each place is given once. Awards of a call draw on one pool of a machine, and the
same caps count each of them: so of all limits of a machine the tightest is its capacity, over one period that all
awards lie in. That is exact, and leaves the engine one row for each machine.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby

from fabrica.allocations.engine.capacity import Given, propose
from fabrica.allocations.engine.capacity.given import Fix, Period, Pool, System, Wish
from fabrica.allocations.engine.capacity.left_out import LeftOut

ALL = "all"  # one period, one pool and one mode
POOL, CAP = "pool", "cap"
Limit = tuple[str, str]  # POOL and a machine, or CAP and its name
MOST_SYSTEMS = 4  # at once: with every application accepting each, more take longer than two seconds


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

    @property
    def limits(self) -> dict[Limit, int]:
        """Every limit of it, with what is left."""
        return {(POOL, self.machine): self.free, **{(CAP, name): left for name, left in self.caps.items()}}

    @property
    def tightest(self) -> int:
        """What may be awarded in all."""
        return max(0, min(self.limits.values()))


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
    """What the engine found. `left` is what stays free by limit.

    Of those left out, `full` are the limits without room for them, and `missing` how many GPU-seconds each limit lacks
    on the machine where the least is missing.
    """

    gets: Mapping[str, Gets]
    out: Mapping[str, LeftOut]
    ties: Sequence[Tie]
    left: Mapping[Limit, int]
    full: Mapping[str, Sequence[Limit]]
    missing: Mapping[str, Mapping[Limit, int]]
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
    below, known = {one.code: 0 for one in places if one.is_below}, {one.id for one in wishes}
    wanted = {code: seconds for code, seconds in {**below, **fixed}.items() if code in known}
    return Given(
        periods=(Period(ALL, max(one.months for one in wishes)),),
        systems=tuple(System(one.machine, {ALL: one.tightest}) for one in rooms),
        pools=(Pool(ALL, ALL, (ALL,)),),
        caps=(),
        wishes=tuple(wishes),
        fixes={code: Fix(code, bool(seconds), seconds or None) for code, seconds in wanted.items()},
        step=1,
    )


def find(places: Sequence[Place], rooms: Sequence[Room], fixed: Mapping[str, int]) -> Found:
    """Who gets what, and why others do not. Raises Refused where what is fixed does not fit together."""
    told = given(places, rooms, fixed)
    if told is None:
        return nothing(rooms)
    made = propose(told)
    gets = {one.wish.id: Gets(one.system, one.seconds, one.is_fixed) for one in made.awards}
    out = {one.wish.id: one for one in made.left_out}
    left = {one.machine: _left(one, gets.values()) for one in rooms}
    full = {
        code: [limit for each in left.values() for limit, free in each.items() if free < one.wish.seconds]
        for code, one in out.items()
    }
    missing = {code: _missing(one, left.get(one.nearest, {})) for code, one in out.items()}
    ties = _ties([one for one in places if one.code not in told.fixes], set(gets), set(out))
    stays = {limit: free for each in left.values() for limit, free in each.items()}
    return Found(gets, out, ties, stays, full, missing, len(made.undecided))


def nothing(rooms: Sequence[Room]) -> Found:
    """Nobody gets anything: all that is free stays so."""
    return Found({}, {}, (), {limit: left for one in rooms for limit, left in one.limits.items()}, {}, {}, 0)


def _left(room: Room, gets: Iterable[Gets]) -> dict[Limit, int]:
    used = sum(one.gpu_seconds for one in gets if one.machine == room.machine)
    return {limit: free - used for limit, free in room.limits.items()}


def _missing(one: LeftOut, left: Mapping[Limit, int]) -> dict[Limit, int]:
    return {limit: one.wish.seconds - free for limit, free in left.items() if free < one.wish.seconds}


def _ties(places: Sequence[Place], inside: set[str], outside: set[str]) -> list[Tie]:
    ordered, found = sorted(places, key=lambda one: (one.is_below, -one.points)), []
    for _points, group in groupby(ordered, key=lambda one: (one.is_below, one.points)):
        codes = [one.code for one in group]
        tie = Tie(tuple(one for one in codes if one in inside), tuple(one for one in codes if one in outside))
        if tie.inside and tie.outside:
            found.append(tie)
    return found
