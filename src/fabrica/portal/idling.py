"""When is a project idle, and when is an officer asked about its hours? Dated rules of a site, and pure questions."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from django.utils.translation import gettext as _

from fabrica.kit.errors import Refused
from fabrica.kit.facts import Data, Source, load, source_of
from fabrica.portal.forecasting import Forecast

LIFE = Data("fabrica.portal", "life.json", "FABRICA_LIFE_RULES", "docs/operator/projects.md")
EVERYWHERE = "*"
MOST_DAYS, MOST_PERCENT = 3_650, 100


@dataclass(frozen=True)
class Rule:
    """A site's rule from a day on. `reclaim` is asked for only when all three of its figures hold.

    `object_days` is how long a project may object once it was told that its hours go back.
    """

    site: str
    since: date
    recent_days: int
    least_days: int
    idle_days: int
    reclaim_idle_days: int
    reclaim_time_percent: int
    reclaim_used_percent: int
    object_days: int
    source: Source


@dataclass(frozen=True)
class Idle:
    """Since when no job ran, and how many whole days that is."""

    since: datetime
    days: int


def rule_for(site: str, on: date, path: str = "") -> Rule:
    """The rule that holds at a site on a day. Raises Refused where the file says none, or cannot be read."""
    held = [one for one in rules(path) if one.site in (site, EVERYWHERE) and one.since <= on]
    if not held:
        raise Refused(
            _("No rule about idle projects holds at %(site)s.") % {"site": site},
            todo=_("Add a row for it, or for every site (*)."),
        )
    return max(held, key=lambda one: (one.site == site, one.since))


@cache
def rules(path: str = "") -> tuple[Rule, ...]:
    """Every rule of a site's own file, or of ours; read once. Raises Refused."""
    try:
        return LIFE.read(path, lambda found: tuple(_rule(row) for row in found["rows"]))
    except Refused as error:
        told = _("The rules about idle projects in %(path)s cannot be used.") % {"path": path or LIFE.name}
        todo = _("See docs/operator/projects.md for its form, then restart.")
        raise Refused(told, why=error.why, todo=todo) from error


def _rule(row: dict[str, Any]) -> Rule:
    back = row["reclaim"]
    return Rule(
        str(row["site"]), date.fromisoformat(row["from"]),
        _number(row, "recent_days", 1, MOST_DAYS), _number(row, "least_days", 1, MOST_DAYS),
        _number(row, "idle_days", 1, MOST_DAYS), _number(back, "idle_days", 1, MOST_DAYS),
        _number(back, "time_percent", 0, MOST_PERCENT), _number(back, "used_percent", 0, MOST_PERCENT),
        _object_days(back), source_of(row),
    )  # fmt: skip


def _object_days(back: dict[str, Any]) -> int:
    """A file of before there was such a clock gets ours."""
    ours = load("fabrica.portal", "life.json")["rows"][0]["reclaim"]
    return _number({**ours, **back}, "object_days", 1, MOST_DAYS)


def _number(row: dict[str, Any], key: str, least: int, most: int) -> int:
    value = row[key]
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{key} must be a whole number from {least} to {most}")
    return value


def idle(last_job_at: datetime | None, starts_at: datetime, now: datetime) -> Idle:
    """How long nothing ran: since the last job, or since the award began where there was none."""
    since = max(last_job_at or starts_at, starts_at)
    return Idle(since, max(timedelta(0), now - since) // timedelta(days=1))


def is_warned(rule: Rule, found: Idle) -> bool:
    """Whether the project's people are told that it stands idle."""
    return found.days >= rule.idle_days


def is_to_reclaim(rule: Rule, found: Idle, foreseen: Forecast) -> bool:
    """Whether an officer is asked if the hours go back: long idle, late in its time, and little used."""
    return (
        found.days >= rule.reclaim_idle_days
        and foreseen.time_percent >= rule.reclaim_time_percent
        and foreseen.used_percent < rule.reclaim_used_percent
    )
