"""Figures that everybody may read: no count below five, nor what would let somebody work it out. Pure.

Within each way to group (by mode, country, ...) a small count is hidden, and so is the next smallest, where the total
and the other groups would tell it. Hours and times of a group go where its awards go; hours also where few awards of
it are left once those of the public list are taken off. What one year hides, all years hide.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from fabrica.portal.queries.kpis import SMALL, Kpi

FEWEST = 5
COUNTS = ("submitted", "eligible", "awarded")
WITH_AWARDS = ("gpu_hours_awarded", "gpu_hours_used", "publications")
TIMES = ("access_working_days_median", "access_working_days_p95")
OF_ALL = ("small_awarded", "small_percent")  # by group, differences between groups would tell them
SHOWN = (*COUNTS, *OF_ALL, *TIMES, *WITH_AWARDS)


@dataclass(frozen=True)
class Told:
    """A group's figures that may be told, None for those that may not; `hidden` names these."""

    group: str
    value: str
    figures: dict[str, int | float | None]
    hidden: frozenset[str]

    def as_dict(self) -> dict[str, Any]:
        """As programs read it."""
        return {"group": self.group, "value": self.value, **self.figures, "hidden": sorted(self.hidden)}


def suppressed(
    rows: Iterable[Kpi], listed: Mapping[tuple[str, str], int] | None = None, years: Iterable[Sequence[Told]] = ()
) -> list[Told]:
    """The same groups with what may be told of each.

    `listed` counts the awards of each group that the public list names with their hours; `years` are what is told of
    each year where the rows are of all of them.
    """
    told: list[Told] = []
    found, hides = list(rows), _hides(years)
    for name, grouped in groupby(found, key=lambda one: one.group):
        of_group = list(grouped)
        kept = [hides.get((one.group, one.value), frozenset()) for one in of_group]
        hidden = {
            column: _hidden([getattr(one, column) for one in of_group], _having(column, kept)) for column in COUNTS
        }
        hours = _hidden([max(0, one.awarded - (listed or {}).get((name, one.value), 0)) for one in of_group])
        for at, one in enumerate(of_group):
            of_one = {column for column in COUNTS if at in hidden[column]} | kept[at]
            told.append(_told(one, of_one | (set(WITH_AWARDS) if at in hours else set()), name, found))
    return told


def _hides(years: Iterable[Sequence[Told]]) -> dict[tuple[str, str], frozenset[str]]:
    """What any of the years hides of a group."""
    found: dict[tuple[str, str], frozenset[str]] = {}
    for year in years:
        for one in year:
            found[one.group, one.value] = found.get((one.group, one.value), frozenset()) | one.hidden
    return found


def _having(column: str, kept: Sequence[frozenset[str]]) -> set[int]:
    return {at for at, hidden in enumerate(kept) if column in hidden}


def _hidden(counts: Sequence[int], also: Iterable[int] = ()) -> set[int]:
    """The places of the counts that are not told: the small ones, and more until nobody can work one out."""
    hidden = {*also, *(at for at, count in enumerate(counts) if 0 < count < FEWEST)}
    others = sorted((count, at) for at, count in enumerate(counts) if count >= FEWEST and at not in hidden)
    while hidden and others and (len(hidden) == 1 or sum(counts[at] for at in hidden) < FEWEST):
        hidden.add(others.pop(0)[1])
    return hidden


def _told(one: Kpi, hidden: set[str], group: str, rows: Sequence[Kpi]) -> Told:
    if "awarded" in hidden:
        hidden |= set(WITH_AWARDS)
    if 0 < one.awarded < FEWEST or "awarded" in hidden:
        hidden |= set(TIMES)
    if group != "all" or _tells_a_kind(rows) or not _is_clear(one):
        hidden |= set(OF_ALL)
    figures = {name: None if name in hidden else getattr(one, name) for name in SHOWN}
    return Told(one.group, one.value, figures, frozenset(hidden))


def _is_clear(one: Kpi) -> bool:
    """Whether neither the small firms nor the others among the awarded are few."""
    return not any(0 < count < FEWEST for count in (one.small_awarded, one.awarded - one.small_awarded))


def _tells_a_kind(rows: Sequence[Kpi]) -> bool:
    """Whether the small firms of all would tell what the table by kind of organisation hides of one of them."""
    kinds = [one for one in rows if one.group == "kind"]
    places = _hidden([one.awarded for one in kinds])
    hidden = [at for at in places if kinds[at].value in SMALL]
    return len(hidden) == 1 or len(places) - len(hidden) == 1
