"""Adding up figures: own, linked and partners', each once, less what consolidated accounts hold already: Article 6."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from graphlib import TopologicalSorter

from fabrica.people.engine.sme.exact import EXACT, WHOLE, ZERO, plus, share_of
from fabrica.people.engine.sme.graph import FIGURES, Enterprise, Ownership


@dataclass(frozen=True)
class Part:
    """How many per cent of an enterprise's own figures are added, and in whose accounts the rest is already."""

    percent: Decimal
    within: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sum:
    """One figure of one year. `total` is a lower bound while something is missing, for no figure is below zero."""

    total: Decimal
    missing: tuple[str, ...]
    parts: Mapping[str, Decimal]


def parts(ownership: Ownership, percents: Mapping[str, Decimal], *, of_staff: bool) -> dict[str, Part]:
    """What to add of each counted enterprise; those whose accounts contain others come first."""
    inside: dict[str, dict[str, Decimal]] = {one: {} for one in percents}
    for one in percents:
        for inclusion in ownership.enterprises[one].consolidates:
            if inclusion.id in percents and (inclusion.has_staff or not of_staff):
                inside[inclusion.id][one] = inclusion.percent
    present: dict[str, Decimal] = {}
    found: dict[str, Part] = {}
    for one in _outermost_first(inside):
        held = ZERO
        for parent, percent in inside[one].items():
            held = plus(held, share_of(present[parent], percent))
        present[one] = min(WHOLE, max(percents[one], held))
        found[one] = Part(EXACT.subtract(percents[one], min(held, percents[one])), tuple(sorted(inside[one])))
    return found


def _outermost_first(inside: Mapping[str, Mapping[str, Decimal]]) -> Iterable[str]:
    """Those whose accounts contain others before these; most graphs have no consolidated accounts at all."""
    return TopologicalSorter(inside).static_order() if any(inside.values()) else inside


def figure_of(one: Enterprise, year: int, figure: str) -> Decimal | None:
    """A figure of a year; nothing before the enterprise was founded, None where it is not stated."""
    if one.founded_on is not None and one.founded_on.year > year:
        return ZERO
    stated = next((found for found in one.years if found.year == year), None)
    value: Decimal | None = getattr(stated, figure) if stated else None
    return value


def add_up(ownership: Ownership, added: Mapping[str, Part], year: int, figure: str) -> Sum:
    """The sum of one figure over all that is counted."""
    total, missing, found = ZERO, [], {}
    for name in sorted(added):
        part = added[name]
        if part.percent == 0:
            continue
        value = figure_of(ownership.enterprises[name], year, figure)
        if value is None:
            missing.append(name)
        else:
            found[name] = share_of(value, part.percent)
            total = plus(total, found[name])
    return Sum(total, tuple(missing), found)


def sums_of(ownership: Ownership, money: Mapping[str, Part], staff: Mapping[str, Part], year: int) -> dict[str, Sum]:
    """Staff, turnover and balance sheet total of a year."""
    return {one: add_up(ownership, staff if one == "staff" else money, year, one) for one in FIGURES}
