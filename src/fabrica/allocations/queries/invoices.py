"""Tariffs, what awards pay, and their documents. Every list a person sees starts from `invoices_visible_to`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from fabrica.allocations.engine.papers import Gap, gaps
from fabrica.allocations.engine.pricing import Billed, Line, bill
from fabrica.allocations.engine.tariffs import vat_row
from fabrica.allocations.models import Award, Customer, Invoice, InvoiceLine, PricedAward, Tariff
from fabrica.allocations.models.invoices import IS_DRAFT, facts_of
from fabrica.allocations.queries.awards import award_of
from fabrica.allocations.rules import can_audit
from fabrica.allocations.states import InvoiceState
from fabrica.clusters import queries as clusters
from fabrica.clusters.engine import Month, month_after, month_of, month_start
from fabrica.clusters.models import Site
from fabrica.kit.errors import NotFound
from fabrica.people.models import Member, Person
from fabrica.people.states import MemberRole
from fabrica.projects.models import Member as ProjectMember
from fabrica.projects.models import Project
from fabrica.projects.queries import project_of
from fabrica.projects.states import Right, holders


def tariff_on(site: Site, day: date) -> Tariff | None:
    """The newest tariff of a site that counts on a day."""
    open_ended = Q(ends_on=None) | Q(ends_on__gt=day)
    rows = Tariff.objects.filter(open_ended, site=site, starts_on__lte=day)
    return rows.order_by("-number").first()


def tariffs_of(site: Site) -> QuerySet[Tariff]:
    """Every tariff of a site, the newest first."""
    return Tariff.objects.filter(site=site).order_by("-number")


def priced_of(award: Award) -> PricedAward | None:
    """What an award pays; None for one that is free of charge."""
    rows = PricedAward.objects.select_related(
        "award__project__organisation", "award__machine__site", "award__application__call", "tariff__site"
    )
    return rows.filter(award=award).first()


def used_by_month(award: Award) -> dict[Month, int]:
    """What the ledger has booked for an award's jobs, by UTC month of use."""
    return clusters.usage_by_month(award.machine, award.account_name, counted="booked_gpu_seconds")


def billed_by_month(priced: PricedAward) -> dict[Month, Billed]:
    """What the issued documents of an award say together; one that was cancelled and its credit note say nothing."""
    rows = InvoiceLine.objects.filter(invoice__priced=priced).exclude(invoice__state=InvoiceState.DRAFT)
    used, before, net = Sum("used_gpu_seconds"), Sum("before_gpu_seconds"), Sum("net_cents")
    told = rows.order_by("month").values_list("month").annotate(used=used, before=before, net=net)
    return {(day.year, day.month): Billed(now - then, cents) for day, now, then, cents in told}


def standing_lines(priced: PricedAward) -> dict[Month, InvoiceLine]:
    """The newest line of each month that stands: of a document that was neither cancelled nor cancels another."""
    rows = InvoiceLine.objects.filter(invoice__priced=priced, invoice__cancels=None).order_by("pk")
    stands = rows.filter(invoice__state__in=[InvoiceState.ISSUED, InvoiceState.PAID])
    return {one.month_key: one for one in stands.select_related("invoice__site")}


def to_bill(priced: PricedAward, now: datetime) -> tuple[Line, ...]:
    """What is to be billed now, of the months that are over (in UTC)."""
    this = month_of(now)
    used = {month: seconds for month, seconds in used_by_month(priced.award).items() if month < this}
    return bill(used, billed_by_month(priced), priced.price, priced.limit_cents)


def treatment_of(priced: PricedAward, month: Month, corrected: InvoiceLine | None) -> Mapping[str, str]:
    """How VAT is treated on a line: a correction as what it corrects, new use by the tariff of its last day."""
    if corrected is not None:
        told: Mapping[str, str] = corrected.treatment
        return told
    tariff = tariff_on(priced.award.machine.site, last_day(month))
    buyer = _buyer(priced)
    return vat_row(tariff.rule.vat_for(buyer["country"], buyer["vat_number"]) if tariff else None)


def last_day(month: Month) -> date:
    """The last day of a month."""
    return (month_start(month_after(month)) - timedelta(days=1)).date()


def content_of(priced: PricedAward, now: datetime) -> dict[str, Any]:
    """What a document of an award says today, beside its lines."""
    award, tariff = priced.award, tariff_on(priced.award.machine.site, timezone.localdate(now))
    rule = tariff.rule if tariff else None
    return {
        "seller": dict(rule.seller) if rule else {},
        "language": rule.language if rule else "en",
        "payment_days": rule.payment_days if rule else None,
        "buyer": _buyer(priced),
        "project": {"slug": award.project.slug, "title": award.project.title, "code": award.application.code},
        "machine": award.machine.name,
        "unit": priced.unit,
        "unit_name": priced.unit_name,
        "gpus_per_unit": priced.gpus_per_unit,
        "micros_per_unit": priced.micros_per_unit,
        "tariff": {"number": priced.tariff.number, "source": priced.tariff.row["source"]},
    }


