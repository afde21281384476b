"""A question of a call's own: what may be answered, within which limits, and whether it is asked at all. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

KINDS = ("text", "long", "choice", "choices", "number", "yes_no", "date", "file")
FILE_TYPES = ("pdf", "png", "jpg", "txt", "csv")
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
EVERY = {"key", "kind", "label", "label_fr", "help", "help_fr", "required", "when"}
OWN = {
    "text": {"most"}, "long": {"most"}, "choice": {"options"}, "choices": {"options", "most"},
    "number": {"least", "most", "decimals", "unit", "unit_fr"}, "yes_no": set(), "date": {"least", "most"},
    "file": {"most", "types"},
}  # fmt: skip
MOST_LETTERS = {"text": 200, "long": 10_000}
MOST_DECIMALS, MOST_NUMBER, MOST_CHOICES, MOST_FILES = 6, Decimal(10) ** 15, 30, 10
LANGUAGES = ("en", "fr")
Words = Mapping[str, str]


@dataclass(frozen=True)
class Condition:
    """It is asked only where an earlier answer is one of these; `yes` and `no` stand for yes-or-no answers."""

    key: str
    one_of: frozenset[str]


@dataclass(frozen=True)
class Question:
    """One question; `least` and `most` are what its kind means by them: letters, choices, a number, a day, files."""

    key: str
    kind: str
    label: Words
    help: Words
    required: bool
    when: Condition | None = None
    least: Any = None
    most: Any = None
    decimals: int = 0
    unit: Words = field(default_factory=dict)
    options: tuple[tuple[str, Words], ...] = ()
    types: tuple[str, ...] = ()

    @property
    def decides(self) -> frozenset[str]:
        """The answers that a later condition may ask for."""
        if self.kind == "yes_no":
            return frozenset({"yes", "no"})
        return frozenset(key for key, _words in self.options)


def words(row: Mapping[str, Any], name: str, most: int, *, needed: bool = True) -> Words:
    """Words of a row in each language: `label` and `label_fr`. Raises ValueError where one is missing or too long."""
    found = {"en": row.get(name, ""), "fr": row.get(f"{name}_fr", "")}
    for text in found.values():
        if not isinstance(text, str) or len(text) > most:
            raise ValueError(f"{name}: words, at most {most} letters: {str(text)[:80]}")
    filled = [bool(text.strip()) for text in found.values()]
    if any(filled) != all(filled) or (needed and not any(filled)):
        told = found["en"] or found["fr"] or str(row)
        raise ValueError(f"{name} stands there in English and in French: {told[:200]}")
    return found


def question_from(row: Any) -> Question:
    """Read a question. Raises ValueError, in words."""
    if not isinstance(row, Mapping) or row.get("kind") not in KINDS:
        raise ValueError(f"a question has a kind, one of {', '.join(KINDS)}: {str(row)[:100]}")
    key, kind = row.get("key"), row["kind"]
    if not isinstance(key, str) or not NAME.fullmatch(key):
        raise ValueError(f"key: small letters, digits and _, a letter first, at most 40: {key}")
    if strange := sorted(set(row) - EVERY - OWN[kind]):
        raise ValueError(f"{key}: a question of kind {kind} has no {', '.join(strange)}")
    if row.get("required", False) not in (True, False):
        raise ValueError(f"{key}: required is true or false")
    least, most = _limits(key, kind, row)
    return Question(
        key=key, kind=kind, label=words(row, "label", 200), help=words(row, "help", 1_000, needed=False),
        required=row.get("required", False), when=_condition(key, row.get("when")), least=least, most=most,
        decimals=_whole(key, "decimals", row.get("decimals", 0), 0, MOST_DECIMALS),
        unit=words(row, "unit", 40, needed=False), options=_options(key, kind, row), types=_types(key, kind, row),
    )  # fmt: skip


def _condition(key: str, told: Any) -> Condition | None:
    if told is None:
        return None
    if not isinstance(told, Mapping) or set(told) != {"key", "one_of"} or not isinstance(told["key"], str):
        raise ValueError(f"{key}: a condition names the key of an earlier question and `one_of` its answers")
    wanted = told["one_of"]
    if not isinstance(wanted, list) or not wanted or any(not isinstance(one, str) for one in wanted):
        raise ValueError(f"{key}: a condition lists at least one answer; yes and no for yes-or-no questions")
    return Condition(told["key"], frozenset(wanted))


def _limits(key: str, kind: str, row: Mapping[str, Any]) -> tuple[Any, Any]:
    if kind in MOST_LETTERS:
        return None, _whole(key, "most", row.get("most", MOST_LETTERS[kind]), 1, MOST_LETTERS[kind])
    if kind == "file":
        return None, _whole(key, "most", row.get("most", 1), 1, MOST_FILES)
    if kind == "choices":
        return None, _whole(key, "most", row.get("most", MOST_CHOICES), 1, MOST_CHOICES)
    if kind == "number":
        return _ordered(key, *(_number(key, row.get(name)) for name in ("least", "most")))
    if kind == "date":
        return _ordered(key, *(_day(key, row.get(name)) for name in ("least", "most")))
    return None, None


def _ordered(key: str, least: Any, most: Any) -> tuple[Any, Any]:
    if least is not None and most is not None and least > most:
        raise ValueError(f"{key}: the least lies above the most")
    return least, most


def _whole(key: str, name: str, told: Any, least: int, most: int) -> int:
    if isinstance(told, bool) or not isinstance(told, int) or not least <= told <= most:
        raise ValueError(f"{key}: {name} is a whole number from {least} to {most}")
    return told


def _number(key: str, told: Any) -> Decimal | None:
    if told is None:
        return None
    try:
        found = Decimal(str(told))
    except InvalidOperation as error:
        raise ValueError(f"{key}: a limit is a number, not {str(told)[:40]}") from error
    if isinstance(told, bool) or not found.is_finite() or abs(found) > MOST_NUMBER:
        raise ValueError(f"{key}: a limit is a number within {MOST_NUMBER:f}")
    return found


def _day(key: str, told: Any) -> date | None:
    try:
        return None if told is None else date.fromisoformat(told)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{key}: a limit is a day such as 2027-01-31") from error


def _options(key: str, kind: str, row: Mapping[str, Any]) -> tuple[tuple[str, Words], ...]:
    if "options" not in OWN[kind]:
        return ()
    told = row.get("options")
    if not isinstance(told, list) or not 1 < len(told) <= MOST_CHOICES:
        raise ValueError(f"{key}: options: at least two, at most {MOST_CHOICES}")
    for one in told:
        if not isinstance(one, Mapping) or not NAME.fullmatch(str(one.get("key", ""))):
            raise ValueError(f"{key}: an option has a key of small letters, digits and _, and its label")
        if strange := sorted(set(one) - {"key", "label", "label_fr"}):
            raise ValueError(f"{key}: an option has no {', '.join(strange)}")
    if len({one["key"] for one in told}) != len(told):
        raise ValueError(f"{key}: an option stands twice")
    return tuple((one["key"], words(one, "label", 200)) for one in told)


def _types(key: str, kind: str, row: Mapping[str, Any]) -> tuple[str, ...]:
    if kind != "file":
        return ()
    told = row.get("types", list(FILE_TYPES))
    if not isinstance(told, list) or not told or not set(told) <= set(FILE_TYPES):
        raise ValueError(f"{key}: types: some of {', '.join(FILE_TYPES)}")
    return tuple(one for one in FILE_TYPES if one in told)
