"""Access modes as dated data, and the clock that a mode promises."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import holidays

from fabrica.kit.errors import NotFound
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
    loaded = load("fabrica.calls", "modes.json")
    found = {row["key"]: {**row, "version": loaded["version"]} for row in loaded["modes"]}
    for row in found.values():
        mode_from(row)
    return found


def mode_row(key: str) -> dict[str, Any]:
    """The row of a mode. Raises NotFound."""
    if key not in rows():
        raise NotFound(f"There is no access mode {key}.", todo=f"Use one of: {', '.join(rows())}.")
    return rows()[key]


def due_on(start: date, working_days: int, country: str) -> date:
    """The working day that lies `working_days` after `start` in a country (public holidays: `holidays` library)."""
    years = (start.year, start.year + 1)
    return add_working_days(start, working_days, holidays.country_holidays(country, years=years))
