"""How the next step and a due date are said, and where the step's link leads."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from fabrica.applications.engine.clocks import Clock
from fabrica.applications.states import Standing
from fabrica.portal.engine import Kind, Step
from fabrica.portal.sayings import SAYINGS, Saying, Text

LIGHT = 0.1
KILO = 1_000


@dataclass(frozen=True)
class Told:
    """A step as a page and the API tell it. `path` is empty where there is nothing to press."""

    kind: str
    title: str
    why: str
    label: str
    path: str


def told(step: Step) -> Told:
    """The step in words and with its link, in the language of the page."""
    saying, words = SAYINGS[step.kind], _readable(step.words)
    why = _late(words["count"], words["overdue"]) if step.kind is Kind.DECIDE else str(_filled(saying.why, words))
    return Told(step.kind.value, str(_filled(saying.title, words)), why, str(saying.label), _path(step, saying))


def _filled(text: Text, words: dict[str, Any]) -> Text:
    return text % words if words else text


def _readable(words: dict[str, Any]) -> dict[str, Any]:
    due = words.get("due_on")
    return {**words, "due": formats.date_format(due, "j F Y")} if due else words


def _late(count: int, overdue: int) -> str:
    if not overdue:
        return _("None is late.")
    if count == overdue:
        return ngettext("It is past its due date.", "All are past their due date.", count)
    return ngettext("%(overdue)d is past its due date.", "%(overdue)d are past their due date.", overdue) % {
        "overdue": overdue
    }


def _path(step: Step, saying: Saying) -> str:
    if not saying.address:
        return str(step.target[0]) if step.target else ""
    return reverse(saying.address, args=step.target) + saying.fragment


def due(due_on: date | None, today: date) -> tuple[str, str]:
    """A due date in words, and the tone of the badge: `due in 2 days`, `due today`, `3 days late`."""
    if due_on is None:
        return _("no date"), "neutral"
    days = (due_on - today).days
    if days < 0:
        return ngettext("%(days)d day late", "%(days)d days late", -days) % {"days": -days}, "bad"
    if days == 0:
        return _("due today"), "warning"
    return ngettext("due tomorrow", "due in %(days)d days", days) % {"days": days}, "info" if days > 1 else "warning"


def step_due(clock: Clock | None, now: datetime) -> tuple[str, str]:
    """When the step that runs is due, in words, and the tone of the badge: `paused`, `due tomorrow`, `3 days late`."""
    if clock is None or clock.step is None:
        return due(None, timezone.localdate(now))
    standing = clock.step.standing(now)
    if standing is Standing.PAUSED:
        return _("paused"), "neutral"
    words, tone = due(clock.step.due_on, timezone.localdate(now))
    if standing is Standing.LATE:
        return (words if tone == "bad" else _("late")), "bad"
    return words, "warning" if standing is Standing.SOON else tone


def energy(watt_hours: float) -> str:
    """Energy in the unit people read: `35 Wh`, `1.2 kWh`."""
    if watt_hours < KILO:
        return f"{formats.number_format(round(watt_hours, 1), 1)} Wh"
    return f"{formats.number_format(round(watt_hours / KILO, 1), 1, force_grouping=True)} kWh"


def mass(grams: float) -> str:
    """A mass in the unit people read: `9 mg`, `12.0 g`, `1.3 kg`."""
    if 0 < grams < LIGHT:
        return f"{formats.number_format(round(grams * KILO), 0)} mg"
    if grams < KILO:
        return f"{formats.number_format(round(grams, 1), 1)} g"
    return f"{formats.number_format(round(grams / KILO, 1), 1, force_grouping=True)} kg"


def euros(cents: int) -> str:
    """Cents as euros: `€1,234.50`."""
    return f"€{formats.number_format(cents / 100, 2, force_grouping=True)}"
