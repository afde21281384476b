"""Invoices: the list, one document with what is to be done with it, its files; and what a project pays."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import formats
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from fabrica.allocations.models import Invoice
from fabrica.allocations.models.invoices import first_day
from fabrica.allocations.queries import invoices as queries
from fabrica.allocations.queries import papers
from fabrica.allocations.queries.invoices import Account
from fabrica.allocations.rules import can_audit, can_bill, can_save_customer
from fabrica.allocations.services import invoices as services
from fabrica.allocations.services import pricing
from fabrica.allocations.states import MOVES, InvoiceKind, InvoiceState
from fabrica.kit.errors import NotFound, Refused
from fabrica.kit.paging import page_of
from fabrica.kit.time import utcnow
from fabrica.people.models import Person
from fabrica.people.queries import signed_in
from fabrica.portal.forms.invoices import CancelForm, CustomerForm, LimitForm, PaidForm
from fabrica.web.components import Column

TONES = {"draft": "neutral", "issued": "info", "paid": "good", "cancelled": "warning"}


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """The documents this person may see, newest first; `state` shows some."""
    person, which = signed_in(request), request.GET.get("state", "")
    rows = queries.invoices_visible_to(person)
    if which in InvoiceState.values:
        rows = rows.filter(state=which)
    page = page_of(rows, request.GET.get("cursor", ""))
    states = [one for one in InvoiceState if one != InvoiceState.DRAFT or can_audit(person)]
    context = {
        "page": page, "rows": [_row(one) for one in page.rows], "which": which, "sees_all": can_audit(person),
        "filters": [("", _("All")), *((one.value, one.label) for one in states)],
        "columns": [_("Document"), _("State"), _("Project"), _("Issued"), _("Due"), Column(_("Total"), numeric=True)],
    }  # fmt: skip
    return render(request, "portal/invoices.html", context)


def _row(one: Invoice) -> list[Any]:
    name = f"{one.get_kind_display()} {one.number}" if one.number else _("Draft")
    project = one.priced.award.project
    return [
        format_html('<a href="{}">{}</a>', one.page, name), one.get_state_display(),
        f"{project} · {one.organisation}", _day(one.issued_on), _day(one.due_on), papers.euros(one.gross_cents),
    ]  # fmt: skip


def _day(day: Any) -> str:
    return str(formats.date_format(day, "j M Y")) if day else "–"


def invoice(request: HttpRequest, uid: str) -> HttpResponse:
    """One document. A POST with `decision` draws up, issues, cancels, or notes it as paid."""
    person = signed_in(request)
    found = queries.invoice_of(person, uid)
    bound: dict[str, forms.Form] = {}
    if request.method == "POST":
        decision = request.POST.get("decision", "")
        if decision not in DOES:
            raise Refused(_("Press one of the buttons."))
        form = FORMS.get(decision, forms.Form)(request.POST)
        bound[decision] = form
        if form.is_valid() and (going := _done(request, found, decision, form)):
            return going
    return render(request, "portal/invoice.html", _context(person, found, bound))


def _done(request: HttpRequest, found: Invoice, decision: str, form: forms.Form) -> HttpResponse | None:
    try:
        told, made = DOES[decision](found, form, signed_in(request), request)
    except Refused as problem:
        form.add_error(None, str(problem))
        return None
    messages.success(request, told)
    return redirect("portal:invoice", made.uid) if made else redirect("portal:invoices")


def _draft(found: Invoice, _form: forms.Form, by: Person, _request: HttpRequest) -> tuple[str, Invoice | None]:
    made = services.draft(award=found.priced.award, by=by, now=utcnow())
    return (_("Drawn up as things stand now.") if made else _("Nothing is owed; the draft is gone.")), made


def _issue(found: Invoice, _form: forms.Form, by: Person, request: HttpRequest) -> tuple[str, Invoice]:
    version = request.POST.get("version", "")
    seen = int(version) if version.isascii() and version.isdigit() and len(version) < 9 else 0  # noqa: PLR2004 - digits
    made = services.issue(invoice=found, version=seen, by=by, now=utcnow())
    return _("Issued as %(number)s. The project's leader was told.") % {"number": made.number}, made


def _cancel(found: Invoice, form: forms.Form, by: Person, _request: HttpRequest) -> tuple[str, Invoice]:
    made = services.cancel(invoice=found, by=by, now=utcnow(), reason=form.cleaned_data["reason"])
    return _("Cancelled by this credit note. What is owed is drafted anew."), made


def _pay(found: Invoice, form: forms.Form, by: Person, _request: HttpRequest) -> tuple[str, Invoice]:
    return _("Noted as paid."), services.mark_paid(invoice=found, by=by, now=utcnow(), **form.cleaned_data)


DOES: dict[str, Callable[..., tuple[str, Invoice | None]]] = {
    "draft": _draft, "issue": _issue, "cancel": _cancel, "pay": _pay,
}  # fmt: skip
FORMS: dict[str, type[forms.Form]] = {"cancel": CancelForm, "pay": PaidForm}


def _context(person: Person, found: Invoice, bound: dict[str, forms.Form]) -> dict[str, Any]:
    sheet, may = papers.sheet_of(found), can_bill(person, found.priced.award)
    moves = MOVES[InvoiceState(found.state)] if may else ()
    pay = InvoiceState.PAID in moves
    cancel = InvoiceState.CANCELLED in moves and found.kind == InvoiceKind.INVOICE
    return {
        "invoice": found, "sheet": sheet, "title": papers.title_of(found), "note": papers.note_of(found),
        "tone": TONES[found.state], "project": found.priced.award.project,
        "rows": [papers.cells_of(sheet, one) for one in sheet.lines],
        "columns": [
            _("Service"), Column(_("Quantity"), numeric=True), _("Unit"), Column(_("Price of a unit"), numeric=True),
            Column(_("Net"), numeric=True),
        ],
        "sums": papers.sums_of(sheet), "notes": papers.notes_of(sheet),
        "facts": [*papers.facts_of(sheet), *papers.parties_of(found)],
        "gaps": _gaps(found), "issues": InvoiceState.ISSUED in moves,
        "is_unverified": found.state == InvoiceState.DRAFT and queries.rests_on_number(found),
        "pay": (bound.get("pay") or PaidForm()) if pay else None,
        "cancel": (bound.get("cancel") or CancelForm()) if cancel else None,
        "problems": [one for name in ("issue", "draft") if name in bound for one in bound[name].non_field_errors()],
    }  # fmt: skip


def _gaps(found: Invoice) -> list[str]:
    if found.state != InvoiceState.DRAFT:
        return []
    return services.told_against(invoice=found)


@require_safe
def pdf(request: HttpRequest, uid: str) -> HttpResponse:
    """The document as a PDF."""
    found = queries.invoice_of(signed_in(request), uid)
    return _file(papers.pdf_of(found), "application/pdf", f"{_name(found)}.pdf")


@require_safe
def csv(request: HttpRequest, uid: str) -> HttpResponse:
    """Its lines as a file for a spreadsheet."""
    found = queries.invoice_of(signed_in(request), uid)
    return _file(papers.csv_of(found), "text/csv; charset=utf-8", f"{_name(found)}.csv")


def _name(found: Invoice) -> str:
    return found.number or f"draft-{found.uid}"


def _file(content: str | bytes, kind: str, name: str) -> HttpResponse:
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def account(request: HttpRequest, slug: str) -> HttpResponse:
    """What a project pays. A POST with `decision` keeps the customer's address, changes the limit, or draws up."""
    person = signed_in(request)
    found = queries.account_of(person, slug)
    shown = _account_forms(person, found, request)
    decision = request.POST.get("decision", "")
    if request.method == "POST":
        if decision not in shown:
            raise NotFound(_("Nothing of that is to be done here by you."))
        form = shown[decision]
        if form.is_valid() and (told := _kept(found, decision, form, person)):
            messages.success(request, told)
            return redirect("portal:account", slug)
    context = {
        "account": found, "project": found.project, "forms": shown, "priced": found.priced,
        "sheet": papers.price_of(found.priced), "rows": _use(found),
        "columns": [_("Month (UTC)"), Column(_("Used"), numeric=True), _("Unit"), Column(_("Net"), numeric=True)],
        "cost": papers.euros(found.cost_cents), "limit": papers.euros(found.priced.limit_cents),
        "documents": [_row(one) for one in found.invoices],
        "document_columns": [_("Document"), _("State"), _("Project"), _("Issued"), _("Due"),
                             Column(_("Total"), numeric=True)],
    }  # fmt: skip
    return render(request, "portal/account.html", context)


