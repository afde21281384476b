"""The versions of the form, side by side. None changes once it was shipped: a correction is a later version."""

from datetime import date
from functools import cache

from fabrica.kit.errors import NotFound, Refused
from fabrica.kit.facts import load
from fabrica.trust.engine.impact.questions import Questions
from fabrica.trust.engine.impact.reading import read

VERSIONS = ("impact-2026-1",)  # in the order in which they came into force


@cache
def questions(version: str) -> Questions:
    """A version, read and checked. Raises NotFound; ValueError where its data makes no sense."""
    if version not in VERSIONS:
        todo = f"Use one of: {', '.join(VERSIONS)}."
        raise NotFound(f"There is no version {str(version)[:40]!r} of the impact assessment.", todo=todo)
    return read(load("fabrica.trust", f"{version}.json"))


def in_force(day: date) -> Questions:
    """The form of a day. Raises Refused for a day before the first."""
    begun = [found for found in map(questions, VERSIONS) if found.valid_from <= day]
    if not begun:
        raise Refused(f"No version of the impact assessment covers {day}.")
    return begun[-1]
