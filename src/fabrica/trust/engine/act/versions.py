"""The versions that come along, side by side. None changes once it was shipped: a correction is a later version."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

from fabrica.kit.errors import NotFound, Refused
from fabrica.kit.facts import load
from fabrica.trust.engine.act.checking import check
from fabrica.trust.engine.act.reading import known, read
from fabrica.trust.engine.act.ruleset import RuleSet

# In the order in which they came into force; of two that began on one day, the later corrects the earlier.
VERSIONS = ("act-2025-08-1", "act-2026-11-1", "act-2026-11-2")
CHANGED = ("sources", "conditions", "rules", "questions", "duties")
TOLD = (*CHANGED, "version", "title", "title_fr", "valid_from", "checked_on", "based_on", "leaves_out")


@cache
def ruleset(version: str) -> RuleSet:
    """A version, read and checked. Raises NotFound; ValueError where its data makes no sense."""
    if version not in VERSIONS:
        todo = f"Use one of: {', '.join(VERSIONS)}."
        raise NotFound(f"There is no version {str(version)[:40]!r} of the trust rules.", todo=todo)
    found = read(whole(version))
    check(found)
    return found


def version_on(day: date) -> str:
    """The version in force on a day. Raises Refused for a day before the first."""
    begun = [version for version in VERSIONS if date.fromisoformat(_data(version)["valid_from"]) <= day]
    if not begun:
        first = _data(VERSIONS[0])["valid_from"]
        raise Refused(f"No version of the trust rules covers {day}.", why=f"The first begins on {first}.")
    return begun[-1]


def in_force(day: date) -> RuleSet:
    """The rules in force on a day."""
    return ruleset(version_on(day))


@cache
def _data(version: str) -> dict[str, Any]:
    return load("fabrica.trust", f"{version}.json")


def whole(version: str) -> dict[str, Any]:
    """A version's data, whole in itself: one that is told as changes to another is laid over it."""
    told = _data(version)
    return laid_over(whole(told["based_on"]), told) if "based_on" in told else told


def laid_over(base: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """Another version with what is left out, changed and asked besides. Raises ValueError for a change to nothing."""
    known(told, TOLD, ("asks",))
    found: dict[str, Any] = {**base, **{key: told[key] for key in told if key in base and key not in CHANGED}}
    for name, left in told["leaves_out"].items():
        if odd := set(left) - set(_keys(base[name])):
            raise ValueError(f"{told['version']} leaves out what is not there: {', '.join(sorted(odd))}")
        found[name] = _without(base[name], left)
    found["sources"], found["conditions"] = told["sources"], {**found["conditions"], **told["conditions"]}
    for name in ("rules", "questions", "duties"):
        if odd := set(told[name]) - set(_keys(found[name])):
            raise ValueError(f"{told['version']} changes what is not there: {', '.join(sorted(odd))}")
        found[name] = [{**row, **told[name].get(row["id"], {})} for row in found[name]]
    found["questions"] = _asked_too(found["questions"], told.get("asks", {}))
    return found


def _asked_too(rows: list[Any], asks: Mapping[str, Any]) -> list[Any]:
    """The questions with new ones, each after the one that is named. Raises ValueError where there is none."""
    if odd := set(asks) - set(_keys(rows)):
        raise ValueError(f"questions after one that is not there: {', '.join(sorted(odd))}")
    return [one for row in rows for one in (row, *([asks[row["id"]]] if row["id"] in asks else ()))]


def _keys(rows: Any) -> list[str]:
    return list(rows) if isinstance(rows, Mapping) else [row["id"] for row in rows]


def _without(rows: Any, left: list[str]) -> Any:
    if isinstance(rows, Mapping):
        return {key: row for key, row in rows.items() if key not in left}
    return [row for row in rows if row["id"] not in left]
