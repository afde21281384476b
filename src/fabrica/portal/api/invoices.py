"""The API of tariffs, prices of awards, and invoices. Money is euro cents."""

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema, Status
from pydantic import Field

from fabrica.allocations.models import Invoice, Tariff
from fabrica.allocations.models.invoices import NOTE_LIMIT, REFERENCE_LIMIT
from fabrica.allocations.queries import award_of, papers
from fabrica.allocations.queries import invoices as queries
from fabrica.allocations.rules import must_audit
from fabrica.allocations.services import invoices as services
from fabrica.allocations.services import pricing
from fabrica.clusters.queries import site_by_slug
from fabrica.kit.paging import page_of
from fabrica.kit.time import utcnow
from fabrica.people.queries import organisation_to_invite_to, signed_in
from fabrica.projects.queries import project_of
from fabrica.web.scopes import needs

router = Router(tags=["invoices"])


class LineOut(Schema):
    """What a month of use adds to a document, or takes back; `corrects` is the number of what it corrects."""

    month: str
    gpu_seconds: int
    units: str
    net_cents: int
    vat: dict[str, str] = Field(alias="treatment")
    corrects: str


class InvoiceRow(Schema):
    """A document; without a number while it is a draft. A credit note's sums are below zero."""

    uid: str
    number: str
    kind: str
    state: str
    project: str = Field(alias="priced.award.project.slug")
    organisation: str = Field(alias="organisation.name")
    until: date
    net_cents: int
    vat_cents: int
    gross_cents: int
    issued_on: date | None
    due_on: date | None
    paid_on: date | None


class InvoiceOut(InvoiceRow):
    """A document as it is, with what a draft lacks; `version` is to be sent back when it is issued."""

    version: int
    cancels: str
    content: dict[str, Any]
    lines: list[LineOut]
    missing: list[str]

    @staticmethod
    def resolve_cancels(invoice: Invoice) -> str:
        return invoice.cancels.number if invoice.cancels else ""

    @staticmethod
    def resolve_lines(invoice: Invoice) -> list[dict[str, Any]]:
        sheet = papers.sheet_of(invoice)
        return [
            {"month": f"{one.month:%Y-%m}", "gpu_seconds": one.gpu_seconds, "net_cents": one.net_cents,
             "units": str(sheet.price.shown(one.gpu_seconds)), "treatment": one.treatment,
             "corrects": one.corrects.number if one.corrects else ""}
            for one in sheet.lines
        ]  # fmt: skip

    @staticmethod
    def resolve_missing(invoice: Invoice) -> list[str]:
        return services.told_against(invoice=invoice) if not invoice.number else []


class InvoicePage(Schema):
    """Some documents, newest first."""

    rows: list[InvoiceRow]
    next_cursor: str


class IssueIn(Schema):
    """The version of the draft that was looked at."""

    version: int = Field(ge=1)


class CancelIn(Schema):
    """Why it is cancelled."""

    reason: str = Field(min_length=1, max_length=NOTE_LIMIT)


class PaidIn(Schema):
    """The day on which the money moved, and the bank's reference."""

    paid_on: date
    reference: str = Field(min_length=1, max_length=REFERENCE_LIMIT)


class CustomerIn(Schema):
    """Where an organisation's invoices go."""

    street: str = Field(min_length=1, max_length=160)
    postcode: str = Field(min_length=1, max_length=20)
    city: str = Field(min_length=1, max_length=80)
    vat_number: str = Field("", max_length=20)
    reference: str = Field("", max_length=REFERENCE_LIMIT)


class LimitIn(Schema):
    """The most that an award may cost, without VAT."""

    limit_cents: int = Field(gt=0, le=pricing.MOST_CENTS)


class PriceOut(Schema):
    """What a project pays: millionths of a euro for a unit of so many GPUs for an hour; `cost_cents` is of all use."""

    unit: str = Field(alias="priced.unit_label")
    gpus_per_unit: str = Field(alias="priced.gpus_per_unit")
    micros_per_unit: int = Field(alias="priced.micros_per_unit")
    tariff: int = Field(alias="priced.tariff.number")
    limit_cents: int = Field(alias="priced.limit_cents")
    cost_cents: int


class TariffOut(Schema):
    """What a site sells by; `row` is its file."""

    number: int
    starts_on: date
    ends_on: date | None
    created_at: datetime
    row: dict[str, Any]


class TariffPage(Schema):
    """Some tariffs, newest first."""

    rows: list[TariffOut]
    next_cursor: str


