"""Tables as files for a spreadsheet (CSV, RFC 4180), whose cells no spreadsheet takes for a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def cell(value: Any) -> Any:
    """A value as a cell: text that a spreadsheet would run gets a quote before it; numbers stay, None is empty."""
    if isinstance(value, str) and value.lstrip(" ").startswith(STARTS_A_FORMULA):
        return f"'{value}"
    return value


def lines(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterable[str]:
    """A heading, then a line for each row, one by one."""
    yield _line(columns)
    yield from (_line([cell(one) for one in row]) for row in rows)


def _line(row: Sequence[Any]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(row)
    return text.getvalue()
