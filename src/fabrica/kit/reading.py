"""Reading an input file: bounded, each key taken once, and refused in words that name the place."""

import json
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from fabrica.kit.errors import Refused

IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")
MAX_TEXT = 200
SHOWN = 60
FIRST_YEAR, LAST_YEAR = 1800, 2200


def document(raw: bytes | str, *, most: int, todo: str) -> "Fields":
    """The object that a file holds; `todo` tells where its format stands. Raises Refused."""
    if len(raw) > most:
        raise Refused("The file is too large.", why=f"{most} bytes are the most.", todo=todo)
    try:
        loaded = json.loads(raw, parse_float=Decimal, parse_int=Decimal, parse_constant=str, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        why = str(error)[:300] if isinstance(error, ValueError) else "It is nested too deeply."
        raise Refused("The file is no JSON document.", why=why, todo=todo) from error
    return Fields(loaded, "", todo)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


class Fields:
    """An object of the file; a key that nobody takes is refused at the end, for it may be misspelt."""

    def __init__(self, value: Any, where: str, todo: str) -> None:
        self.where, self.todo = where, todo
        if not isinstance(value, Mapping):
            self.refuse("", "It must be an object.")
        self._left = dict(value)

    def at(self, key: str) -> str:
        """The place of a key in the file."""
        return ".".join(part for part in (self.where, key) if part)

    def refuse(self, key: str, why: str, todo: str = "") -> NoReturn:
        """Say what is wrong at which place of the file."""
        raise Refused(f"{self.at(key) or 'The file'} cannot be used.", why=why, todo=todo or self.todo)

    def take(self, key: str) -> Any:
        """A value as it stands; None where there is none."""
        return self._left.pop(key, None)

    def end(self) -> None:
        if self._left:
            self.refuse(_shown(min(self._left, key=str)), "There is no such key.")

    def has(self, key: str) -> bool:
        return self._left.get(key) is not None

    def _need(self, key: str) -> Any:
        if not self.has(key):
            self.refuse(key, "It is missing.")
        return self._left.pop(key)

    def name(self, key: str) -> str:
        """A short name that other places of the file refer to."""
        return self._name(key, self._need(key))

    def line(self, key: str) -> str:
        """A line of words that must be there."""
        self._left[key] = self._need(key)
        return self.text(key)

    def _name(self, key: str, value: Any) -> str:
        if not isinstance(value, str) or not IDENTIFIER.fullmatch(value):
            self.refuse(key, f"{_shown(value)!r} must be 1 to 64 letters, digits, dots, colons, dashes or underscores.")
        return value

    def text(self, key: str, default: str = "") -> str:
        """A line of words; the default where there is none."""
        value = self._left.pop(key, None)
        if value is None:
            return default
        if not isinstance(value, str) or not value.strip() or len(value) > MAX_TEXT or not value.isprintable():
            self.refuse(key, f"It must be one line of 1 to {MAX_TEXT} characters.")
        return value.strip()

    def flag(self, key: str, *, default: bool) -> bool:
        value = self._left.pop(key, default)
        if not isinstance(value, bool):
            self.refuse(key, "It must be true or false.")
        return value

    def said(self, key: str) -> bool | None:
        """True, false, or None where it is not said."""
        return self.flag(key, default=False) if self.has(key) else self.take(key)

    def day(self, key: str) -> date | None:
        """A day, or None where it is not said."""
        value = self.take(key)
        try:
            found = None if value is None else date.fromisoformat(value)
        except (TypeError, ValueError):
            self.refuse(key, "It must be a day such as 2026-11-26.")
        if found and not FIRST_YEAR <= found.year <= LAST_YEAR:
            self.refuse(key, f"Its year must lie between {FIRST_YEAR} and {LAST_YEAR}.")
        return found

    def decimal(self, key: str, *, places: int, most: int) -> Decimal | None:
        """An exact decimal from 0 to `most` with at most so many places, or None where it is not said."""
        if not self.has(key):
            return self.take(key)  # type: ignore[no-any-return]
        found = self.amount(key, most=most)
        if found != round(found, places):
            self.refuse(key, f"{_shown(found)} has more than {places} decimal places.")
        return round(found, places)

    def number(self, key: str, *, least: int = 0, most: int) -> int:
        """A whole number."""
        found = self.amount(key, most=most)
        if found != int(found) or found < least:
            self.refuse(key, f"It must be a whole number from {least} to {most}.")
        return int(found)

    def amount(self, key: str, *, most: int) -> Decimal:
        """An exact decimal from 0 to `most`; text and JSON numbers are both taken."""
        value = self._need(key)
        try:
            found = Decimal(value) if isinstance(value, str | Decimal) else Decimal("NaN")
        except InvalidOperation:
            found = Decimal("NaN")
        if not found.is_finite() or not 0 <= found <= most or len(found.as_tuple().digits) > SHOWN:
            self.refuse(key, f"{_shown(value)!r} must be a number from 0 to {most}, such as 1234.5.")
        return found

    def names(self, key: str, *, most: int, least: int = 0) -> tuple[str, ...]:
        """Different short names in the order of the file."""
        found = tuple(self._name(key, one) for one in self._list(key, most))
        if len(set(found)) != len(found) or len(found) < least:
            self.refuse(key, f"It must be a list of at least {least}, each once.")
        return found

    def object(self, key: str) -> "Fields":
        """An object within this one."""
        return Fields(self._need(key), self.at(key), self.todo)

    def rows(self, key: str, *, most: int) -> list[tuple[Any, str]]:
        """The items of a list as they stand, each with its place."""
        return [(one, f"{self.at(key)}[{at}]") for at, one in enumerate(self._list(key, most))]

    def objects(self, key: str, *, most: int) -> list["Fields"]:
        place = self.at(key)
        return [Fields(one, f"{place}[{at}]", self.todo) for at, one in enumerate(self._list(key, most))]

    def values(self, key: str, *, most: int) -> list["Fields"]:
        """The items of a list of plain values, each as the field `value` of its place."""
        place = self.at(key)
        return [Fields({"value": one}, f"{place}[{at}]", self.todo) for at, one in enumerate(self._list(key, most))]

    def _list(self, key: str, most: int) -> list[Any]:
        value = self._left.pop(key, [])
        if not isinstance(value, list) or len(value) > most:
            self.refuse(key, f"It must be a list of at most {most}.")
        return value


def _shown(value: Any) -> str:
    return str(value)[:SHOWN]
