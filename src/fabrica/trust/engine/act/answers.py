"""Answers: yes, no or unsure, or a number; what was not answered is known as little as what one is unsure of."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, NoReturn

from fabrica.kit.errors import Refused
from fabrica.trust.engine.act.conditions import Facts, Truth
from fabrica.trust.engine.act.ruleset import RuleSet

FORMAT = "fabrica-trust/1"
MAX_BYTES = 50_000
SHOWN = 60
FORMAT_HELP = "The format stands in docs/applicant/trust.md."
UNSURE = "unsure"
TRUTHS: Mapping[str, Truth] = {"yes": True, "no": False, UNSURE: None}
MOST = Decimal("1e32")
Answers = Mapping[str, str]


@dataclass(frozen=True)
class Given:
    """What a file holds: answers, and the day and version they were given under, where it says so."""

    answers: Answers
    as_of: date | None
    version: str


def read(raw: bytes | str) -> Given:
    """The answers in a file's content. Raises Refused."""
    if len(raw) > MAX_BYTES:
        raise Refused("The file is too large.", why=f"{MAX_BYTES} bytes are the most.", todo=FORMAT_HELP)
    try:
        loaded = json.loads(raw, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        why = f"{error}" if isinstance(error, ValueError) else "It is nested too deeply."
        raise Refused("The file is no JSON document.", why=why[:300], todo=FORMAT_HELP) from error
    if not isinstance(loaded, Mapping) or loaded.get("format") != FORMAT:
        _refuse("format", f"It must be {FORMAT!r}.")
    for key in loaded:
        if key not in ("format", "as_of", "version", "answers"):
            _refuse(str(key), "There is no such key.")
    answers, version = loaded.get("answers"), loaded.get("version", "")
    if not isinstance(answers, Mapping) or not isinstance(version, str):
        _refuse("answers" if isinstance(version, str) else "version", "It is missing or of the wrong kind.")
    return Given({key: _word(key, one) for key, one in answers.items()}, _day(loaded.get("as_of")), version)


def words_of(answers: Mapping[str, Any]) -> dict[str, str | None]:
    """Answers as they are kept: numbers as their digits; None stays, it takes one away. Raises Refused."""
    return {key: None if one is None else _word(key, one) for key, one in answers.items()}


def _word(key: str, value: Any) -> str:
    """As it was written; a number becomes its digits."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        _refuse(key, "An answer is yes, no or unsure, or a number.")
    return str(value)


def _day(told: Any) -> date | None:
    try:
        return None if told is None else date.fromisoformat(told)
    except (TypeError, ValueError):
        _refuse("as_of", "A day reads year-month-day.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def facts_from(answers: Answers, day: date, rules: RuleSet) -> Facts:
    """What is known under a version. Raises Refused, naming the answer that is none."""
    if odd := answers.keys() - rules.questions.keys():
        _refuse(str(min(map(str, odd))), f"There is no such question in version {rules.version}.")
    said, numbers = dict(rules.nothing_said), dict(rules.nothing_counted)
    for key, answer in answers.items():
        if key in numbers:
            numbers[key] = None if answer == UNSURE else _number(key, answer)
        elif not isinstance(answer, str) or answer not in TRUTHS:
            _refuse(key, "An answer is yes, no or unsure.")
        else:
            said[key] = TRUTHS[answer]
    for key, members in rules.groups:
        if said[key] is False:
            said.update({member: False for member in members if member not in answers})
    for key, others in rules.ruled_out:
        if said[key]:
            said.update({other: False for other in others if other not in answers})
    return Facts(said, numbers, answers.keys(), day, rules.conditions)


def _number(key: str, answer: str) -> Fraction:
    """Exact, and bounded in every direction: a tiny exponent would be a number of millions of digits."""
    try:
        found = Decimal(answer)
        is_bounded = len(answer) <= SHOWN and found.is_finite() and 0 <= found <= MOST and found.adjusted() > -SHOWN
    except (InvalidOperation, TypeError, ValueError):
        is_bounded = False
    if not is_bounded:
        _refuse(key, f"It must be a number from 0 to {MOST:.0e}, such as 2e22, or unsure.")
    return Fraction(found)


def _refuse(where: str, why: str) -> NoReturn:
    raise Refused(f"{where[:SHOWN]} cannot be used.", why=why, todo=FORMAT_HELP)
