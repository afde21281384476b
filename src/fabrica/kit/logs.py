"""How a line of the log is written, what it carries besides its sentence, and what never gets into it.

`with carrying(run=uid):` puts a field on every line written inside, whoever writes it. Addresses of people, tokens and
query strings are taken out of every line, wherever they came from: an error's text may quote what somebody sent.
"""

import json
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Final

MOST_LETTERS: Final = 20_000
PRIVATE: Final = (
    (re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)*"), "<address>"),
    (re.compile(r"\bfab_[\w-]+"), "<token>"),
    (re.compile(r"(?i)\b(bearer|basic) [\w.~+/=-]+"), r"\1 <token>"),
    (re.compile(r"(?<=[\w/])\?[\w.%~\[\]-]+=[^\s\"'<>]*"), "?<query>"),
    # The one-time keys of a sign-in stand in the address itself.
    (re.compile(r"/(confirm-email|key|invitations)/[^/\s\"']+"), r"/\1/<key>"),
)
_carried: ContextVar[Mapping[str, str] | None] = ContextVar("carried", default=None)


@contextmanager
def carrying(**fields: str) -> Iterator[None]:
    """Put fields on every line that is written inside, such as `request_id`, `loop` or `run`."""
    token = _carried.set({**carried(), **fields})
    try:
        yield
    finally:
        _carried.reset(token)


def carried() -> Mapping[str, str]:
    """The fields that a line written now would carry."""
    return _carried.get() or {}


def without_private(text: str) -> str:
    """The text without addresses, tokens and query strings, and not longer than a line of a log may be."""
    text = text[:MOST_LETTERS]
    for pattern, instead in PRIVATE:
        text = pattern.sub(instead, text)
    return text


class PlainFormatter(logging.Formatter):
    """A line for people: when, level, logger, sentence, fields in brackets; a traceback follows below."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        fields = " ".join(f"{name}={value}" for name, value in _around(record).items())
        return super().formatMessage(record) + (f" [{fields}]" if fields else "")

    def format(self, record: logging.LogRecord) -> str:
        return without_private(super().format(record))


class JsonFormatter(logging.Formatter):
    """One JSON object per line: `time`, `level`, `logger`, `message`, `error` and `traceback`, and the fields.

    A line's own fields are given as `extra={"fields": {...}}`; their words stand in its sentence as well.
    """

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": without_private(record.getMessage()),
        }
        told = {**_around(record), **getattr(record, "fields", {}), **told}
        if record.exc_info and record.exc_info[0]:
            told["error"] = record.exc_info[0].__name__
            told["traceback"] = without_private(self.formatException(record.exc_info))
        return json.dumps(told, ensure_ascii=False, default=str)


def _around(record: logging.LogRecord) -> Mapping[str, str]:
    """What was carried; Django writes some lines when the request has been left already, and gives it along."""
    number = getattr(getattr(record, "request", None), "request_id", None)
    return {**({"request_id": number} if number else {}), **carried()}
