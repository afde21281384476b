"""A document on paper: what Directive 2006/112/EC asks of an invoice, its PDF, its file for a spreadsheet. Pure.

Words of people reach typst as data in one JSON text, never as its code.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from typing import Any

from fabrica.kit.typeset import typeset

DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Gap:
    """Something that an invoice must show and this one cannot: what, by which point of Article 226, whose it is."""

    what: str
    point: str
    owner: str


WANTED = (
    ("seller", "name", "5"), ("seller", "street", "5"), ("seller", "postcode", "5"), ("seller", "city", "5"),
    ("seller", "country", "5"), ("seller", "vat_number", "3"),
    ("buyer", "name", "5"), ("buyer", "street", "5"), ("buyer", "postcode", "5"), ("buyer", "city", "5"),
    ("buyer", "country", "5"),
)  # fmt: skip


def gaps(content: Mapping[str, Any], treatments: Sequence[Mapping[str, str]]) -> tuple[Gap, ...]:
    """What Article 226 asks and the document lacks. Number and day of issue (points 1 and 2) come with issuing it.

    `treatments` are those of its lines; an empty one is of a line that nobody could tell how to tax.
    """
    found = [Gap(name, point, whose) for whose, name, point in WANTED if not content.get(whose, {}).get(name)]
    if any(not one for one in treatments):
        found.append(_untaxed(content))
    if any(one.get("kind") == "reverse_charge" for one in treatments) and not content["buyer"].get("vat_number"):
        found.append(Gap("vat_number", "4", "buyer"))
    return tuple(dict.fromkeys(found))


def _untaxed(content: Mapping[str, Any]) -> Gap:
    """Why nobody could tell: the customer stands elsewhere and gave no number, or the site did not say."""
    seller, buyer = content.get("seller", {}), content["buyer"]
    is_theirs = seller.get("country") and buyer["country"] != seller["country"] and not buyer["vat_number"]
    return Gap("vat_number", "4", "buyer") if is_theirs else Gap("vat", "9", "seller")


def to_pdf(told: Mapping[str, Any]) -> bytes:
    """The document as a tagged PDF (PDF/UA-1, where the fonts have every letter); the same content, the same bytes.

    Raises Unreachable.
    """
    template = resources.files("fabrica.allocations").joinpath("data", "invoice.typ").read_text(encoding="utf-8")
    year, month, day = told["date"]
    return typeset(template, told, int(datetime(year, month, day, tzinfo=UTC).timestamp()))


def to_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as a table for a spreadsheet (RFC 4180). No text of people can become a formula there."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(rows[0])
    writer.writerows([_safe(one) for one in row.values()] for row in rows)
    return text.getvalue()


def _safe(value: Any) -> Any:
    """Text that a spreadsheet would compute gets an apostrophe before it; numbers of ours stay numbers."""
    return f"'{value}" if isinstance(value, str) and value.startswith(DANGEROUS) else value
