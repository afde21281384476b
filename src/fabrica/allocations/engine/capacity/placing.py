"""Who stands where: one way to place everybody who is in, kept while others are tried."""

from collections.abc import Mapping

from fabrica.allocations.engine.capacity.house import House
from fabrica.allocations.engine.capacity.proofs import Proof
from fabrica.kit.solver import Programme, State, relax, solve

Allowed = Mapping[int, tuple[str, ...]]
ALMOST = 1e-6
MAX_PROOFS = 60
MAX_NODES = 1


class Placing:
    """The places and sizes of those who are in. Items are known by their place in `house.items`.

    `calls` counts what the solver was asked, `work` its steps: past `effort` it is not asked any more,
    which is the same on every machine. Every place was checked in whole numbers.
    """

    def __init__(self, house: House, effort: int) -> None:
        self.house, self.effort, self.calls, self.work = house, effort, 0, 0
        self.at: dict[int, str] = {}
        self.steps: dict[int, int] = {}
        self.room = house.rooms
        self.proofs: list[Proof] = []

    @property
    def nodes(self) -> int:
        """How many branches one question may take: few, unless more was asked for than a page can wait for."""
        return max(MAX_NODES, self.effort // 1_000)

    def put(self, at: int, system: str, steps: int = 0) -> None:
        """Place one, out of where it was."""
        self._move(at, 1)
        self.at[at], self.steps[at] = system, steps
        self._move(at, -1)

    def _move(self, at: int, sign: int) -> None:
        if at not in self.at:
            return
        item, system = self.house.items[at], self.at[at]
        for row, units in item.needs[system]:
            self.room[row] += sign * units
        for row, units in item.grows[system]:
            self.room[row] += sign * units * self.steps[at]

    def fits(self, at: int, system: str, steps: int = 0) -> bool:
        """Whether one fits there as things stand, itself not counted."""
        self._move(at, 1)
        item = self.house.items[at]
        grown = dict(item.grows[system])
        answer = all(units + steps * grown[row] <= self.room[row] for row, units in item.needs[system])
        self._move(at, -1)
        return answer

    def try_in(self, at: int) -> tuple[State, list[Proof]]:
        """Place one beside those who are in, moving them where that helps; NONE comes with its proofs, if any."""
        item = self.house.items[at]
        for system in item.systems:
            if self.fits(at, system):
                self.put(at, system)
                return State.FOUND, []
        if self._make_room(at):
            return State.FOUND, []
        allowed = {other: self.house.items[other].systems for other in self.at} | {at: item.systems}
        return self.arrange(allowed, at)

    def _make_room(self, at: int) -> bool:
        """Whether it fits once one other has moved, which then has; the last in the ranking moves first."""
        items = self.house.items
        for system in items[at].systems:
            short = [(row, units - self.room[row]) for row, units in items[at].needs[system] if units > self.room[row]]
            for other in sorted((one for one, where in self.at.items() if where == system), reverse=True):
                freed = dict(items[other].needs[system])
                if any(freed.get(row, 0) < missing for row, missing in short):
                    continue
                for place in items[other].systems:
                    if place != system and self.fits(other, place, self.steps[other]):
                        self.put(other, place, self.steps[other])
                        if self.fits(at, system):
                            self.put(at, system)
                            return True
                        self.put(other, system, self.steps[other])
        return False

    def arrange(self, allowed: Allowed, newest: int, total: int = 0) -> tuple[State, list[Proof]]:
        """Place all of these, each on one of its systems, growing by `total` steps together.

        Each system of the newest is tried in the programme of parts first: most that do not fit are proved so there.
        """
        proofs, open_to = [], []
        for system in allowed[newest]:
            proof = self._prove({**allowed, newest: (system,)}, newest)
            proofs += [proof] if proof else []
            open_to += [] if proof else [system]
        if not open_to:
            return State.NONE, proofs
        programme, places, growth = self.programme({**allowed, newest: tuple(open_to)}, grows=total > 0)
        if total:
            programme.row([(column, 1) for column in growth.values()], low=total)
        state = self.adopt(programme, places, growth, {})
        return (State.FOUND if state is State.BEST else state), []

    def adopt(
        self,
        programme: Programme,
        places: Mapping[tuple[int, str], int],
        growth: Mapping[tuple[int, str], int],
        gain: Mapping[int, int],
        start: Mapping[int, int] | None = None,
    ) -> State:
        """Solve, and stand as the answer says, if there is one."""
        if self.work > self.effort:
            return State.UNKNOWN
        answer = solve(programme, gain, nodes=self.nodes, start=start)
        self.calls += answer.calls
        self.work += answer.work
        if answer.state in (State.BEST, State.FOUND):
            for (at, system), column in places.items():
                if answer.values[column]:
                    steps = answer.values[growth[at, system]] if (at, system) in growth else 0
                    self.put(at, system, steps)
        return answer.state

    def _prove(self, allowed: Allowed, newest: int) -> Proof | None:
        """Prices that show that the newest does not fit: known ones, or of the programme where it may come in part."""
        known = next((one for one in self.proofs if one.forbids(allowed)), None)
        if known:
            return known
        programme, places, _ = self.programme(allowed, newest=newest)
        found = relax(programme, {places[newest, system]: 1 for system in allowed[newest]})
        self.calls += 1
        if found is None or found.value > 1 - ALMOST:
            return None
        proof = Proof(self.house, found.prices[: len(self.house.limits)])
        if not proof.forbids(allowed):
            return None
        self.proofs = [proof, *self.proofs][:MAX_PROOFS]
        return proof

    def programme(
        self, allowed: Allowed, *, newest: int | None = None, grows: bool = False
    ) -> tuple[Programme, dict[tuple[int, str], int], dict[tuple[int, str], int]]:
        """The limits as its first rows, then one place for each; the newest, if named, may have less than one."""
        made = Programme()
        places = {(at, system): made.column() for at, systems in allowed.items() for system in systems}
        items, growth = self.house.items, dict[tuple[int, str], int]()
        if grows:
            growth = {key: made.column(items[key[0]].steps) for key in places if items[key[0]].steps}
        terms: list[list[tuple[int, int]]] = [[] for _ in self.house.limits]
        for (at, system), column in places.items():
            for row, units in items[at].needs[system]:
                terms[row].append((column, units))
        for (at, system), column in growth.items():
            for row, units in items[at].grows[system]:
                terms[row].append((column, units))
        for limit, one in zip(self.house.limits, terms, strict=True):
            made.row(one, high=limit.room)
        for at, systems in allowed.items():
            made.row([(places[at, system], 1) for system in systems], high=1, low=0 if at == newest else 1)
        for key, column in growth.items():
            made.row([(column, 1), (places[key], -items[key[0]].steps)], high=0)
        return made, places, growth
