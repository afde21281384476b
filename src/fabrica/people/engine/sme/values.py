"""One value of an input file at a time: bounded, exact, and refused in words that name its place."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from fabrica.kit.errors import Refused

IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,39}")
MAX_TEXT = 200
SHOWN = 60
FIRST_YEAR, LAST_YEAR = 1800, 2200
FORMAT_HELP = "The format stands in docs/applicant/sme.md."


def refuse(where: str, why: str, todo: str = FORMAT_HELP) -> NoReturn:
    """Say what is wrong at which place of the file."""
    raise Refused(f"{where} cannot be used.", why=why, todo=todo)


class Row:
    """An object of the file: each key is taken once, and one that nobody takes is refused, for it may be misspelt."""

    def __init__(self, value: Any, where: str) -> None:
        if not isinstance(value, Mapping):
            refuse(where, "It must be an object.")
        self._left, self.where = dict(value), where

    def take(self, key: str, default: Any = None) -> Any:
        """A value as it stands."""
        return self._left.pop(key, default)

    def at(self, key: str) -> str:
        return f"{self.where}.{key}" if self.where else key

    def end(self) -> None:
        if self._left:
            refuse(self.at(shown(min(self._left, key=str))), "There is no such key.")

    def need(self, key: str) -> Any:
        if key not in self._left:
            refuse(self.at(key), "It is missing.")
        return self._left.pop(key)

    def identifier(self, key: str) -> str:
        return identifier(self.need(key), self.at(key))

    def text(self, key: str) -> str:
        return text_of(self.need(key), self.at(key))

    def flag(self, key: str) -> bool | None:
        value = self.take(key)
        if value is not None and not isinstance(value, bool):
            refuse(self.at(key), "It must be true or false.")
        return value

    def day(self, key: str) -> date | None:
        value = self.take(key)
        try:
            found = None if value is None else date.fromisoformat(value)
        except (TypeError, ValueError):
            refuse(self.at(key), "It must be a day such as 2026-11-26.")
        if found and not FIRST_YEAR <= found.year <= LAST_YEAR:
            refuse(self.at(key), f"Its year must lie between {FIRST_YEAR} and {LAST_YEAR}.")
        return found

    def amount(self, key: str, places: int, most: int) -> Decimal | None:
        value = self.take(key)
        return None if value is None else amount(value, self.at(key), places, most)

    def rows(self, key: str, most: int) -> list[tuple[Any, str]]:
        """The items of a list, each with its place."""
        value = self.take(key, [])
        if not isinstance(value, list) or len(value) > most:
            refuse(self.at(key), f"It must be a list of at most {most}.")
        return [(one, f"{self.at(key)}[{number}]") for number, one in enumerate(value)]


def shown(value: Any) -> str:
    """A value of the file, short enough for a sentence."""
    return str(value)[:SHOWN]


def identifier(value: Any, where: str) -> str:
    """A short name that other places of the file refer to."""
    if not isinstance(value, str) or not IDENTIFIER.fullmatch(value):
        refuse(where, f"{shown(value)!r} must be 1 to 40 letters, digits, dots, colons, dashes or underscores.")
    return value


def text_of(value: Any, where: str) -> str:
    """A line of words."""
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_TEXT or not value.isprintable():
        refuse(where, f"It must be one line of 1 to {MAX_TEXT} characters.")
    return value.strip()


def amount(value: Any, where: str, places: int, most: int) -> Decimal:
    """An exact decimal from 0 to `most` with at most so many places; text and JSON numbers are both taken."""
    try:
        found = Decimal(value) if isinstance(value, str | Decimal) else Decimal("NaN")
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or not 0 <= found <= most:
        refuse(where, f"{shown(value)!r} must be a number from 0 to {most}.", "Write it as 1234.56, without spaces.")
    if found != round(found, places):
        refuse(where, f"{shown(value)} has more than {places} decimal places.")
    return round(found, places)
