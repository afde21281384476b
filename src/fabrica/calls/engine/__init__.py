"""Access modes as dated data, the clock that a mode promises, and which mode fits whom.

Words: a *figure* of a mode is a size, a date, a price; a *rule* says for whom it is; a *route* is what a mode means for
one profile. The way: `terms` reads a mode's row, `profile` the answers, `conditions` weighs them, `limits` compares
sizes and times, `routing` makes the routes, `saying` puts them into words, `answer` into plain data.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from fabrica.calls.engine.terms import Terms, gathered, terms_from
from fabrica.kit.errors import NotFound, Refused
from fabrica.kit.facts import Source, load, source_of
from fabrica.kit.time import add_working_days


@dataclass(frozen=True)
class Mode:
    """An access mode of the programme. Sizes in GPU-hours, durations in months, the clock in working days."""

    key: str
    code: str
    title: str
    for_whom: str
    gpu_hours_min: int
    gpu_hours_max: int
    months: tuple[int, ...]
    access_working_days: int
    source: Source


def mode_from(row: Mapping[str, Any]) -> Mode:
    """A mode from its row. Raises ValueError where a fact is missing or makes no sense."""
    try:
        mode = Mode(
            key=row["key"],
            code=row["code"],
            title=row["title"],
            for_whom=row["for_whom"],
            gpu_hours_min=int(row["gpu_hours_min"]),
            gpu_hours_max=int(row["gpu_hours_max"]),
            months=tuple(row["months"]),
            access_working_days=int(row["access_working_days"]),
            source=source_of(dict(row)),
        )
    except KeyError as missing:
        raise ValueError(f"a mode without {missing}: {row}") from missing
    if not (0 <= mode.gpu_hours_min < mode.gpu_hours_max and mode.months and mode.access_working_days > 0):
        raise ValueError(f"a mode whose figures make no sense: {row}")
    return mode


@cache
def rows() -> dict[str, dict[str, Any]]:
    """The rows of the data file by key, each validated, each with the version of the file."""
    found = gathered(load("fabrica.calls", "modes.json"))
    for row in found.values():
        source_of(row)
        terms_from(row)
        if "gpu_hours_max" in row:
            mode_from(row)
    return found


@cache
def terms() -> tuple[Terms, ...]:
    """The terms of every mode of the data file, in its order."""
    return tuple(terms_from(row) for row in rows().values())


def mode_row(key: str) -> dict[str, Any]:
    """The row of a mode that a call can open. Raises NotFound, Refused."""
    if key not in rows():
        raise NotFound(f"There is no access mode {key}.", todo=f"Use one of: {', '.join(_openable())}.")
    if key not in _openable():
        raise Refused(
            f"A call of {rows()[key]['title']} cannot be opened here.",
            why="A call counts in GPU-hours and in working days from the day an application is handed in.",
            todo=f"Use one of: {', '.join(_openable())}.",
        )
    return rows()[key]


def _openable() -> list[str]:
    return [key for key, row in rows().items() if row.get("counts_from") == "submission"]


def due_on(start: date, working_days: int, country: str) -> date:
    """The working day that lies `working_days` after `start` in a country (public holidays: `holidays` library)."""
    import holidays  # noqa: PLC0415 - takes 150 ms to load, and the command that finds a route needs no calendar

    years = (start.year, start.year + 1)
    return add_working_days(start, working_days, holidays.country_holidays(country, years=years))
