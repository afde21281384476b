"""What persons declare: read within its limits, each answer of the kind that its question asks for."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from fabrica.kit.errors import Refused
from fabrica.kit.files import canonical_json
from fabrica.registry.engine.documents.rows import Question, table

MOST_NUMBER = 10**15


def read_answers(given: Mapping[str, Any]) -> dict[str, Any]:
    """The answers as they are kept; None takes one back. Raises Refused, naming what cannot be read."""
    asked = {one.id: one.ask for one in table().asked if one.ask}
    if strange := sorted(set(given) - set(asked)):
        raise Refused(f"No question is called {', '.join(strange)[:200]}.", todo="GET the statement to see them.")
    found, wrong = {}, []
    for name, value in given.items():
        try:
            found[name] = _read(asked[name], value)
        except ValueError as error:
            wrong.append(f"{name}: {error}")
    if wrong:
        raise Refused("These answers cannot be read.", why="; ".join(wrong)[:1_000])
    return found


def merged(declared: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """What is declared after these answers, read before, were given."""
    whole = {**declared, **given}
    return {one.id: whole[one.id] for one in table().asked if whole.get(one.id) is not None}


def digest(declared: Mapping[str, Any], names: Iterable[str]) -> str:
    """Tells whether the answers to some questions are still those that somebody read."""
    return hashlib.sha256(canonical_json([[name, declared.get(name)] for name in sorted(names)])).hexdigest()[:32]


def _read(ask: Question, value: Any) -> Any:
    if value is None or value in ("", []):
        return None
    return READERS[ask.kind](ask, value)


def _words(ask: Question, value: Any) -> str | None:
    if not isinstance(value, str) or len(value) > ask.most or "\x00" in value:
        raise ValueError(f"a text of at most {ask.most} letters")
    return value.encode(errors="replace").decode().strip() or None


def _yes_no(_ask: Question, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")  # noqa: TRY004 - all are told in one way
    return value


def _date(_ask: Question, value: Any) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except TypeError as error:
        raise ValueError("a day such as 2026-11-26") from error


def _number(_ask: Question, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= MOST_NUMBER:
        raise ValueError(f"a whole number up to {MOST_NUMBER}")
    return value


def _choices(ask: Question, value: Any) -> list[str]:
    keys = [key for key, _words in ask.options]
    if not isinstance(value, list) or any(one not in keys for one in value):
        raise ValueError(f"a list of {', '.join(keys)}")
    return [key for key in keys if key in value]


READERS = {
    "text": _words, "long": _words, "yes_no": _yes_no, "date": _date, "number": _number, "choices": _choices,
}  # fmt: skip
