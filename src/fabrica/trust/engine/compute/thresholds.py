"""The thresholds of training compute as dated data, the errors we state, and the clock of a notification."""

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from typing import Any

from fabrica.kit.facts import Source, load, source_of

KEYS = GENERAL_PURPOSE, MODIFIER, SYSTEMIC = "general_purpose", "modifier", "systemic"
HALF, WHOLE = 50, 100
LEVELS = (HALF, WHOLE)


@dataclass(frozen=True)
class Threshold:
    """From how many operations on something is owed: a figure of its own, or a share of what a base model took.

    `notify_within_days`: how long the provider has to notify the Commission, where it must.
    """

    key: str
    flop: float | None
    share_of_base: Fraction | None
    article: str
    applies_from: date
    notify_within_days: int | None
    notify_article: str
    source: Source


@cache
def _read() -> tuple[tuple[Threshold, ...], dict[str, tuple[float, Source]]]:
    """Thresholds and errors, checked. Raises ValueError."""
    told = load("fabrica.trust", "compute.json")
    found = tuple(_threshold(row) for row in told["thresholds"])
    if tuple(one.key for one in found) != KEYS or tuple(told["levels"]) != LEVELS:
        raise ValueError(f"compute.json must state {', '.join(KEYS)} and the levels {LEVELS}")
    return found, {row["name"]: (_share(row["value"]), source_of(row)) for row in told["errors"]}


def _threshold(row: dict[str, Any]) -> Threshold:
    flop = float(row["flop"]) if "flop" in row else None
    share = Fraction(row["share_of_base"]) if "share_of_base" in row else None
    days = row.get("notify_within_days")
    if (flop is None) == (share is None) or not (flop or share or 0) > 0 or not (days is None or days > 0):
        raise ValueError(f"a threshold is a figure or a share of a base model: {row}")
    return Threshold(
        row["key"], flop, share, row["article"], date.fromisoformat(row["applies_from"]), days,
        row.get("notify_article", ""), source_of(row),
    )  # fmt: skip


def _share(value: float) -> float:
    if not 0 < value < 1:
        raise ValueError(f"an error of {value} is no share")
    return value


def thresholds(as_of: date) -> tuple[Threshold, ...]:
    """Those that apply on a day."""
    return tuple(one for one in _read()[0] if one.applies_from <= as_of)


def threshold(key: str) -> Threshold:
    """One by its key."""
    return next(one for one in _read()[0] if one.key == key)


def error_of(name: str) -> tuple[float, Source]:
    """The error we state of a method, as a share, and why."""
    return _read()[1][name]


def due_on(one: Threshold, known_on: date) -> date | None:
    """The last day to notify the Commission, from the day on which it was known or could be foreseen.

    That day itself does not count (Regulation 1182/71, Art. 3(1)), and nothing is added where the last one is a
    holiday: who is early is in time. None where nobody is to be notified.
    """
    return None if one.notify_within_days is None else known_on + timedelta(days=one.notify_within_days)
