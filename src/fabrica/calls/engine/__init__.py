"""Access modes as dated data, the clock that a mode promises, and which mode fits whom.

Words: a *figure* of a mode is a size, a date, a price; a *rule* says for whom it is; a *route* is what a mode means for
one profile. The way: `terms` reads a mode's row, `profile` the answers, `conditions` weighs them, `limits` compares
sizes and times, `routing` makes the routes, `saying` puts them into words, `answer` into plain data. `opening` makes a
row ready for a call on one machine, `mode` is what such a row says to a call.
"""

from datetime import date
from functools import cache
from typing import Any

from fabrica.calls.engine.mode import Mode, mode_from
from fabrica.calls.engine.terms import Terms, gathered, terms_from
from fabrica.kit.errors import NotFound
from fabrica.kit.facts import load, source_of
from fabrica.kit.time import add_working_days

__all__ = ["Mode", "due_on", "gathered", "mode_from", "mode_row", "rows", "terms", "terms_from"]


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
    """The row of a mode of the data file. Raises NotFound."""
    if key not in rows():
        raise NotFound(f"There is no access mode {key}.", todo=f"Use one of: {', '.join(rows())}.")
    return rows()[key]


def due_on(start: date, working_days: int, country: str) -> date:
    """The working day that lies `working_days` after `start` in a country (public holidays: `holidays` library)."""
    import holidays  # noqa: PLC0415 - takes 150 ms to load, and the command that finds a route needs no calendar

    years = (start.year, start.year + 1)
    return add_working_days(start, working_days, holidays.country_holidays(country, years=years))
