"""Reports: which are owed, by when, what is missing in one, when somebody is reminded. Pure; needs no Django."""

import calendar
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from fabrica.kit.facts import Source, load, source_of

EVERY_MODE = "*"
UNITS = ("words", "letters")
MOST_LETTERS = 20_000  # of any answer, whatever its own limit


@dataclass(frozen=True)
class Question:
    """One question of a report, and how long its answer may be."""

    key: str
    text: str
    text_fr: str
    most: int
    unit: str
    is_needed: bool

    def said(self, language: str) -> str:
        """The question in a language of the portal."""
        return self.text_fr if language == "fr" else self.text


@dataclass(frozen=True)
class Form:
    """A report that awards of a mode owe: from which day the row holds, when it is due, and what it asks.

    It is due `months` and then `days` after the award's begin or end; `days` may be below zero.
    """

    mode: str
    kind: str
    since: date
    least_months: int
    after: str
    months: int
    days: int
    questions: tuple[Question, ...]
    due_source: Source
    questions_source: Source

    def due_on(self, begin: date, end: date) -> date:
        """The last day on which it is in time."""
        return months_later(begin if self.after == "begin" else end, self.months) + timedelta(days=self.days)


@dataclass(frozen=True)
class Reminders:
    """On which days from the due day on somebody is reminded, and how long a report that came back may take."""

    days: tuple[int, ...]
    mend_days: int
    source: Source


@dataclass(frozen=True)
class Gap:
    """What is wrong with an answer: `missing`, or how far it is `over`."""

    key: str
    over: int

    @property
    def is_missing(self) -> bool:
        return not self.over


def months_later(day: date, months: int) -> date:
    """The same day so many months later, or the last day of that month where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


@cache
def forms() -> tuple[Form, ...]:
    """Every row of our data. Raises KeyError or ValueError for a file that makes no sense."""
    loaded = load("fabrica.projects", "reports.json")
    asked = {row["key"]: question_from(row) for row in loaded["questions"]}
    return tuple(_form(row, asked) for row in loaded["forms"])


@cache
def reminders() -> Reminders:
    """When somebody is reminded."""
    row = load("fabrica.projects", "reports.json")["reminders"]
    return Reminders(tuple(sorted(row["days"])), row["mend_days"], source_of(row))


def _form(row: Mapping[str, Any], asked: Mapping[str, Question]) -> Form:
    due = row["due"]
    if due["after"] not in ("begin", "end"):
        raise ValueError(f"a report is due after the begin or the end: {row}")
    return Form(
        row["mode"], row["kind"], date.fromisoformat(row["from"]), row["least_months"], due["after"], due["months"],
        due["days"], tuple(asked[key] for key in row["questions"]), source_of(row["due_source"]),
        source_of(row["questions_source"]),
    )  # fmt: skip


def question_from(row: Mapping[str, Any]) -> Question:
    """A question as the data, or a report that keeps it, has it. Raises KeyError or ValueError."""
    if row["unit"] not in UNITS or row["most"] < 1:
        raise ValueError(f"an answer is limited in {' or '.join(UNITS)}: {row}")
    return Question(row["key"], row["text"], row["text_fr"], row["most"], row["unit"], row["is_needed"])


def owed(mode: str, months: int, begin: date, rows: Iterable[Form] | None = None) -> list[Form]:
    """The reports an award owes that began on a day: one of each kind at most, by the row nearest to it."""
    held: dict[str, Form] = {}
    for one in forms() if rows is None else rows:
        if one.mode in (mode, EVERY_MODE) and one.since <= begin and months >= one.least_months:
            before = held.get(one.kind)
            if before is None or _nearness(one) > _nearness(before):
                held[one.kind] = one
    return [held[kind] for kind in sorted(held, reverse=True)]


def _nearness(one: Form) -> tuple[bool, date]:
    return one.mode != EVERY_MODE, one.since


def length(text: str, unit: str) -> int:
    """How long an answer is, in its unit."""
    return len(re.findall(r"\S+", text)) if unit == "words" else len(text.strip())


def gaps(questions: Iterable[Question], answers: Mapping[str, str]) -> list[Gap]:
    """What must be mended before it is handed in, in the order of the questions."""
    found = []
    for one in questions:
        size = length(answers.get(one.key, ""), one.unit)
        if size > one.most:
            found.append(Gap(one.key, size - one.most))
        elif one.is_needed and not size:
            found.append(Gap(one.key, 0))
    return found


def reminder(due_on: date, today: date, days: Iterable[int]) -> int | None:
    """Which reminder is the latest that has come, in days from the due day; None before the first."""
    passed = [one for one in days if (today - due_on).days >= one]
    return max(passed, default=None)
