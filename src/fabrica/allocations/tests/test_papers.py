"""A document on paper: what it says, that it says it again, and that words of people stay words."""

import re
import subprocess
import sys
import zlib
from datetime import UTC, datetime

import pytest
from fabrica.allocations.engine.papers import to_pdf
from fabrica.allocations.models import Invoice
from fabrica.allocations.queries import papers
from fabrica.allocations.services import invoices
from fabrica.allocations.tests import billing, factories
from fabrica.allocations.tests.billing import HOUR

DECEMBER, JANUARY = datetime(2026, 12, 4, 9, tzinfo=UTC), datetime(2027, 1, 4, 9, tzinfo=UTC)
CODE = '#panic("x") =2+5 *bold* $x$ \\ @all'


@pytest.fixture
def made(cast, machine, fake, now):
    """An invoice over two hours, and the next with a correction."""
    factories.fund(cast, machine, now)
    billing.set_tariff(cast, machine, now)
    billing.addressed(cast, now, reference="=SUM(A1)", street=CODE[:100])
    award = billing.sold(cast, billing.open_pay_per_use(cast, machine, now), now).award
    billing.used(award, "1", 2 * HOUR, datetime(2026, 11, 25, tzinfo=UTC))
    billing.issued(award, cast, DECEMBER)
    billing.used(award, "1", HOUR, datetime(2026, 11, 25, tzinfo=UTC))
    billing.used(award, "2", 2 * HOUR, datetime(2026, 12, 25, tzinfo=UTC))
    return billing.issued(award, cast, JANUARY)


def test_it_says_what_article_226_asks(made):
    sheet = papers.sheet_of(made)
    assert [papers.cells_of(sheet, one) for one in sheet.lines] == [
        ["Computing time, November 2026, correction of HERE-2026-00001 of 4 December 2026: 1.0000, before 2.0000", "-1.0000",
         "GPU-hour", "2.50 EUR", "-2.50 EUR"],
        ["Computing time, December 2026", "2.0000", "GPU-hour", "2.50 EUR", "5.00 EUR"],
    ]  # fmt: skip
    assert papers.sums_of(sheet) == [
        ("Net", "2.50 EUR"), ("VAT of 20.00 % on 2.50 EUR", "0.50 EUR"), ("Total", "3.00 EUR"),
    ]  # fmt: skip
    assert dict(papers.facts_of(sheet))["Number"] == "HERE-2027-00001"
    assert papers.notes_of(sheet)[0] == "Please pay by 3 February 2027. IBAN FR7630006000011234567890189"


def test_the_pdf_is_tagged_and_the_same_each_time(made):
    one, again = papers.pdf_of(made), papers.pdf_of(Invoice.objects.get(pk=made.pk))
    assert one == again
    assert one.startswith(b"%PDF-") and b"/StructTreeRoot" in one + inflated(one)
    assert b"pdfuaid" in one + inflated(one)


def inflated(pdf):
    """The streams of a PDF that can be unpacked."""
    found = b""
    for part in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.S):
        try:
            found += zlib.decompressobj().decompress(part)
        except zlib.error:
            continue
    return found


def test_words_of_people_are_never_read_as_code(made):
    told = {
        "lang": "en", "date": [2026, 1, 1], "author": CODE, "title": CODE, "note": CODE, "seller_label": CODE,
        "buyer_label": CODE, "seller": [CODE], "buyer": [CODE], "facts": [[CODE, CODE]], "columns": [CODE] * 5,
        "lines": [[CODE] * 5], "sums": [[CODE, CODE], [CODE, CODE]], "notes": [CODE], "footer": CODE,
    }  # fmt: skip
    assert to_pdf(told).startswith(b"%PDF-")  # a panic, or a label that is none, would have raised


def test_a_letter_that_no_font_has_keeps_nobody_from_the_document(made):
    made.content["buyer"] = {**made.content["buyer"], "name": "🚀 漢字"}
    assert papers.pdf_of(made).startswith(b"%PDF-")


def test_the_file_for_a_spreadsheet_has_a_row_for_each_line_and_no_formula(made):
    head, first, second = papers.csv_of(made).strip().split("\r\n")
    assert len(head.split(",")) == 20
    assert "'=SUM(A1)" in first
    assert first.endswith("2026-11,HERE-2026-00001,-3600,gpu_hour,-1.0000,2.5,-2.50,standard,20")
    assert second.endswith("2026-12,,7200,gpu_hour,2.0000,2.5,5.00,standard,20")


def test_a_french_site_writes_french_whoever_reads_it(made):
    made.content["language"] = "fr"
    assert b"Facture HERE-2027-00001" in inflated(papers.pdf_of(made)) + papers.pdf_of(made)
    assert papers.title_of(made) == "Invoice HERE-2027-00001"


def test_a_credit_note_says_what_it_cancels_and_why(cast, made):
    note = invoices.cancel(invoice=made, by=cast.officer, now=JANUARY, reason="The wrong month.")
    assert papers.note_of(note) == "It cancels invoice HERE-2027-00001 of 4 January 2027. Reason: The wrong month."
    assert papers.pdf_of(note).startswith(b"%PDF-")


def test_the_portal_makes_a_document_without_loading_typst():
    code = (
        "import django; django.setup(); import fabrica.config.urls, sys; from fabrica.people.engine.sme.paper import to_pdf; "
        "signed = {'heading': 'S', 'columns': ['a', 'b'], 'rows': []}; "
        "told = {'title': 'T', 'language': 'en', 'footer': '', 'parts': [], 'signed': signed}; "
        "print(to_pdf(told)[:5], 'typst' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120).stdout
    assert told.strip() == "b'%PDF-' False"
