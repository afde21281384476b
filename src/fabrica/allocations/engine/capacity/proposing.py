"""The proposal: rank first, then the most hours, then preferred systems, then hours to those who rank first."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby

from fabrica.allocations.engine.capacity.given import Given, Wish
from fabrica.allocations.engine.capacity.house import House, Item
from fabrica.allocations.engine.capacity.left_out import LeftOut, Refusal, why_out
from fabrica.allocations.engine.capacity.placing import ALMOST, Placing
from fabrica.allocations.engine.capacity.proofs import Proof
from fabrica.kit.errors import Refused
from fabrica.kit.solver import State, relax

EFFORT = 1_200
COLUMNS = 20  # with more columns than a twentieth of the effort, places stay as they are while hours grow


@dataclass(frozen=True)
class Award:
    """What one gets."""

    wish: Wish
    system: str
    seconds: int
    is_fixed: bool


@dataclass(frozen=True)
class Tie:
    """Applications of one rank of which only some are in: the score decided, or else the name; so a person should."""

    rank: int
    inside: tuple[str, ...]
    outside: tuple[str, ...]
    by_score: bool


@dataclass(frozen=True)
class Proposal:
    """The whole answer. `undecided` is what the solver left open at its bound; `calls` how often it ran."""

    given: Given
    house: House
    awards: tuple[Award, ...]
    left_out: tuple[LeftOut, ...]
    ties: tuple[Tie, ...]
    room: tuple[int, ...]
    undecided: tuple[str, ...]
    calls: int


def propose(given: Given, effort: int = EFFORT) -> Proposal:
    """The awards that keep every limit. Raises Refused where what is fixed does not fit together.

    `effort` bounds the steps of the solver; a question beyond is told as undecided.
    """
    house = House(given)
    placing = Placing(house, effort)
    refusals = _admit(placing)
    placing.effort = placing.work + effort // 3  # what those who were tried first have spent is no loss to the rest
    undecided = _most_hours(placing, effort)
    placing.effort = placing.work + effort // 3
    undecided += [*_preferred(placing, effort), *_hours_by_rank(placing)]
    left_out = _left_out(placing, refusals)
    awards = tuple(_award(house.items[at], placing, at) for at in sorted(placing.at, key=_rank_in(house)))
    ties = tuple(_ties(given, {one.wish.id for one in awards}))
    undecided = [f"{one.wish.id}: whether it fits" for one in left_out if one.kind == "undecided"] + undecided
    return Proposal(given, house, awards, left_out, ties, tuple(placing.room), tuple(undecided), placing.calls)


def _admit(placing: Placing) -> dict[int, Refusal]:
    """Let in whoever still fits, each in turn: so nobody is ever in place of somebody before them."""
    refusals: dict[int, Refusal] = {}
    for at, item in enumerate(placing.house.items):
        state, proofs = _alone(placing, at) or placing.try_in(at)
        if state is State.FOUND:
            continue
        if item.is_fixed:
            raise _too_much_fixed(item, state)
        refusals[at] = Refusal(_kind(placing, at, state, is_proved=bool(proofs)), tuple(proofs))
    return refusals


def _alone(placing: Placing, at: int) -> tuple[State, list[Proof]] | None:
    house, item = placing.house, placing.house.items[at]
    if all(any(units > house.limits[row].room for row, units in item.needs[one]) for one in item.systems):
        return State.NONE, []
    return None


def _kind(placing: Placing, at: int, state: State, *, is_proved: bool) -> str:
    if _alone(placing, at):
        return "too_large"
    if state is State.UNKNOWN:
        return "undecided"
    return "full" if is_proved else "pieces"


def _too_much_fixed(item: Item, state: State) -> Refused:
    why = (
        "The solver found no way within its bound."
        if state is State.UNKNOWN
        else "A capacity or a cap would be passed."
    )
    return Refused(
        f"What you fixed does not fit together: {item.wish.id} has no room beside the others.",
        why=why,
        todo="Fix fewer applications, fewer hours, or leave the system open.",
    )


def _growing(placing: Placing) -> list[int]:
    return sorted((at for at in placing.at if placing.house.items[at].steps), key=_rank_in(placing.house))


def _rank_in(house: House) -> Callable[[int], int]:
    places = {wish.id: number for number, wish in enumerate(house.given.wishes)}
    return lambda at: places[house.items[at].wish.id]


def _most_hours(placing: Placing, effort: int) -> list[str]:
    """Let partial awards grow; first where they stand, then by moving them where more fits together."""
    growing = _growing(placing)
    for at in growing:
        placing.put(at, placing.at[at], _largest(placing, at))
    if all(placing.steps[at] == placing.house.items[at].steps for at in growing):
        return []
    before, sizes = dict(placing.at), dict(placing.steps)
    programme, places, growth = placing.programme(
        {at: placing.house.items[at].systems for at in placing.at}, grows=True
    )
    gain = dict.fromkeys(growth.values(), 1)
    bound = relax(programme, gain)
    placing.calls += 1
    if bound and bound.value < sum(sizes.values()) + 1 - ALMOST:
        return []
    start = {places[key]: 1 for key in before.items()}
    start |= {growth[key]: sizes[key[0]] for key in before.items() if key in growth}
    if len(programme.most) > effort // COLUMNS:
        programme, places, growth = placing.programme({at: (system,) for at, system in before.items()}, grows=True)
        placing.adopt(programme, places, growth, dict.fromkeys(growth.values(), 1))
        more = int(bound.value + ALMOST) - sum(placing.steps.values()) if bound else 0
        return [f"whether more hours fit, at most {more} steps"] if more > 0 else []
    state = placing.adopt(programme, places, growth, gain, start)
    return [] if state is State.BEST else ["whether more hours fit"]


def _largest(placing: Placing, at: int) -> int:
    """The most steps that fit where it stands."""
    system, item = placing.at[at], placing.house.items[at]
    if not placing.fits(at, system, 0):
        return placing.steps[at]
    low, high = 0, item.steps
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if placing.fits(at, system, middle) else (low, middle - 1)
    return low


def _preferred(placing: Placing, effort: int) -> list[str]:
    """Give each, by rank, the best of its systems that leaves everybody in and all hours awarded."""
    undecided, settled = [], Settled(placing, effort)
    for at in sorted(placing.at, key=_rank_in(placing.house)):
        for system in placing.house.items[at].systems:
            if system == placing.at[at]:
                break
            state = settled.move(at, system)
            if state is State.UNKNOWN:
                undecided.append(f"{placing.house.items[at].wish.id}: whether {system} is possible")
            if state is State.FOUND:
                break
        settled.settle(at)
    return undecided


class Settled:
    """Those whose system is settled, and the room that they leave even if they get their least."""

    def __init__(self, placing: Placing, effort: int) -> None:
        self.placing, self.done, self.columns = placing, set[int](), effort // COLUMNS
        self.room = placing.house.rooms
        self.total = sum(placing.steps.values())

    def settle(self, at: int) -> None:
        self.done.add(at)
        for row, units in self.placing.house.items[at].needs[self.placing.at[at]]:
            self.room[row] -= units

    def move(self, at: int, system: str) -> State:
        """Move one there, others that are not settled making room."""
        placing, items = self.placing, self.placing.house.items
        if any(units > self.room[row] for row, units in items[at].needs[system]):
            return State.NONE
        if placing.fits(at, system, placing.steps[at]):
            placing.put(at, system, placing.steps[at])
            return State.FOUND
        allowed = {one: (placing.at[one],) if one in self.done else items[one].systems for one in sorted(placing.at)}
        if placing.work > placing.effort or sum(map(len, allowed.values())) - len(self.done) > self.columns:
            return State.UNKNOWN
        return placing.arrange(allowed | {at: (system,)}, at, self.total)[0]


def _hours_by_rank(placing: Placing) -> list[str]:
    """Of all ways to award as many hours on these systems, the one that gives most to the first, then to the next."""
    growing = _growing(placing)
    done, undecided = dict[int, int](), []
    for at in growing:
        if placing.steps[at] < placing.house.items[at].steps and len(growing) > 1:
            undecided += _grow(placing, at, done)
        done[at] = placing.steps[at]
    return undecided


def _grow(placing: Placing, at: int, done: dict[int, int]) -> list[str]:
    programme, places, growth = placing.programme({one: (placing.at[one],) for one in sorted(placing.at)}, grows=True)
    programme.row([(column, 1) for column in growth.values()], low=sum(placing.steps.values()))
    for one, steps in done.items():
        programme.row([(growth[one, placing.at[one]], 1)], low=steps, high=steps)
    state = placing.adopt(programme, places, growth, {growth[at, placing.at[at]]: 1})
    return [] if state is State.BEST else [f"{placing.house.items[at].wish.id}: whether more hours fit"]


def _left_out(placing: Placing, refusals: dict[int, Refusal]) -> tuple[LeftOut, ...]:
    house = placing.house
    inside = {item.wish.id: at for at, item in enumerate(house.items)}
    found = []
    for wish in house.given.wishes:
        at = inside.get(wish.id)
        if at is None:
            found.append(LeftOut(wish, "fixed_out"))
        elif at in refusals:
            found.append(why_out(placing, at, refusals[at]))
    return tuple(found)


def _award(item: Item, placing: Placing, at: int) -> Award:
    seconds = item.least + placing.steps[at] * placing.house.given.step
    return Award(item.wish, placing.at[at], seconds, item.is_fixed)


def _ties(given: Given, inside: set[str]) -> list[Tie]:
    found = []
    for rank, group in groupby(given.wishes, key=lambda one: one.rank):
        wishes = [one for one in group if one.id not in given.fixes]
        ins = [one for one in wishes if one.id in inside]
        outs = [one for one in wishes if one.id not in inside]
        if ins and outs:
            by_score = not {one.score for one in ins} & {one.score for one in outs}
            found.append(Tie(rank, tuple(one.id for one in ins), tuple(one.id for one in outs), by_score))
    return found
