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
    """What to add of each counted enterprise."""
    inside: dict[str, dict[str, Decimal]] = {one: {} for one in percents}
    for one in percents:
        for inclusion in ownership.enterprises[one].consolidates:
            if inclusion.id in percents and (inclusion.has_staff or not of_staff):
                inside[inclusion.id][one] = inclusion.percent
    if not any(inside.values()):
        return {one: Part(percent) for one, percent in percents.items()}
    present: dict[str, Decimal] = {}
    found: dict[str, Part] = {}
    for one in TopologicalSorter(inside).static_order():
        held = ZERO
        for parent, percent in inside[one].items():
            held = plus(held, share_of(present[parent], percent))
        present[one] = min(WHOLE, max(percents[one], held))
        found[one] = Part(EXACT.subtract(percents[one], min(held, percents[one])), tuple(sorted(inside[one])))
    return found


def figures_of(one: Enterprise, year: int) -> tuple[Decimal | None, ...]:
    """Staff, turnover and balance of a year; nothing before it was founded, None where a figure is not stated."""
    if one.founded_on is not None and one.founded_on.year > year:
        return (ZERO, ZERO, ZERO)
    for stated in one.years:
        if stated.year == year:
            return (stated.staff, stated.turnover, stated.balance)
    return (None, None, None)


def sums_of(ownership: Ownership, money: Mapping[str, Part], staff: Mapping[str, Part], year: int) -> dict[str, Sum]:
    """Staff, turnover and balance sheet total of a year, over all that is counted."""
    names = sorted(money)
    stated = zip(*(figures_of(ownership.enterprises[one], year) for one in names), strict=True)
    return {
        figure: _sum(names, values, staff if figure == "staff" else money)
        for figure, values in zip(FIGURES, stated, strict=True)
    }


def _sum(names: list[str], values: Iterable[Decimal | None], added: Mapping[str, Part]) -> Sum:
    total, missing, found = ZERO, [], {}
    for name, value in zip(names, values, strict=True):
        percent = added[name].percent
        if percent and value is None:
            missing.append(name)
        elif percent and value is not None:
            found[name] = share_of(value, percent)
            total = EXACT.add(total, found[name])
    return Sum(total, tuple(missing), found)
