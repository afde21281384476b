"""Answers to the trust rules for `make bench`: nothing known, a plain text model, and unsure of everything."""

from collections.abc import Iterator
from datetime import date

from fabrica.trust.engine.act import VERSIONS, evaluate, next_questions, ruleset

DAY = date(2026, 11, 26)
TIMES = 20
RULES = ruleset(VERSIONS[-1])


def cases() -> Iterator[tuple[str, dict[str, str]]]:
    """Each with its name."""
    yield "nothing answered", {}
    yield "a plain text model", interviewed()
    yield "unsure of everything", dict.fromkeys(RULES.questions, "unsure")


def interviewed() -> dict[str, str]:
    """The answers of a whole interview in which each question is answered as most would."""
    told: dict[str, str] = {}
    while asked := next_questions(told, DAY, RULES).questions:
        told[asked[0].id] = asked[0].usual
    return told


def weigh(answers: dict[str, str]) -> None:
    """Several times, so that the clock has something to measure."""
    for _ in range(TIMES):
        evaluate(answers, DAY, RULES)


def ask() -> None:
    """What to ask first, and how many are left."""
    next_questions({}, DAY, RULES)
