"""Proofs in whole numbers that some applications do not fit together, wherever each of them goes.

A proof puts a price on each limit. If everybody, each at its cheapest, costs more than all there is, they do not fit.
The solver's doubles suggest the prices; the sum that decides is made of integers.
"""

from collections.abc import Iterable, Mapping

from fabrica.allocations.engine.capacity.house import House

FINE = 2**60


class Proof:
    """One set of prices, and what it makes everybody cost."""

    def __init__(self, house: House, prices: Iterable[float]) -> None:
        found = [max(0.0, one) for one in prices]
        largest = max(found, default=0.0)
        self.prices = [round(one / largest * FINE) if largest else 0 for one in found]
        self.all = sum(price * limit.room for price, limit in zip(self.prices, house.limits, strict=True))
        self._house, self._known = house, dict[tuple[int, tuple[str, ...]], int]()

    def cost(self, at: int, systems: tuple[str, ...]) -> int:
        """What an application costs at least, on the cheapest of these systems."""
        key = (at, systems)
        if key not in self._known:
            needs = self._house.items[at].needs
            self._known[key] = min(sum(self.prices[row] * units for row, units in needs[system]) for system in systems)
        return self._known[key]

    def forbids(self, allowed: Mapping[int, tuple[str, ...]]) -> bool:
        """Whether these do not fit together."""
        return sum(self.cost(at, systems) for at, systems in allowed.items()) > self.all

    @property
    def rows(self) -> tuple[int, ...]:
        """The limits that it rests on."""
        return tuple(row for row, price in enumerate(self.prices) if price)
