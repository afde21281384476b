"""A document in words: what its page, its PDF and its file for a spreadsheet say."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import override

from fabrica.allocations.engine.papers import to_csv, to_pdf
from fabrica.allocations.engine.pricing import Price, Taxed, taxed
from fabrica.allocations.models import Invoice, InvoiceLine, PricedAward
from fabrica.allocations.states import InvoiceKind, PriceUnit
from fabrica.people.states import COUNTRIES

MICROS = 6  # decimals of a price


@dataclass(frozen=True)
class Sheet:
    """A document with all its rows, read once."""

    invoice: Invoice
    lines: tuple[InvoiceLine, ...]
    taxes: tuple[Taxed, ...]

    @property
    def price(self) -> Price:
        content = self.invoice.content
        return Price(content["micros_per_unit"], Fraction(content["gpus_per_unit"]))

    @property
    def unit(self) -> str:
        """The unit in words."""
        content = self.invoice.content
        return content["unit_name"] or str(PriceUnit(content["unit"]).label)

    @property
    def unit_price(self) -> Decimal:
        """Euros for a unit, exactly."""
        return Decimal(self.invoice.content["micros_per_unit"]).scaleb(-MICROS).normalize()


def price_of(priced: PricedAward) -> str:
    """A price in words, with what its unit is and where it comes from."""
    euros_each = number(Decimal(priced.micros_per_unit).scaleb(-MICROS).normalize())
    told = {"euros": euros_each, "unit": priced.unit_label, "gpus": priced.gpus_per_unit,
            "number": priced.tariff.number, "source": priced.tariff.rule.source}  # fmt: skip
    return (
        _("%(euros)s EUR for a %(unit)s (%(gpus)s GPU for an hour), without VAT. Tariff %(number)s: %(source)s.") % told
    )


def sheet_of(invoice: Invoice) -> Sheet:
    """A document with its lines and sums."""
    rows = invoice.lines.select_related("corrects__site")
    lines = tuple(rows)
    return Sheet(invoice, lines, taxed((vat, one.net_cents) for one in lines if (vat := one.vat) is not None))


def euros(cents: int) -> str:
    """Cents as euros, in the language of the day."""
    sign = "-" if cents < 0 else ""  # noqa: RUF100 - a plain minus: machines read it too
    return f"{sign}{formats.number_format(Decimal(abs(cents)).scaleb(-2), 2, force_grouping=True)} EUR"


def number(value: Decimal) -> str:
    """A number with its own decimals, in the language of the day; two at least."""
    places = max(2, -int(value.as_tuple().exponent))
    return str(formats.number_format(value, places, force_grouping=True))


def pdf_of(invoice: Invoice) -> bytes:
    """The document as a PDF, in the language of the site's tariff."""
    with override(invoice.content["language"]):
        return to_pdf(_told(sheet_of(invoice)))


def csv_of(invoice: Invoice) -> str:
    """The document's lines as a table: one row each, everything that counts in it."""
    sheet, content = sheet_of(invoice), invoice.content
    return to_csv([_row(sheet, one, content) for one in sheet.lines])


def _row(sheet: Sheet, line: InvoiceLine, content: Mapping[str, Any]) -> dict[str, Any]:
    invoice = sheet.invoice
    return {
        "number": invoice.number, "kind": invoice.kind, "state": invoice.state, "issued_on": invoice.issued_on or "",
        "due_on": invoice.due_on or "", "organisation": content["buyer"]["name"],
        "buyer_vat_number": content["buyer"]["vat_number"], "reference": content["buyer"]["reference"],
        "project": content["project"]["slug"], "title": content["project"]["title"], "machine": content["machine"],
        "month": f"{line.month:%Y-%m}", "corrects": line.corrects.number if line.corrects else "",
        "gpu_seconds": line.gpu_seconds, "unit": content["unit_name"] or content["unit"],
        "units": sheet.price.shown(line.gpu_seconds), "euros_per_unit": f"{sheet.unit_price:f}",
        "net_euros": Decimal(line.net_cents).scaleb(-2), "vat_kind": line.treatment.get("kind", ""),
        "vat_percent": line.treatment.get("percent", ""),
    }  # fmt: skip


def _told(sheet: Sheet) -> dict[str, Any]:
    invoice, content = sheet.invoice, sheet.invoice.content
    on = invoice.issued_on or invoice.until
    return {
        "lang": content["language"], "date": [on.year, on.month, on.day], "author": content["seller"].get("name", ""),
        "title": title_of(invoice), "note": note_of(invoice), "seller_label": _("Seller"), "buyer_label": _("Customer"),
        "seller": _lines_of(content["seller"]), "buyer": _lines_of(content["buyer"]), "facts": facts_of(sheet),
        "columns": [_("Service"), _("Quantity"), _("Unit"), _("Price of a unit"), _("Net")],
        "lines": [cells_of(sheet, one) for one in sheet.lines], "sums": sums_of(sheet), "notes": notes_of(sheet),
        "footer": title_of(invoice),
    }  # fmt: skip


