"""Documents: drawn up, issued, cancelled, noted as paid.

Whoever changes the documents of an award holds its row first, as whoever books for it does. The number of a document is
counted in the transaction that issues it: one that fails takes no number with it.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from fabrica.allocations import rules
from fabrica.allocations.engine.papers import Gap
from fabrica.allocations.engine.pricing import Line, taxed
from fabrica.allocations.models import Award, Invoice, InvoiceLine, InvoiceSeries, PricedAward
from fabrica.allocations.models.invoices import IS_DRAFT, NOTE_LIMIT, REFERENCE_LIMIT, first_day
from fabrica.allocations.queries import invoices as queries
from fabrica.allocations.services.accounts import tell_leaders
from fabrica.allocations.services.planning import next_draft
from fabrica.allocations.services.pricing import money
from fabrica.allocations.states import MOVES, InvoiceKind, InvoiceState
from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.people.models import Person

WORDS = {
    "name": _("name"), "street": _("street"), "postcode": _("postcode"), "city": _("city"), "country": _("country"),
    "vat_number": _("VAT number"), "vat": _("how VAT is treated for this customer"),
}  # fmt: skip
OWNERS = {"seller": _("Seller"), "buyer": _("Customer")}
PLACES = {
    "seller": _("An operator gives it in the site's tariff: docs/operator/invoices.md."),
    "buyer": _("An administrator of the organisation, or an officer, gives it on the page Price and invoices."),
}


@transaction.atomic
def draft(*, award: Award, now: datetime, by: Person) -> Invoice | None:
    """Draw up what an award owes for the months that are over, anew where there is a draft; None where it owes nothing.

    Raises NotAllowed, and Refused for an award that is free of charge.
    """
    _must_bill(by, award)
    return _draw_up(_held(award), now, by)


@transaction.atomic
def draft_planned(*, priced: PricedAward, now: datetime) -> Invoice | None:
    """What the worker draws up when its time has come; a second worker finds nothing to do."""
    held = _held(priced.award)
    if held.next_draft_at is None or held.next_draft_at > now:
        return None
    PricedAward.objects.filter(pk=held.pk).update(next_draft_at=next_draft(held.award, now))
    return _draw_up(held, now, None)


def _must_bill(by: Person, award: Award) -> None:
    if not rules.can_bill(by, award):
        raise NotAllowed(gettext("Only an officer or operator from outside the project and its organisation bills it."))


def _held(award: Award) -> PricedAward:
    Award.objects.select_for_update(no_key=True).get(pk=award.pk)
    found = queries.priced_of(award)
    if found is None:
        raise Refused(gettext("The award is free of charge; there is nothing to bill."))
    return found


def _draw_up(priced: PricedAward, now: datetime, by: Person | None) -> Invoice | None:
    lines = queries.to_bill(priced, now)
    before = Invoice.objects.filter(IS_DRAFT, priced=priced).first()
    if not lines:
        if before is not None:
            record(verb="invoice.draft", by=by, subject=before.subject, now=now, version=before.version, net_cents=0)
            before.delete()
        return None
    version = before.version + 1 if before else 1
    made = Invoice(
        **({"pk": before.pk, "uid": before.uid} if before else {}), priced=priced, version=version,
        organisation=priced.award.project.organisation, site=priced.award.machine.site,
        kind=_kind(sum(one.net_cents for one in lines)), until=queries.last_day(lines[-1].month),
        content=queries.content_of(priced, now), net_cents=0, vat_cents=0, drafted_at=now,
    )  # fmt: skip
    made.save()
    made.lines.all().delete()
    _add(made, _lines(made, lines))
    record(verb="invoice.draft", by=by, subject=made.subject, now=now, version=version, net_cents=made.net_cents)
    return made


def _kind(cents: int) -> InvoiceKind:
    return InvoiceKind.CREDIT_NOTE if cents < 0 else InvoiceKind.INVOICE


def _lines(made: Invoice, lines: Sequence[Line]) -> list[InvoiceLine]:
    standing = queries.standing_lines(made.priced)
    found = []
    for one in lines:
        before = standing.get(one.month) if one.is_correction else None
        treatment = queries.treatment_of(made.priced, one.month, before)
        found.append(
            InvoiceLine(
                invoice=made, month=first_day(one.month), used_gpu_seconds=one.used, before_gpu_seconds=one.before,
                net_cents=one.net_cents, treatment=treatment, corrects=before.invoice if before else None,
            )
        )  # fmt: skip
    return found


def _add(made: Invoice, lines: Sequence[InvoiceLine]) -> None:
    """Keep its lines, and its sums."""
    InvoiceLine.objects.bulk_create(lines)
    made.net_cents = sum(one.net_cents for one in lines)
    known = [(vat, one.net_cents) for one in lines if (vat := one.vat) is not None]
    made.vat_cents = sum(one.vat_cents for one in taxed(known))
    made.save(update_fields=["net_cents", "vat_cents"])


@transaction.atomic
def issue(*, invoice: Invoice, version: int, by: Person, now: datetime) -> Invoice:
    """Issue a draft as the person saw it, under the next number of its site and year. It never changes again.

    Raises NotAllowed; Refused where it was drawn up anew since, where what it says of seller or customer has changed,
    where it lacks something that an invoice must show (with what, and where to give it), and where it names another VAT
    number than the customer's own page.
    """
    award = invoice.priced.award
    _must_bill(by, award)
    priced = _held(award)
    found = Invoice.objects.select_related("site").filter(IS_DRAFT, pk=invoice.pk, version=version).first()
    if found is not None:
        found.priced = priced
    if found is None or not queries.is_as_drawn(found, now):
        raise Refused(
            gettext("This draft is not as it was shown: something changed meanwhile."),
            todo=gettext("Draw it up again, look at it, and issue it then."),
        )
    if missing := queries.gaps_of(found):
        raise Refused(_told(missing), why=gettext("Directive 2006/112/EC, Article 226."), todo=_where(missing))
    if known := queries.other_number(found):
        raise Refused(_told_of_number(known), todo=str(PLACES["buyer"]))
    today = timezone.localdate(now)
    found.year, found.serial = today.year, _next_number(found, today.year)
    found.state, found.issued_at, found.issued_on, found.issued_by = InvoiceState.ISSUED, now, today, by
    if found.kind == InvoiceKind.INVOICE:
        found.due_on = today + timedelta(days=found.content["payment_days"])
    found.save()
    _note_issued(found, award, by, now)
    return found


def _told(missing: Sequence[Gap]) -> str:
    named = ", ".join(f"{OWNERS[one.owner]}: {WORDS[one.what]}" for one in missing)
    return gettext("It cannot be issued; it lacks: %(named)s.") % {"named": named}


def _told_of(gap: Gap) -> str:
    """Something that is missing, by which point of the directive, and where to give it."""
    told = {"owner": OWNERS[gap.owner], "what": WORDS[gap.what], "point": gap.point, "place": PLACES[gap.owner]}
    return gettext("%(owner)s: %(what)s (Article 226, point %(point)s). %(place)s") % told


def told_against(*, invoice: Invoice) -> list[str]:
    """What keeps a draft from being issued, a sentence each."""
    known = queries.other_number(invoice)
    differs = [_told_of_number(known)] if known else []
    return [*(_told_of(one) for one in queries.gaps_of(invoice)), *differs]


def _told_of_number(known: str) -> str:
    told = gettext("The customer's VAT number is not the one of the organisation's page, %(known)s; mend one of them.")
    return told % {"known": known}


def _where(missing: Sequence[Gap]) -> str:
    return " ".join(str(PLACES[one]) for one in dict.fromkeys(one.owner for one in missing))


def _next_number(invoice: Invoice, year: int) -> int:
    """The next number, counted in this transaction: whoever comes second waits here for the first."""
    rows = InvoiceSeries.objects.select_for_update(no_key=True)
    series, _is_new = rows.get_or_create(site=invoice.site, year=year)
    InvoiceSeries.objects.filter(pk=series.pk).update(last=F("last") + 1)
    series.refresh_from_db(fields=["last"])
    return series.last


def _note_issued(made: Invoice, award: Award, by: Person, now: datetime) -> None:
    record(
        verb="invoice.issue", by=by, subject=made.subject, now=now, number=made.number, kind=made.kind,
        net_cents=made.net_cents, vat_cents=made.vat_cents,
    )  # fmt: skip
    tell_leaders(
        award, "invoice_issued", f"invoice:{made.uid}", now, number=made.number,
        is_credit=made.kind == InvoiceKind.CREDIT_NOTE, gross=money(abs(made.gross_cents)), due=made.due_on,
    )  # fmt: skip


@transaction.atomic
def cancel(*, invoice: Invoice, by: Person, now: datetime, reason: str) -> Invoice:
    """Cancel an issued invoice by a credit note with the same lines, the other way round; it is issued at once.

    What was billed is then to be billed anew. Raises NotAllowed; Refused for a draft, a credit note, one that was
    cancelled before, and without a reason, which stands on the credit note.
    """
    award = invoice.priced.award
    _must_bill(by, award)
    told = _line_of(reason, NOTE_LIMIT, "To cancel an invoice needs a reason of at most 500 letters, in one line.")
    priced = _held(award)
    found = Invoice.objects.select_related("site", "organisation", "priced").get(pk=invoice.pk)
    if found.kind != InvoiceKind.INVOICE:
        raise Refused(
            gettext("A credit note is not cancelled."),
            todo=gettext("What it took back is billed anew: draw up a draft."),
        )
    _must_move(found, InvoiceState.CANCELLED)
    today = timezone.localdate(now)
    made = Invoice.objects.create(
        priced=priced, organisation=found.organisation, site=found.site, kind=InvoiceKind.CREDIT_NOTE,
        state=InvoiceState.ISSUED, until=found.until, content=found.content, net_cents=-found.net_cents,
        vat_cents=-found.vat_cents, drafted_at=now, year=today.year, serial=_next_number(found, today.year),
        issued_at=now, issued_on=today, issued_by=by, cancels=found, reason=told,
    )  # fmt: skip
    InvoiceLine.objects.bulk_create([
        InvoiceLine(
            invoice=made, month=one.month, used_gpu_seconds=one.before_gpu_seconds, net_cents=-one.net_cents,
            before_gpu_seconds=one.used_gpu_seconds, treatment=one.treatment, corrects=found,
        )
        for one in found.lines.all()
    ])  # fmt: skip
    Invoice.objects.filter(pk=found.pk).update(state=InvoiceState.CANCELLED)
    record(verb="invoice.cancel", by=by, subject=found.subject, now=now, number=found.number, credit_note=made.number)
    _note_issued(made, award, by, now)
    _draw_up(priced, now, by)
    return made


def _must_move(invoice: Invoice, to: InvoiceState) -> None:
    if to not in MOVES[InvoiceState(invoice.state)]:
        raise Refused(
            gettext("%(invoice)s is %(state)s; it cannot become %(wanted)s.")
            % {"invoice": invoice, "state": invoice.get_state_display(), "wanted": to.label},
            todo=gettext("Reload the page."),
        )


def _line_of(text: str, most: int, needs: str) -> str:
    found = text.strip()
    if not 0 < len(found) <= most or not found.isprintable():
        raise Refused(needs)
    return found


@transaction.atomic
def mark_paid(*, invoice: Invoice, paid_on: date, reference: str, by: Person, now: datetime) -> Invoice:
    """Note that the money moved, on a day, under a reference of the bank. Raises NotAllowed, Refused."""
    _must_bill(by, invoice.priced.award)
    told = _line_of(reference, REFERENCE_LIMIT, "A payment needs the reference of the bank, at most 100 letters.")
    _held(invoice.priced.award)
    found = Invoice.objects.select_related("site").get(pk=invoice.pk)
    _must_move(found, InvoiceState.PAID)
    if not (found.issued_on or paid_on) <= paid_on <= timezone.localdate(now):
        raise Refused(gettext("The day of payment lies between the day of issue and today."))
    found.state, found.paid_on, found.paid_reference, found.paid_noted_by = InvoiceState.PAID, paid_on, told, by
    found.save(update_fields=["state", "paid_on", "paid_reference", "paid_noted_by"])
    record(verb="invoice.pay", by=by, subject=found.subject, now=now, number=found.number, on=paid_on.isoformat())
    return found
