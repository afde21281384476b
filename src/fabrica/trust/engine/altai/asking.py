"""Which items a mode is asked, and whether it must answer them: dated data, for a site to read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any

from fabrica.kit.errors import Refused
from fabrica.kit.facts import Source, load, source_of
from fabrica.trust.engine.altai.checklist import Checklist, Item


class Scope(StrEnum):
    """How much is asked."""

    GATE = "gate"
    ALL = "all"

    def items(self, rules: Checklist, requirement: str = "") -> tuple[Item, ...]:
        """What is asked, of one requirement or of all: those of the gate first."""
        found = [one for one in rules.items if not requirement or one.requirement == requirement]
        asked = [one for one in found if one.is_gate or self is Scope.ALL]
        return tuple(sorted(asked, key=lambda one: not one.is_gate))


@dataclass(frozen=True)
class Asked:
    """What a mode is asked, and whether it hands nothing in without it."""

    scope: Scope
    is_required: bool


@dataclass(frozen=True)
class Sets:
    """Who is asked what, from a day on."""

    valid_from: date
    source: Source
    otherwise: Asked
    modes: Mapping[str, Asked]

    def of(self, mode: str) -> Asked:
        """What a mode is asked."""
        return self.modes.get(mode, self.otherwise)


def _asked(row: Mapping[str, Any]) -> Asked:
    if not isinstance(row["is_required"], bool) or set(row) != {"asks", "is_required"}:
        raise ValueError(f"a mode has asks and is_required, nothing else: {row}")
    return Asked(Scope(row["asks"]), row["is_required"])


def read_sets(rows: list[dict[str, Any]]) -> tuple[Sets, ...]:
    """The dated versions, the first first. Raises ValueError."""
    found = tuple(
        Sets(
            date.fromisoformat(row["valid_from"]), source_of(row), _asked(row["otherwise"]),
            {key: _asked(one) for key, one in row["modes"].items()},
        )
        for row in rows
    )  # fmt: skip
    days = [one.valid_from for one in found]
    if not days or days != sorted(set(days)):
        raise ValueError("the versions of altai-modes.json begin one after the other")
    return found


@cache
def _shipped() -> tuple[Sets, ...]:
    return read_sets(load("fabrica.trust", "altai-modes.json")["versions"])


def sets_on(day: date) -> Sets:
    """Who is asked what on a day. Raises Refused for a day before the first."""
    begun = [one for one in _shipped() if one.valid_from <= day]
    if not begun:
        raise Refused(f"Nothing says who is asked a self-assessment on {day}.")
    return begun[-1]