def title_of(invoice: Invoice) -> str:
    """What stands at its head."""
    kind = invoice.get_kind_display()
    return f"{kind} {invoice.number}" if invoice.number else _("%(kind)s: a draft, not issued") % {"kind": kind}


def note_of(invoice: Invoice) -> str:
    """What a credit note says of the invoice that it cancels."""
    if invoice.cancels is None:
        return ""
    told = {"number": invoice.cancels.number, "on": _day(invoice.cancels.issued_on), "reason": invoice.reason}
    return _("It cancels invoice %(number)s of %(on)s. Reason: %(reason)s") % told


def _day(value: Any) -> str:
    return str(formats.date_format(value, "j F Y")) if value else ""


def parties_of(invoice: Invoice) -> list[tuple[str, str]]:
    """Who sells and who buys, each in a line."""
    seller, buyer = invoice.content["seller"], invoice.content["buyer"]
    return [(_("Seller"), ", ".join(_lines_of(seller)) or "–"), (_("Customer"), ", ".join(_lines_of(buyer)))]


def _lines_of(party: Mapping[str, str]) -> list[str]:
    """Name and address, then the numbers that it has."""
    country = party.get("country", "")
    town = " ".join(filter(None, (party.get("postcode"), party.get("city"))))
    named = [(_("VAT number"), "vat_number"), (_("Registration"), "registration"), (_("E-mail"), "email")]
    place = [party.get("name"), party.get("street"), town, str(COUNTRIES.get(country, country))]
    return [*filter(None, place), *(f"{label}: {party[key]}" for label, key in named if party.get(key))]


def facts_of(sheet: Sheet) -> list[tuple[str, str]]:
    """What stands above."""
    invoice, content = sheet.invoice, sheet.invoice.content
    project = f"{content['project']['title']} ({content['project']['slug']}, {content['project']['code']})"
    found = [
        (_("Number"), invoice.number), (_("Issued on"), _day(invoice.issued_on)),
        (_("Supplied until"), _day(invoice.until)), (_("Project"), project), (_("Machine"), content["machine"]),
        (_("Your reference"), content["buyer"]["reference"]),
    ]  # fmt: skip
    return [(label, value) for label, value in found if value]


def cells_of(sheet: Sheet, line: InvoiceLine) -> list[str]:
    """A line of the document's table."""
    quantity = number(sheet.price.shown(line.gpu_seconds))
    return [words_of(sheet, line), quantity, sheet.unit, f"{number(sheet.unit_price)} EUR", euros(line.net_cents)]


def words_of(sheet: Sheet, line: InvoiceLine) -> str:
    """What a line is for; a correction says what it corrects, and from what to what."""
    month = _("Computing time, %(month)s") % {"month": formats.date_format(line.month, "F Y")}
    if line.corrects is None or line.invoice.cancels_id is not None:
        return month
    told = {
        "month": month, "number": line.corrects.number, "on": _day(line.corrects.issued_on),
        "now": number(sheet.price.shown(line.used_gpu_seconds)),
        "before": number(sheet.price.shown(line.before_gpu_seconds)),
    }  # fmt: skip
    return _("%(month)s, correction of %(number)s of %(on)s: %(now)s, before %(before)s") % told


def sums_of(sheet: Sheet) -> list[tuple[str, str]]:
    """Net, each VAT, total."""
    found = [(_("Net"), euros(sheet.invoice.net_cents))]
    for one in sheet.taxes:
        told = {"percent": number(one.vat.percent), "net": euros(one.net_cents)}
        found.append((_("VAT of %(percent)s %% on %(net)s") % told, euros(one.vat_cents)))
    return [*found, (_("Total"), euros(sheet.invoice.gross_cents))]


def notes_of(sheet: Sheet) -> list[str]:
    """What stands below: the law's words, how to pay, what a unit is, how is rounded."""
    invoice, content = sheet.invoice, sheet.invoice.content
    found = [f"{one.vat.note} ({one.vat.article})" for one in sheet.taxes if one.vat.note]
    if invoice.kind == InvoiceKind.INVOICE and invoice.due_on:
        found.append(_("Please pay by %(day)s.") % {"day": _day(invoice.due_on)} + _bank(content["seller"]))
    told = {"unit": sheet.unit, "gpus": content["gpus_per_unit"], "number": content["tariff"]["number"]}
    found.append(
        _("One %(unit)s is %(gpus)s GPU for an hour. Price: tariff %(number)s. Months are in UTC. Each month's whole "
          "use is priced and rounded to the cent, half to even, less what was billed of it before.") % told
    )  # fmt: skip
    return found


def _bank(seller: Mapping[str, str]) -> str:
    told = ", ".join(f"{name.upper()} {seller[name]}" for name in ("iban", "bic") if seller.get(name))
    return f" {told}" if told else ""
