"""The values that components are given: small, frozen, checked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise

Text = str | Promise
TONES = ("neutral", "info", "good", "warning", "bad")


@dataclass(frozen=True)
class Event:
    """One line of a timeline. `who` and `reason` may be empty; `at` is aware."""

    at: datetime
    what: Text
    who: Text = ""
    reason: Text = ""
    tone: str = "neutral"


@dataclass(frozen=True)
class Column:
    """A table's column; a `numeric` one is set right with figures of one width."""

    label: Text
    numeric: bool = False


@dataclass(frozen=True)
class Cell:
    """A table's cell with the column it stands in; the column's label is shown beside it on a narrow screen."""

    value: Any
    column: Column


def tone(name: str) -> str:
    """The tone itself. Raises ValueError for one that has no colour, naming those that do."""
    if name not in TONES:
        raise ValueError(f"{name!r} is no tone. Tones are: {', '.join(TONES)}.")
    return name


def columns_of(labels: Sequence[Text | Column]) -> list[Column]:
    """Columns from labels: a bare text is a column of words."""
    return [label if isinstance(label, Column) else Column(label) for label in labels]


def rows_of(columns: list[Column], rows: Sequence[Sequence[Any]]) -> list[list[Cell]]:
    """Rows of cells. Raises ValueError for a row whose length is not the number of columns."""
    return [[Cell(value, column) for value, column in zip(row, columns, strict=True)] for row in rows]