def _use(found: Account) -> list[list[str]]:
    price, unit = found.priced.price, found.priced.unit_label
    return [
        [str(formats.date_format(first_day(month), "F Y")), papers.number(price.shown(used)), unit, papers.euros(net)]
        for month, used, net in found.months
    ]


def _account_forms(person: Person, found: Account, request: HttpRequest) -> dict[str, forms.Form]:
    """The forms this person may send, the one that was sent with what was written."""

    def data(decision: str) -> Any:
        return request.POST if request.POST.get("decision") == decision else None

    shown: dict[str, forms.Form] = {}
    if can_save_customer(person, found.project.organisation):
        names = CustomerForm.base_fields
        known = {name: getattr(found.customer, name) for name in names} if found.customer else {}
        number = known.get("vat_number") or found.project.organisation.vat_number
        shown["customer"] = CustomerForm(data("customer"), initial={**known, "vat_number": number})
    if can_bill(person, found.award):
        shown["limit"] = LimitForm(data("limit"), initial={"euros": f"{found.priced.limit_cents / 100:.2f}"})
        shown["draft"] = forms.Form(data("draft"))
    return shown


def _kept(found: Account, decision: str, form: Any, by: Person) -> str:
    """What was done, in words; empty, with the reason on the form, where the rules say no."""
    now = utcnow()
    try:
        if decision == "customer":
            pricing.save_customer(organisation=found.project.organisation, by=by, now=now, **form.cleaned_data)
            return _("Kept. Drafts are to be drawn up again.")
        if decision == "limit":
            pricing.set_limit(award=found.award, limit_cents=form.cents(), by=by, now=now)
            return _("The limit is changed.")
        made = services.draft(award=found.award, by=by, now=now)
    except Refused as problem:
        form.add_error(None, str(problem))
        return ""
    return _("A draft was drawn up; look at it and issue it.") if made else _("Nothing is owed for the months before.")
