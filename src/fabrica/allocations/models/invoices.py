"""Tariffs of sites, what awards pay, and the documents that ask for it. Money is euro cents, without VAT."""

from datetime import date
from fractions import Fraction
from typing import Any

from django.db import models
from django.db.models import Q

from fabrica.allocations.engine.pricing import Price, Vat
from fabrica.allocations.engine.tariffs import TariffRule, rule_from, vat_from
from fabrica.allocations.states import InvoiceKind, InvoiceState, PriceUnit
from fabrica.clusters.models import Site
from fabrica.kit.ids import new_uid
from fabrica.people.models import Organisation, Person

REFERENCE_LIMIT = 100
NOTE_LIMIT = 500
IS_DRAFT = Q(state=InvoiceState.DRAFT)


class Tariff(models.Model):
    """What a site sells by from a day on, in the form of its file. Never changed, never deleted; the newest counts."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, help_text="The first day on which it no longer counts.")
    row = models.JSONField()
    by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "number"], name="allocations_tariff_once")]

    def __str__(self) -> str:
        return f"Tariff {self.number} of {self.site}"

    @property
    def rule(self) -> TariffRule:
        return rule_from(self.row)


class PricedAward(models.Model):
    """What an award pays, as it was fixed when it was made, and the most that it may ever cost."""

    award = models.OneToOneField("allocations.Award", on_delete=models.PROTECT, related_name="+")
    tariff = models.ForeignKey(Tariff, on_delete=models.PROTECT, related_name="+")
    unit = models.CharField(max_length=20, choices=PriceUnit.choices)
    unit_name = models.CharField(max_length=60, blank=True, help_text="What the machine's people call its own unit.")
    gpus_per_unit = models.CharField(max_length=20, help_text="The GPUs of the ledger behind a unit, as a fraction.")
    micros_per_unit = models.PositiveBigIntegerField(help_text="Millionths of a euro for an hour of a unit.")
    limit_cents = models.PositiveBigIntegerField(help_text="The most that all of it may cost, without VAT.")
    fixed_at = models.DateTimeField()
    next_draft_at = models.DateTimeField(null=True, help_text="When the worker looks for something to bill.")

    class Meta:
        indexes = [models.Index(fields=["next_draft_at"], name="allocations_draft_due")]

    def __str__(self) -> str:
        return f"Price of {self.award.project}"

    @property
    def price(self) -> Price:
        return Price(self.micros_per_unit, Fraction(self.gpus_per_unit))

    @property
    def unit_label(self) -> str:
        """The unit in words."""
        return self.unit_name or str(self.get_unit_display())


class Customer(models.Model):
    """Where an organisation's invoices go, as it told us."""

    organisation = models.OneToOneField(Organisation, on_delete=models.PROTECT, related_name="+")
    street = models.CharField(max_length=160)
    postcode = models.CharField(max_length=20)
    city = models.CharField(max_length=80)
    vat_number = models.CharField(max_length=20, blank=True)
    reference = models.CharField(max_length=REFERENCE_LIMIT, blank=True, help_text="Printed on each invoice.")
    saved_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.organisation}, {self.city}"


class InvoiceSeries(models.Model):
    """How many documents a site has numbered in a year: the next one is one more, so that no number is missing."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "year"], name="allocations_series_once")]

    def __str__(self) -> str:
        return f"{self.site} {self.year}: {self.last}"


class Invoice(models.Model):
    """An invoice or a credit note. A draft follows what is used; once issued, nothing that it says ever changes.

    `content` is what it says of seller, customer and project. `version` counts how often a draft was drawn up.
    """

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    priced = models.ForeignKey(PricedAward, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=InvoiceKind.choices)
    state = models.CharField(max_length=20, choices=InvoiceState.choices, default=InvoiceState.DRAFT)
    version = models.PositiveIntegerField(default=1)
    until = models.DateField(help_text="The last day of use that it counts.")
    content = models.JSONField()
    net_cents = models.BigIntegerField()
    vat_cents = models.BigIntegerField()
    drafted_at = models.DateTimeField()
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField(null=True)
    serial = models.PositiveIntegerField(null=True)
    issued_at = models.DateTimeField(null=True)
    issued_on = models.DateField(null=True)
    due_on = models.DateField(null=True)
    issued_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    cancels = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="cancelled_by")
    reason = models.TextField(max_length=NOTE_LIMIT, blank=True, help_text="Why it cancels another.")
    paid_on = models.DateField(null=True)
    paid_reference = models.CharField(max_length=REFERENCE_LIMIT, blank=True)
    paid_noted_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "year", "serial"], name="allocations_invoice_number_once"),
            models.UniqueConstraint(fields=["priced"], condition=IS_DRAFT, name="allocations_one_draft"),
            models.CheckConstraint(
                condition=IS_DRAFT
                | Q(serial__gt=0, year__isnull=False, issued_at__isnull=False, issued_on__isnull=False),
                name="allocations_issued_has_number",
            ),
            models.CheckConstraint(
                condition=~Q(state=InvoiceState.PAID) | Q(paid_on__isnull=False), name="allocations_paid_has_day"
            ),
        ]
        indexes = [
            models.Index(fields=["state", "id"], name="allocations_invoice_listed"),
            models.Index(fields=["organisation", "id"], name="allocations_invoice_of_firm"),
        ]

    def __str__(self) -> str:
        return self.number or str(self.get_kind_display())

    @property
    def number(self) -> str:
        """As it is printed; empty for a draft."""
        return f"{self.site.slug.upper()}-{self.year}-{self.serial:05}" if self.serial else ""

    @property
    def gross_cents(self) -> int:
        """With VAT."""
        return self.net_cents + self.vat_cents

    @property
    def subject(self) -> str:
        """How the audit names it."""
        return f"invoice:{self.uid}"

    @property
    def page(self) -> str:
        """Where it stands on the portal."""
        return f"/invoices/{self.uid}/"


class InvoiceLine(models.Model):
    """What one month of use adds to a document, or takes back. `treatment` is that of VAT; empty while unknown."""

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="lines")
    month = models.DateField(help_text="Its first day.")
    used_gpu_seconds = models.BigIntegerField(help_text="Of the month, as it was known then.")
    before_gpu_seconds = models.BigIntegerField(
        help_text="What was billed of it before; below zero where what was cancelled had been corrected."
    )
    net_cents = models.BigIntegerField()
    treatment = models.JSONField(default=dict)
    corrects = models.ForeignKey(Invoice, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["month", "pk"]
        constraints = [models.UniqueConstraint(fields=["invoice", "month"], name="allocations_line_once")]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}: {self.net_cents}"

    @property
    def gpu_seconds(self) -> int:
        """What is billed here, or (below zero) given back."""
        return self.used_gpu_seconds - self.before_gpu_seconds

    @property
    def vat(self) -> Vat | None:
        return vat_from(self.treatment)

    @property
    def month_key(self) -> tuple[int, int]:
        """Year and month."""
        return self.month.year, self.month.month


def first_day(month: tuple[int, int]) -> date:
    """The first day of a month."""
    return date(*month, 1)


def facts_of(customer: Customer | None, organisation: Organisation) -> dict[str, Any]:
    """What a document says of its customer; the VAT number of its own page where none was told for its invoices."""
    told = {"name": organisation.name, "country": organisation.country}
    names = ("street", "postcode", "city", "vat_number", "reference")
    told |= {name: getattr(customer, name) if customer else "" for name in names}
    return told | {"vat_number": told["vat_number"] or organisation.vat_number}
