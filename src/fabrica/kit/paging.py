"""Pages of a list by cursor: the cost of a page does not grow with its number, and little with the list.

A page takes two statements: the keys of its rows first, then the rows. A database that sorts, or walks an index, so as
to find 25 of 10,000 then does it with bare keys, not with every column of everything that is joined to them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Generic, TypeVar

from django.db.models import DateField, DateTimeField, Model, Q, QuerySet

PAGE_SIZE = 25
BACK = "~"  # before the place of a cursor: the page that ends before it
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows in the order of their list, and the cursors of the pages beside it (empty at either end)."""

    rows: Sequence[Row]
    next_cursor: str
    previous_cursor: str = ""


@dataclass(frozen=True)
class _Order:
    """By a column of times or days, if there is one, then by key: all one way, so that an index serves it."""

    column: str
    descending: bool
    by_day: bool = False

    def sorted(self, rows: QuerySet[Row], *, backwards: bool) -> QuerySet[Row]:
        sign = "-" if self.descending != backwards else ""
        return rows.order_by(*(f"{sign}{name}" for name in (self.column, "pk") if name))

    def beyond(self, place: tuple[date | None, int], *, backwards: bool) -> Q:
        """What comes after a place, or before it: a range of the index, then what stands at its edge."""
        past = "lt" if self.descending != backwards else "gt"
        moment, key = place
        later = Q(**{f"pk__{past}": key})
        if moment is None:
            return later
        edge: dict[str, Any] = {f"{self.column}__{past}e": moment}
        return Q(**edge) & (Q(**{f"{self.column}__{past}": moment}) | later)

    def place_of(self, row: Model) -> str:
        if not self.column:
            return str(row.pk)
        moment: Any = getattr(row, self.column)
        since = moment - (EPOCH.date() if self.by_day else EPOCH) if moment else timedelta(0)
        return f"{since // MICROSECOND}_{row.pk}"

    def read(self, cursor: str) -> tuple[date | None, int] | None:
        """The place a cursor names; None for what is no cursor of such a list."""
        since, _, key = cursor.partition("_") if self.column else ("0", "", cursor)
        if not (since + key).isascii() or not since.isdigit() or not key.isdigit():
            return None
        # so many digits are a moment of before the year 5200, and a key that a database can hold
        moment = EPOCH + MICROSECOND * int(since[:17])
        return ((moment.date() if self.by_day else moment) if self.column else None), int(key[:18])


def page_of(rows: QuerySet[Row], cursor: str = "", size: int = PAGE_SIZE) -> Page[Row]:
    """The page of `rows` that `cursor` names, newest (highest key) first; a cursor that is none starts afresh."""
    return _page(rows, _Order("", descending=True), cursor, size)


def page_by(
    rows: QuerySet[Row], column: str, cursor: str = "", size: int = PAGE_SIZE, *, descending: bool = False
) -> Page[Row]:
    """The page of `rows` by a column of times or days that is never empty in them, then by key; earliest first."""
    field = rows.model._meta.get_field(column)
    by_day = isinstance(field, DateField) and not isinstance(field, DateTimeField)
    return _page(rows, _Order(column, descending, by_day), cursor, size)


def _page(rows: QuerySet[Row], order: _Order, cursor: str, size: int) -> Page[Row]:
    place = order.read(cursor.removeprefix(BACK))
    backwards = place is not None and cursor.startswith(BACK)
    asked = rows.filter(order.beyond(place, backwards=backwards)) if place else rows
    keys = list(order.sorted(asked, backwards=backwards).values_list("pk", flat=True)[: size + 1])
    if backwards and not keys:  # what stood before is gone: this is the first page
        return _page(rows, order, "", size)
    more = len(keys) > size
    found = list(order.sorted(rows.filter(pk__in=keys[:size]), backwards=False)) if keys else []
    has_next, has_previous = (True, more) if backwards else (more, place is not None)
    return Page(
        found,
        order.place_of(found[-1]) if found and has_next else "",
        BACK + order.place_of(found[0]) if found and has_previous else "",
    )
