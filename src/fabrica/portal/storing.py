"""The storage of an award: dated data of machine and access mode, in the same file as the rules of a project's life."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from django.utils.translation import gettext as _

from fabrica.kit.errors import Refused
from fabrica.kit.facts import Source, source_of
from fabrica.portal.idling import LIFE

EVERY = "*"
MOST_SIZE, MOST_INODES, MOST_DAYS, MOST_WARNINGS = 10**18, 10**12, 3_650, 10


@dataclass(frozen=True)
class Room:
    """What an award of a mode gets on a machine: bytes, inodes, and for how many days after its end it is kept.

    `warn_days` are the days before the purge on which its people are written to.
    """

    machine: str
    mode: str
    since: date
    size_bytes: int
    inodes: int
    keep_days: int
    warn_days: tuple[int, ...]
    source: Source


def room_for(machine: str, mode: str, on: date, path: str = "") -> Room | None:
    """What an award gets that begins on a day; None where no row says so. Raises Refused for a file of no use.

    A row of the machine goes before one of the mode, both before one for all, a later one before an earlier one.
    """
    held = [
        one for one in rooms(path) if one.machine in (machine, EVERY) and one.mode in (mode, EVERY) and one.since <= on
    ]
    return max(held, key=lambda one: (one.machine != EVERY, one.mode != EVERY, one.since), default=None)


@cache
def rooms(path: str = "") -> tuple[Room, ...]:
    """Every row of a site's own file, or of ours; none in a file that has none. Raises Refused."""
    try:
        return LIFE.read(path, lambda found: tuple(_room(row) for row in found.get("storage", ())))
    except Refused as error:
        raise Refused(
            _("The storage of awards in %(path)s cannot be used.") % {"path": path or LIFE.name},
            why=error.why,
            todo=_("See docs/operator/projects.md for its form, then restart."),
        ) from error


def _room(row: Mapping[str, Any]) -> Room:
    warned = row["warn_days"]
    if not isinstance(warned, list) or len(warned) > MOST_WARNINGS:
        raise ValueError(f"warn_days are at most {MOST_WARNINGS} numbers of days")
    return Room(
        str(row["machine"]), str(row["mode"]), date.fromisoformat(row["from"]), _number(row["bytes"], MOST_SIZE),
        _number(row["inodes"], MOST_INODES), _number(row["keep_days"], MOST_DAYS),
        tuple(_number(one, MOST_DAYS) for one in warned), source_of(dict(row)),
    )  # fmt: skip


def _number(value: Any, most: int) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError(f"bytes, inodes and days are whole numbers from 0, at most {most:,}: {value!r}"[:200])
    return value
