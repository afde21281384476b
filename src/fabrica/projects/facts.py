"""Facts of the world that projects rest on, from data files."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from fabrica.kit.facts import Source, load, source_of


@dataclass(frozen=True)
class Stands:
    """How long something stands open, and where that is written."""

    time: timedelta
    source: Source


@cache
def stands(key: str) -> Stands:
    """How long an `invitation` or a `handover` stands. Raises KeyError or ValueError for a file that lacks a fact."""
    rows = {row["key"]: row for row in load("fabrica.projects", "joining.json")["rows"]}
    return Stands(timedelta(days=rows[key]["days"]), source_of(rows[key]))
