"""Links through natural persons, alone or acting jointly: Article 3(3), fourth subparagraph."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from fabrica.people.engine.sme.graph import Kind, Ownership
from fabrica.people.engine.sme.linked import Groups, Step, controlled


def families(ownership: Ownership) -> list[frozenset[str]]:
    """Persons who act jointly, and each other person alone."""
    together = frozenset().union(*ownership.jointly) if ownership.jointly else frozenset()
    persons = {one.id for one in ownership.enterprises.values() if one.kind is Kind.PERSON}
    return sorted([*ownership.jointly, *(frozenset({one}) for one in persons - together)], key=sorted)


def link_through_persons(ownership: Ownership, groups: Groups, majority: Decimal) -> list[tuple[str, ...]]:
    """Link what the same persons control in the same or adjacent markets.

    Returns the sets of enterprises under the same persons of which one states no market: whether they are linked is
    not known.
    """
    doubts = []
    for persons in families(ownership):
        under = sorted(controlled(ownership, persons, majority))
        if len(under) > 1:
            for first, second in _neighbours(ownership, under):
                groups.join(Step(first, second, "persons", tuple(sorted(persons))))
            if any(not ownership.enterprises[one].markets for one in under):
                doubts.append(tuple(under))
    return doubts


def _neighbours(ownership: Ownership, under: list[str]) -> Iterator[tuple[str, str]]:
    """Pairs in the same or adjacent markets: enough of them to reach each, not every pair."""
    active: dict[str, list[str]] = {}
    for one in under:
        for market in sorted(ownership.enterprises[one].markets):
            active.setdefault(market, []).append(one)
    for there in active.values():
        yield from pairwise(there)
    for first, second in sorted(tuple(sorted(pair)) for pair in ownership.adjacent):
        if first in active and second in active and active[first][0] != active[second][0]:
            yield active[first][0], active[second][0]
