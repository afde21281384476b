"""How steps, dates and amounts are said."""

from datetime import date, timedelta

import pytest
from fabrica.portal.engine import Kind, Step
from fabrica.portal.sayings import SAYINGS
from fabrica.portal.words import due, energy, euros, mass, told

TODAY = date(2026, 11, 23)
ONE = {
    "count": 1,
    "overdue": 0,
    "title": "Letters",
    "project": "Letters",
    "run": 3,
    "due_on": TODAY,
    "owed": "a plan",
    "code": "AIF-1",
}
TARGETS = {
    Kind.ANSWER: ("AIF-1",), Kind.MEND: ("AIF-1",), Kind.ASSESS_IMPACT: (1,), Kind.FINISH_DRAFT: ("AIF-1",), Kind.WAIT_DECISION: ("AIF-1",), Kind.MEND_DATA: ("letters",),
    Kind.SHOW_CONDITION: (7,),
    Kind.LAUNCH: ("letters",), Kind.MEND_RUN: ("letters", 3), Kind.WATCH: ("letters", 3),
    Kind.WAIT_ACCOUNT: ("letters",), Kind.WAIT_STAGING: ("letters",), Kind.HELP: ("letters",), Kind.LOOK_AT_MODEL: ("/models/letters/1/",),
}  # fmt: skip


@pytest.mark.parametrize("kind", Kind)
def test_every_step_has_a_title_a_reason_and_a_link_that_exists(kind):
    found = told(Step(kind, TARGETS.get(kind, ()), ONE))
    assert "%(" not in found.title + found.why + found.label
    assert all((found.title, found.why, found.label, found.path.startswith("/")))


def test_every_step_is_said():
    assert set(SAYINGS) == set(Kind)


@pytest.mark.parametrize(
    ("count", "overdue", "title", "why"),
    [
        (1, 0, "1 application waits for you", "None is late."),
        (1, 1, "1 application waits for you", "It is past its due date."),
        (3, 1, "3 applications wait for you", "1 is past its due date."),
        (3, 2, "3 applications wait for you", "2 are past their due date."),
        (3, 3, "3 applications wait for you", "All are past their due date."),
    ],
)
def test_what_waits_is_said_with_its_lateness(count, overdue, title, why):
    found = told(Step(Kind.DECIDE, words={"count": count, "overdue": overdue}))
    assert (found.title, found.why, found.path) == (title, why, "/desk/")


def test_a_title_with_a_percent_sign_is_left_alone():
    found = told(Step(Kind.FINISH_DRAFT, ("AIF-1",), {**ONE, "title": "100 % green"}))
    assert found.why.startswith("100 % green is a draft.")


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (-3, ("3 days late", "bad")),
        (-1, ("1 day late", "bad")),
        (0, ("due today", "warning")),
        (1, ("due tomorrow", "warning")),
        (2, ("due in 2 days", "info")),
    ],
)
def test_lateness_in_words(days, expected):
    assert due(TODAY + timedelta(days=days), TODAY) == expected


def test_without_a_date():
    assert due(None, TODAY) == ("no date", "neutral")


def test_amounts_in_the_unit_people_read():
    told = [energy(35), energy(1234), mass(12), mass(1340), euros(123450)]
    assert told == ["35.0 Wh", "1.2 kWh", "12.0 g", "1.3 kg", "€1,234.50"]
