"""Facts of the world that the start page tells, from a data file."""

from dataclasses import dataclass
from functools import cache

from fabrica.kit.facts import Source, load, source_of


@dataclass(frozen=True)
class Price:
    """What access costs, for whom, and where that is written."""

    free_for: str
    otherwise: str
    source: Source


@cache
def price() -> Price:
    """The price of access in the programme. Raises KeyError or ValueError for a data file that lacks a fact."""
    row = load("fabrica.portal", "price.json")["price"]
    return Price(row["free_for"], row["otherwise"], source_of(row))
