"""The versions that come along, side by side. None changes once it was shipped: a correction is a later version."""

from datetime import date
from functools import cache

from fabrica.kit.errors import NotFound, Refused
from fabrica.kit.facts import load
from fabrica.trust.engine.altai.checklist import Checklist
from fabrica.trust.engine.altai.reading import read

VERSIONS = ("altai-2026-1",)  # in the order in which they came into force


@cache
def checklist(version: str) -> Checklist:
    """A version, read and checked. Raises NotFound; ValueError where its data makes no sense."""
    if version not in VERSIONS:
        todo = f"Use one of: {', '.join(VERSIONS)}."
        raise NotFound(f"There is no version {str(version)[:40]!r} of the self-assessment.", todo=todo)
    return read(load("fabrica.trust", f"{version}.json"))


def in_force(day: date) -> Checklist:
    """The list of a day. Raises Refused for a day before the first."""
    begun = [found for found in map(checklist, VERSIONS) if found.valid_from <= day]
    if not begun:
        first = checklist(VERSIONS[0]).valid_from
        raise Refused(f"No version of the self-assessment covers {day}.", why=f"The first begins on {first}.")
    return begun[-1]
