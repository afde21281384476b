"""Why an application is left out: the limits that bind, whom it would displace, what would let it in.

Everybody else is thought to stay on the system of the proposal with the least they accept: hours that they got beyond
would give way, so they never bind.
"""

from dataclasses import dataclass
from functools import partial

from fabrica.allocations.engine.capacity.given import Wish
from fabrica.allocations.engine.capacity.house import Needs
from fabrica.allocations.engine.capacity.placing import Placing
from fabrica.allocations.engine.capacity.proofs import Proof
from fabrica.kit.solver import Programme, State, solve


@dataclass(frozen=True)
class Refusal:
    """What was found when it was its turn: `too_large`, `full`, `pieces` or `undecided`."""

    kind: str
    proofs: tuple[Proof, ...]


@dataclass(frozen=True)
class Short:
    """A limit, by its row, and the units that would be missing from it."""

    row: int
    units: int


@dataclass(frozen=True)
class LeftOut:
    """One that gets nothing.

    `binds` are the rows of the limits that are full together; `short` what would be missing on each system, and
    `nearest` the system where the fewest limits and the fewest hours are missing; `displaces` who would have to go for
    it to stand on `displaced_on`, none where that would not help.
    """

    wish: Wish
    kind: str
    binds: tuple[int, ...] = ()
    short: tuple[tuple[str, tuple[Short, ...]], ...] = ()
    nearest: str = ""
    displaces: tuple[str, ...] = ()
    displaced_on: str = ""


def why_out(placing: Placing, at: int, refusal: Refusal) -> LeftOut:
    """The reasons for one."""
    item = placing.house.items[at]
    room = _room(placing)
    short = {one: tuple(_short(room, item.needs[one])) for one in item.systems}
    nearest = min(item.systems, key=partial(_distance, placing, short))
    rows = {one.row for shorts in short.values() for one in shorts}
    binds = tuple(sorted({row for one in refusal.proofs for row in one.rows} or rows))
    displaces, system = ((), "") if refusal.kind == "too_large" else _displaced(placing, at, room)
    return LeftOut(item.wish, refusal.kind, binds, tuple(short.items()), nearest, displaces, system)


def _room(placing: Placing) -> list[int]:
    """What is free while everybody who is in gets the least."""
    room = placing.house.rooms
    for at, system in placing.at.items():
        for row, units in placing.house.items[at].needs[system]:
            room[row] -= units
    return room


def _short(room: list[int], needs: Needs) -> list[Short]:
    return [Short(row, units - room[row]) for row, units in needs if units > room[row]]


def _distance(placing: Placing, short: dict[str, tuple[Short, ...]], system: str) -> tuple[int, int]:
    missing = short[system]
    return len(missing), sum(placing.house.limits[one.row].seconds(one.units) for one in missing)


def _displaced(placing: Placing, at: int, room: list[int]) -> tuple[tuple[str, ...], str]:
    """The fewest awards that would have to go, of those the ones lowest in the ranking; never one that is fixed."""
    house = placing.house
    lowest = [one for one in sorted(placing.at, reverse=True) if not house.items[one].is_fixed]
    for other in lowest:
        for system in house.items[at].systems:
            if _makes_room(placing, other, room, house.items[at].needs[system]):
                return (house.items[other].wish.id,), system
    return _several(placing, at, room, lowest)


def _makes_room(placing: Placing, other: int, room: list[int], needs: Needs) -> bool:
    freed = dict(placing.house.items[other].needs[placing.at[other]])
    return all(units <= room[row] + freed.get(row, 0) for row, units in needs)


def _several(placing: Placing, at: int, room: list[int], lowest: list[int]) -> tuple[tuple[str, ...], str]:
    """Two or more, by the solver: each costs far more than any difference of places in the ranking."""
    item, items, made = placing.house.items[at], placing.house.items, Programme()
    stays = {one: made.column() for one in lowest}
    stands = {system: made.column() for system in item.systems}
    made.row([(column, 1) for column in stands.values()], low=1, high=1)
    for row in sorted({row for system in item.systems for row, _ in item.needs[system]}):
        freed = {one: dict(items[one].needs[placing.at[one]]).get(row, 0) for one in lowest}
        needed = [(stands[system], dict(item.needs[system]).get(row, 0)) for system in item.systems]
        made.row([*needed, *((stays[one], freed[one]) for one in lowest)], high=room[row] + sum(freed.values()))
    most = len(items)
    gain = {stays[one]: most * most + most - one for one in lowest}
    answer = solve(made, gain, nodes=placing.nodes)
    placing.calls += answer.calls
    if answer.state not in (State.BEST, State.FOUND):
        return (), ""
    gone = [one for one in lowest if not answer.values[stays[one]]]
    system = next(one for one in item.systems if answer.values[stands[one]])
    return tuple(items[one].wish.id for one in reversed(gone)), system
