"""The criteria that experts score by: scale, weight and threshold of each, as dated data."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from fabrica.kit.calendar import MAX_DAYS
from fabrica.kit.facts import Data, Source, load, source_of

CRITERIA = Data("fabrica.reviews", "criteria.json", "FABRICA_CRITERIA", "docs/operator/criteria.md")
WHOLE = 100
MOST_REVIEWS = 10
MOST_POINTS, MOST_VERSION = 100, 40
IDENTIFIER = re.compile(r"[a-z][a-z0-9_]{0,39}")
SCALE = ("low", "high", "weight", "threshold")


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
def criteria_data(path: str = "") -> dict[str, Any]:
    """The sets and which mode has which, of a site's own file or of ours, validated and read once. Raises Refused."""
    return CRITERIA.read(path, _checked)


def _checked(loaded: dict[str, Any]) -> dict[str, Any]:
    """What is stricter here than in `criteria_from` leaves evaluations alone that were opened before."""
    for name in loaded["sets"]:
        row = _row(loaded, name)
        _check_kinds(row)
        criteria_from(row)
    if unknown := {loaded["otherwise"], *loaded["modes"].values()} - set(loaded["sets"]):
        raise ValueError(f"sets that a mode has and that there are not: {', '.join(sorted(unknown))}")
    return loaded


def _check_kinds(row: Mapping[str, Any]) -> None:
    version, days = row["version"], row["review_working_days"]
    if not isinstance(version, str) or not 0 < len(version) <= MOST_VERSION:
        raise ValueError(f"version: words, at most {MOST_VERSION} letters")
    if type(row["reviews"]) is not int or type(days) is not int or days > MAX_DAYS:
        raise ValueError(f"reviews and review_working_days are whole numbers; at most {MAX_DAYS} days")
    for one in row["criteria"]:
        _check_criterion(one)


def _check_criterion(one: Mapping[str, Any]) -> None:
    if not isinstance(one["id"], str) or not IDENTIFIER.fullmatch(one["id"]):
        raise ValueError(f"id: small letters, digits and _, a letter first, at most 40: {one['id']}")
    words = [*_texts(one, "label").values(), *_texts(one, "hint").values()]
    if any(not isinstance(text, str) or not text.strip() for text in words):
        raise ValueError(f"{one['id']}: label and hint are words")
    if any(type(one[key]) is not int or one[key] > MOST_POINTS for key in SCALE):
        raise ValueError(f"{one['id']}: {', '.join(SCALE)} are whole numbers, at most {MOST_POINTS}")


def _row(loaded: Mapping[str, Any], name: str) -> dict[str, Any]:
    kept = ("version", "reviews", "review_working_days", "source", "checked_on", "confidence")
    return {**{key: loaded[key] for key in kept}, "criteria": loaded["sets"][name]}


def criteria_row(mode: str, path: str = "") -> dict[str, Any]:
    """The row of a mode, as an evaluation keeps it. Raises Refused for a site's own file that cannot be used."""
    loaded = criteria_data(path)
    return _row(loaded, loaded["modes"].get(mode, loaded["otherwise"]))


@cache
def fields() -> dict[str, Mapping[str, str]]:
    """The fields that experts know, in order: their names by language."""
    loaded = load("fabrica.reviews", "fields.json")
    source_of(loaded)
    return {row["id"]: _texts(row, "label") for row in loaded["fields"]}