def _buyer(priced: PricedAward) -> dict[str, Any]:
    organisation = priced.award.project.organisation
    return facts_of(Customer.objects.filter(organisation=organisation).first(), organisation)


def is_as_drawn(draft: Invoice, now: datetime) -> bool:
    """Whether seller, customer and VAT are today as a draft says; what is used may have changed."""
    standing = standing_lines(draft.priced)
    lines = draft.lines.all()
    fresh = [treatment_of(draft.priced, one.month_key, standing.get(one.month_key) if one.corrects_id else None)
             for one in lines]  # fmt: skip
    return draft.content == content_of(draft.priced, now) and fresh == [one.treatment for one in lines]


def gaps_of(invoice: Invoice) -> tuple[Gap, ...]:
    """What Article 226 of the VAT directive asks of an invoice and this one cannot say."""
    return gaps(invoice.content, [one.treatment for one in invoice.lines.all()])


def other_number(invoice: Invoice) -> str:
    """The VAT number of the customer's own page where the document names another one; else nothing."""
    known = invoice.organisation.vat_number
    return known if known and invoice.content["buyer"]["vat_number"] not in ("", known) else ""


def rests_on_number(invoice: Invoice) -> bool:
    """Whether no VAT is taken since the customer named a number, whose form alone is checked here."""
    return any(one.treatment.get("kind") == "reverse_charge" for one in invoice.lines.all())


def drafts() -> QuerySet[Invoice]:
    """What is not issued yet, in an order in which nobody waits in a ring."""
    return Invoice.objects.filter(IS_DRAFT).select_related("priced__award").order_by("priced__award")


def drafts_due(now: datetime) -> QuerySet[PricedAward]:
    """The awards that the worker is to look at for something to bill."""
    return PricedAward.objects.filter(next_draft_at__lte=now).select_related("award").order_by("next_draft_at", "pk")


def invoices_visible_to(person: Person) -> QuerySet[Invoice]:
    """The documents a person may see, newest first.

    Officers and operators see all; leaders of the project and administrators of the organisation those issued.
    """
    rows = Invoice.objects.select_related(
        "site", "organisation", "priced__award__project__organisation", "cancels__site", "priced__award__machine"
    ).order_by("-pk")
    if can_audit(person):
        return rows
    led = ProjectMember.objects.filter(person=person, role__in=holders(Right.MANAGE)).values("project")
    administered = Member.objects.filter(person=person, role=MemberRole.ADMIN).values("organisation")
    mine = Q(priced__award__project__in=led) | Q(organisation__in=administered)
    return rows.filter(mine).exclude(state=InvoiceState.DRAFT)


def invoice_of(person: Person, uid: str) -> Invoice:
    """A document by its uid. Raises NotFound, also for one the person may not see."""
    found = invoices_visible_to(person).filter(uid=uid).first()
    if found is None:
        raise NotFound(_("There is no such invoice among yours."), todo=_("See those you may read under Invoices."))
    return found


@dataclass(frozen=True)
class Account:
    """What a project pays: its price, what it used of its limit, its customer, the newest documents."""

    project: Project
    award: Award
    priced: PricedAward
    customer: Customer | None
    used: Mapping[Month, int]
    invoices: list[Invoice]

    @property
    def cost_cents(self) -> int:
        """What all booked use costs, up to the limit; what was never billed and what is both."""
        lines = bill(self.used, {}, self.priced.price, self.priced.limit_cents)
        return sum(one.net_cents for one in lines)

    @property
    def months(self) -> list[tuple[Month, int, int]]:
        """Use and its price by month, the newest first; beyond the limit it costs nothing."""
        lines = {one.month: one for one in bill(self.used, {}, self.priced.price, self.priced.limit_cents)}
        return [(month, used, lines[month].net_cents if month in lines else 0)
                for month, used in sorted(self.used.items(), reverse=True)]  # fmt: skip


MOST_SHOWN = 12


def account_of(person: Person, slug: str) -> Account:
    """What a project pays, for those who see its invoices. Raises NotFound for others, and where it pays nothing."""
    project = project_of(person, slug)
    award = award_of(project)
    priced = priced_of(award)
    if priced is None or not _sees_account(person, project):
        raise NotFound(_("There is nothing to pay here, or not for you to see."), todo=_("Ask the project's leader."))
    invoices = list(invoices_visible_to(person).filter(priced=priced)[:MOST_SHOWN])
    customer = Customer.objects.filter(organisation=project.organisation).first()
    return Account(project, award, priced, customer, used_by_month(award), invoices)


def pays(person: Person, award: Award) -> bool:
    """Whether an award pays, and the person may see what."""
    return PricedAward.objects.filter(award=award).exists() and _sees_account(person, award.project)


def _sees_account(person: Person, project: Project) -> bool:
    if can_audit(person) or project.members.filter(person=person, role__in=holders(Right.MANAGE)).exists():
        return True
    return project.organisation.members.filter(person=person, role=MemberRole.ADMIN).exists()
