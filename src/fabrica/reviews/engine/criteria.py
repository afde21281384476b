"""The criteria that experts score by: scale, weight and threshold of each, as dated data."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from fabrica.kit.facts import Source, load, source_of

WHOLE = 100
MOST_REVIEWS = 10


@dataclass(frozen=True)
class Criterion:
    """What is scored in whole numbers from `low` to `high`; `weight` is its share in percent."""

    id: str
    label: Mapping[str, str]
    hint: Mapping[str, str]
    low: int
    high: int
    weight: int
    threshold: int
    source: Source


@dataclass(frozen=True)
class Criteria:
    """All that is scored in a mode; how many reviews it wants, and in how many working days."""

    version: str
    reviews: int
    days: int
    source: Source
    each: tuple[Criterion, ...]

    @property
    def by_source(self) -> list[tuple[Source, list[Criterion]]]:
        """Where scales, weights and thresholds come from, each source with the criteria that follow it, in order."""
        sources = dict.fromkeys(one.source for one in self.each)
        return [(source, [one for one in self.each if one.source == source]) for source in sources]


def criteria_from(row: Mapping[str, Any]) -> Criteria:
    """The criteria in a row. Raises ValueError where a figure makes no sense."""
    each = tuple(_criterion(one) for one in row["criteria"])
    made = Criteria(row["version"], row["reviews"], row["review_working_days"], source_of(dict(row)), each)
    if sum(one.weight for one in each) != WHOLE or len({one.id for one in each}) != len(each):
        raise ValueError(f"criteria stand once each and weigh 100 % together: {row}")
    if not (1 <= made.reviews <= MOST_REVIEWS and made.days > 0):
        raise ValueError(f"1 to {MOST_REVIEWS} reviews, in a time: {row}")
    return made


def _criterion(row: Mapping[str, Any]) -> Criterion:
    made = Criterion(
        row["id"], _texts(row, "label"), _texts(row, "hint"), row["low"], row["high"], row["weight"], row["threshold"],
        source_of(dict(row)),
    )  # fmt: skip
    if not (0 <= made.low <= made.threshold <= made.high and made.low < made.high and made.weight > 0):
        raise ValueError(f"a criterion whose figures make no sense: {row}")
    return made


def _texts(row: Mapping[str, Any], name: str) -> dict[str, str]:
    return {"en": row[name], "fr": row.get(f"{name}_fr") or row[name]}


@cache
def _loaded() -> dict[str, Any]:
    loaded = load("fabrica.reviews", "criteria.json")
    for name in loaded["sets"]:
        criteria_from(_row(loaded, name))
    return loaded


def _row(loaded: Mapping[str, Any], name: str) -> dict[str, Any]:
    kept = ("version", "reviews", "review_working_days", "source", "checked_on", "confidence")
    return {**{key: loaded[key] for key in kept}, "criteria": loaded["sets"][name]}


def criteria_row(mode: str) -> dict[str, Any]:
    """The row of a mode, as an evaluation keeps it."""
    loaded = _loaded()
    return _row(loaded, loaded["modes"].get(mode, loaded["otherwise"]))


@cache
def fields() -> dict[str, Mapping[str, str]]:
    """The fields that experts know, in order: their names by language."""
    loaded = load("fabrica.reviews", "fields.json")
    source_of(loaded)
    return {row["id"]: _texts(row, "label") for row in loaded["fields"]}
