"""The limits as rows of whole numbers, and what each application would take from each of them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from fabrica.allocations.engine.capacity.given import Given, Wish

Needs = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Limit:
    """One limit: a system's hours in a period, or a cap; `room` in units, `units` of them make a GPU-second."""

    kind: str
    id: str
    period: str
    room: int
    units: int

    def seconds(self, units: int) -> int:
        """GPU-seconds, rounded up: what is said to be missing is never too little."""
        return -(-units // self.units)


@dataclass(frozen=True)
class Item:
    """An application that may get something: where it may go, what it takes there, in how many steps it may grow.

    `needs[system]` is what its least award takes; `grows[system]` what each step more takes.
    """

    wish: Wish
    least: int
    steps: int
    systems: tuple[str, ...]
    is_fixed: bool
    needs: Mapping[str, Needs]
    grows: Mapping[str, Needs]


class House:
    """All limits, in whole units.

    An award takes from its system evenly over its months, so each period gives its part of it. That is exact: capacity
    is counted in the part of a GPU-second that all durations share.
    """

    def __init__(self, given: Given) -> None:
        self.given = given
        self.parts = math.lcm(*(one.months for one in given.wishes))
        self._pool = {mode: pool.id for pool in given.pools for mode in pool.modes}
        capacity = [
            Limit("capacity", system.id, period.id, system.capacity[period.id] * self.parts, self.parts)
            for system in given.systems
            for period in given.periods
        ]
        self.limits = (*capacity, *(Limit("cap", cap.id, "", max(0, cap.left), 1) for cap in given.caps))
        self._first = {system.id: at * len(given.periods) for at, system in enumerate(given.systems)}

    @property
    def rooms(self) -> list[int]:
        """What is free before anybody gets anything."""
        return [one.room for one in self.limits]

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """Everybody who is not fixed out: who is fixed in first, then in the order of the ranking."""
        found = [self._item(wish) for wish in self.given.wishes if self._may(wish)]
        return tuple(sorted(found, key=lambda one: not one.is_fixed))

    def _may(self, wish: Wish) -> bool:
        fix = self.given.fixes.get(wish.id)
        return fix is None or fix.is_in

    def _item(self, wish: Wish) -> Item:
        fix, step = self.given.fixes.get(wish.id), self.given.step
        exact = fix.seconds if fix else None
        systems = (fix.system,) if fix and fix.system else wish.systems
        least, steps = (exact, 0) if exact else (wish.least, (wish.seconds - wish.least) // step)
        needs = {system: self.needs(wish, system, least) for system in systems}
        grows = {system: self.needs(wish, system, step) for system in systems}
        return Item(wish, least, steps, systems, fix is not None, needs, grows)

    def needs(self, wish: Wish, system: str, seconds: int) -> Needs:
        """What so many GPU-seconds on a system take from each limit."""
        found, begun, row = [], 0, self._first[system]
        for period in self.given.periods:
            months = min(period.months, wish.months - begun)
            if months <= 0:
                break
            found.append((row, seconds * self.parts // wish.months * months))
            begun, row = begun + months, row + 1
        caps = len(self.limits) - len(self.given.caps)
        pool = self._pool[wish.mode]
        for at, cap in enumerate(self.given.caps, start=caps):
            if pool in cap.pools and (not cap.systems or system in cap.systems):
                found.append((at, seconds))
        return tuple(found)
