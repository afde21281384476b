"""Pages of a list by cursor: the cost of a page does not grow with its number."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet

PAGE_SIZE = 25
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows, newest first, and the cursor of the next page (empty on the last)."""

    rows: Sequence[Row]
    next_cursor: str


def page_of(rows: QuerySet[Row], cursor: str = "", size: int = PAGE_SIZE) -> Page[Row]:
    """The page of `rows` after `cursor`, newest (highest key) first; a cursor that is no number starts afresh."""
    if cursor.isascii() and cursor.isdigit():
        rows = rows.filter(pk__lt=int(cursor[:18]))
    found = list(rows.order_by("-pk")[: size + 1])
    more = len(found) > size
    return Page(found[:size], str(found[size - 1].pk) if more else "")