@router.get("/invoices", response=InvoicePage)
@needs("read")
def invoices(request: HttpRequest, cursor: str = "", state: str = "") -> Any:
    """The documents I may see."""
    rows = queries.invoices_visible_to(signed_in(request))
    return page_of(rows.filter(state=state) if state else rows, cursor)


@router.get("/invoices/{uid}", response=InvoiceOut)
@needs("read")
def invoice(request: HttpRequest, uid: str) -> Invoice:
    """One document."""
    return queries.invoice_of(signed_in(request), uid)


@router.get("/invoices/{uid}/pdf")
@needs("read")
def invoice_pdf(request: HttpRequest, uid: str) -> HttpResponse:
    """The document as a PDF."""
    return HttpResponse(papers.pdf_of(queries.invoice_of(signed_in(request), uid)), content_type="application/pdf")


@router.get("/invoices/{uid}/csv")
@needs("read")
def invoice_csv(request: HttpRequest, uid: str) -> HttpResponse:
    """Its lines as CSV."""
    found = queries.invoice_of(signed_in(request), uid)
    return HttpResponse(papers.csv_of(found), content_type="text/csv; charset=utf-8")


@router.post("/projects/{slug}/invoice", response={200: InvoiceOut, 204: None})
@needs("decide")
def draft(request: HttpRequest, slug: str) -> Status[Any]:
    """Draw up what a project owes for the months that are over; 204 where it owes nothing."""
    person = signed_in(request)
    made = services.draft(award=award_of(project_of(person, slug)), by=person, now=utcnow())
    return Status(200, queries.invoice_of(person, made.uid)) if made else Status(204, None)


@router.post("/invoices/{uid}/issue", response=InvoiceOut)
@needs("decide")
def issue(request: HttpRequest, uid: str, payload: IssueIn) -> Invoice:
    """Issue a draft under the next number."""
    person = signed_in(request)
    return services.issue(invoice=queries.invoice_of(person, uid), by=person, now=utcnow(), **payload.dict())


@router.post("/invoices/{uid}/cancel", response=InvoiceOut)
@needs("decide")
def cancel(request: HttpRequest, uid: str, payload: CancelIn) -> Invoice:
    """Cancel an invoice; the answer is the credit note."""
    person = signed_in(request)
    made = services.cancel(invoice=queries.invoice_of(person, uid), by=person, now=utcnow(), **payload.dict())
    return queries.invoice_of(person, made.uid)


@router.post("/invoices/{uid}/paid", response=InvoiceOut)
@needs("decide")
def paid(request: HttpRequest, uid: str, payload: PaidIn) -> Invoice:
    """Note that the money moved."""
    person = signed_in(request)
    return services.mark_paid(invoice=queries.invoice_of(person, uid), by=person, now=utcnow(), **payload.dict())


@router.get("/projects/{slug}/price", response=PriceOut)
@needs("read")
def price(request: HttpRequest, slug: str) -> Any:
    """What a project pays, for its leaders, its organisation's administrators, officers and operators."""
    return queries.account_of(signed_in(request), slug)


@router.put("/projects/{slug}/price", response=PriceOut)
@needs("decide")
def set_limit(request: HttpRequest, slug: str, payload: LimitIn) -> Any:
    """Change the most that a project's award may cost."""
    person = signed_in(request)
    pricing.set_limit(award=award_of(project_of(person, slug)), by=person, now=utcnow(), **payload.dict())
    return queries.account_of(person, slug)


@router.put("/organisations/{uid}/billing", response=CustomerIn)
@needs("account")
def save_customer(request: HttpRequest, uid: str, payload: CustomerIn) -> Any:
    """Say where an organisation's invoices go."""
    person = signed_in(request)
    found = organisation_to_invite_to(person, uid)
    return pricing.save_customer(organisation=found, by=person, now=utcnow(), **payload.dict())


@router.get("/sites/{slug}/tariffs", response=TariffPage)
@needs("read")
def tariffs(request: HttpRequest, slug: str, cursor: str = "") -> Any:
    """What a site sells by, newest first. 403 for others than officers and operators."""
    must_audit(signed_in(request))
    return page_of(queries.tariffs_of(site_by_slug(slug)), cursor)


@router.put("/sites/{slug}/tariff", response=TariffOut)
@needs("decide")
def set_tariff(request: HttpRequest, slug: str) -> Tariff:
    """Set what a site sells by. The body: docs/operator/invoices.md."""
    person = signed_in(request)
    return pricing.set_tariff(site=site_by_slug(slug), raw=request.body, by=person, now=utcnow())
