"""A site's tariff, read from a file: its prices, who sells, how VAT is treated. Pure; nothing is filled in by guess."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from stdnum.eu import vat as eu_vat

from fabrica.allocations.engine.pricing import Vat
from fabrica.kit.facts import CONFIDENCES, Source
from fabrica.kit.reading import Fields, document

FORMAT = "fabrica-tariff/1"
FORMAT_HELP = "The format stands in docs/operator/invoices.md."
MAX_BYTES, MAX_PRICES, MAX_EUROS, MAX_GPUS, MAX_DAYS = 100_000, 100, 1_000_000, 1_000, 365
MICROS = Decimal(1_000_000)
UNITS = ("gpu_hour", "node_hour", "device_hour", "native")
LANGUAGES = ("en", "fr")
UNION = frozenset(one.upper() for one in eu_vat.MEMBER_STATES) - {"XI"}  # Northern Ireland is so for goods only
SELLER = ("name", "street", "postcode", "city", "country", "vat_number", "registration", "email", "iban", "bic")
SPECIAL = ("reverse_charge", "outside_union")


@dataclass(frozen=True)
class PriceRule:
    """What an hour of a machine's unit costs without VAT, in millionths of a euro, and how many GPUs the unit is."""

    machine: str
    unit: str
    gpus_per_unit: Fraction
    micros: int


@dataclass(frozen=True)
class TariffRule:
    """All that a site sells by, from a day on. `seller` has empty text for what the file leaves out."""

    starts_on: date
    ends_on: date | None
    source: Source
    language: str
    payment_days: int
    seller: Mapping[str, str]
    rate: Decimal | None
    special: Mapping[str, Vat]
    prices: tuple[PriceRule, ...]

    def price_of(self, machine: str) -> PriceRule | None:
        """The price of a machine."""
        return next((one for one in self.prices if one.machine == machine), None)

    def vat_for(self, country: str, vat_number: str) -> Vat | None:
        """How VAT is treated for a customer; None where the site has not said, or a number is missing."""
        home = self.seller["country"]
        if country == home and home:
            return Vat("standard", self.rate) if self.rate is not None else None
        if country in UNION:
            return self.special.get("reverse_charge") if vat_number else None
        return self.special.get("outside_union") if country else None


def read_tariff(raw: bytes | str) -> TariffRule:
    """A tariff from a file's content. Raises Refused."""
    top = document(raw, most=MAX_BYTES, todo=FORMAT_HELP)
    if top.text("format") != FORMAT:
        top.refuse("format", f"It must be {FORMAT!r}.")
    starts_on = _day(top, "from")
    ends_on = _day(top, "until") if top.has("until") else None
    if ends_on is not None and ends_on <= starts_on:
        top.refuse("until", "It is the first day after, and later than `from`.")
    source, language = _source(top), top.text("language", "en")
    if language not in LANGUAGES:
        top.refuse("language", f"It must be one of {', '.join(LANGUAGES)}.")
    days = top.number("payment_days", least=1, most=MAX_DAYS)
    seller, (rate, special), prices = _seller(top), _vat(top), _prices(top)
    top.end()
    return TariffRule(starts_on, ends_on, source, language, days, seller, rate, special, prices)


def kept(raw: bytes | str) -> dict[str, Any]:
    """The file's content as a row keeps it; `read_tariff` has found it good."""
    found: dict[str, Any] = json.loads(raw)
    return found


def rule_from(row: Mapping[str, Any]) -> TariffRule:
    """A tariff from what `kept` made of it."""
    return read_tariff(json.dumps(row))


def _seller(top: Fields) -> dict[str, str]:
    part = top.object("seller")
    found = {name: part.text(name) for name in SELLER}
    part.end()
    if found["country"] and not (len(found["country"]) == 2 and found["country"].isalpha()):  # noqa: PLR2004 - ISO 3166
        top.refuse("seller.country", "It must be two letters, such as FR.")
    if found["vat_number"] and not eu_vat.is_valid(found["vat_number"]):
        top.refuse("seller.vat_number", "It is no VAT number of a member state.")
    return found | {"country": found["country"].upper()}


def _vat(top: Fields) -> tuple[Decimal | None, dict[str, Vat]]:
    part = top.object("vat")
    rate = part.amount("percent", most=100) if part.has("percent") else None
    if rate is not None and rate != rate.quantize(Decimal("0.01")):
        part.refuse("percent", "It has two decimals at most.")
    found = {kind: _special(part, kind) for kind in SPECIAL if part.has(kind)}
    part.end()
    return rate, found


def _special(vat: Fields, kind: str) -> Vat:
    part = vat.object(kind)
    note, article = part.text("note"), part.text("article")
    if not note or not article:
        part.refuse("note" if not note else "article", "It is missing: the document must say it.")
    part.end()
    return Vat(kind, Decimal(0), note, article)


def _prices(top: Fields) -> tuple[PriceRule, ...]:
    found = tuple(_price(one) for one in top.objects("prices", most=MAX_PRICES))
    if not found or len({one.machine for one in found}) != len(found):
        top.refuse("prices", "There must be one at least, and one for each machine.")
    return found


def _price(row: Fields) -> PriceRule:
    machine, unit, euros = row.name("machine"), row.text("unit"), row.amount("euros", most=MAX_EUROS)
    if unit not in UNITS:
        row.refuse("unit", f"It must be one of {', '.join(UNITS)}.")
    if euros * MICROS != int(euros * MICROS) or not euros:
        row.refuse("euros", "It is more than none, and has six decimals at most.")
    gpus = _fraction(row)
    row.end()
    return PriceRule(machine, unit, gpus, int(euros * MICROS))


def _fraction(row: Fields) -> Fraction:
    """`4`, `0.5` or `1/8`, as text."""
    try:
        found = Fraction(row.text("gpus_per_unit"))
    except (ValueError, ZeroDivisionError):
        found = Fraction(0)
    if not 0 < found <= MAX_GPUS or found.denominator > MAX_GPUS:
        row.refuse("gpus_per_unit", 'It must be text that tells how many GPUs the unit is, such as "4" or "1/2".')
    return found


def _day(row: Fields, key: str) -> date:
    try:
        return date.fromisoformat(row.text(key))
    except ValueError:
        row.refuse(key, "It must be a day, such as 2027-01-01.")


def _source(row: Fields) -> Source:
    confidence, text = row.text("confidence"), row.text("source")
    if confidence not in CONFIDENCES:
        row.refuse("confidence", f"It must be one of {', '.join(CONFIDENCES)}.")
    if not text:
        row.refuse("source", "It is missing: who decided these prices, and when?")
    return Source(text, _day(row, "checked_on"), confidence)


def vat_row(vat: Vat | None) -> dict[str, str]:
    """A treatment as a document keeps it; empty where there is none."""
    return {name: str(value) for name, value in asdict(vat).items()} if vat else {}


def vat_from(row: Mapping[str, str]) -> Vat | None:
    """A treatment from what `vat_row` made of it."""
    return Vat(row["kind"], Decimal(row["percent"]), row["note"], row["article"]) if row else None
