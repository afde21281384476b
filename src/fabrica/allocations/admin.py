"""Operators see awards, the ledger and accounts; hours move through services only, so that the books stay right."""

from django.contrib import admin

from fabrica.allocations.models import (
    AccountingYear,
    Award,
    Cap,
    ClusterAccount,
    Customer,
    Extension,
    Invoice,
    JobBooking,
    LedgerAccount,
    Pool,
    PricedAward,
    Tariff,
    TopUp,
    Transfer,
)  # fmt: skip
from fabrica.kit.admin import ReadOnly


@admin.register(Award)
class AwardAdmin(ReadOnly):
    """Awards."""

    list_display = ["project", "machine", "gpu_seconds", "ends_at"]
    list_select_related = ["project", "machine"]


@admin.register(LedgerAccount)
class LedgerAccountAdmin(ReadOnly):
    """Accounts of the ledger."""

    list_display = ["__str__", "kind", "balance_gpu_seconds"]
    list_filter = ["kind"]
    list_select_related = ["award__project", "machine", "pool__year__machine"]


@admin.register(Transfer)
class TransferAdmin(ReadOnly):
    """Transfers."""

    list_display = ["key", "kind", "gpu_seconds", "at"]
    list_filter = ["kind"]
    search_fields = ["key", "hold_key"]


@admin.register(TopUp)
class TopUpAdmin(ReadOnly):
    """Hours added to awards."""

    list_display = ["__str__", "award", "by", "reason"]
    list_select_related = ["transfer", "award__project", "by"]


@admin.register(Extension)
class ExtensionAdmin(ReadOnly):
    """More time for awards."""

    list_display = ["__str__", "by", "reason", "at"]
    list_select_related = ["award__project", "by"]


@admin.register(AccountingYear)
class AccountingYearAdmin(ReadOnly):
    """What machines give in a year."""

    list_display = ["machine", "starts_on", "ends_on", "gpu_seconds", "source"]
    list_select_related = ["machine"]


@admin.register(Pool)
class PoolAdmin(ReadOnly):
    """The parts of a year."""

    list_display = ["name", "year", "percent", "gpu_seconds"]
    list_select_related = ["year__machine"]


@admin.register(Cap)
class CapAdmin(ReadOnly):
    """The most that awards may take of a year."""

    list_display = ["name", "year", "percent", "limit_gpu_seconds", "taken_gpu_seconds", "source"]
    list_select_related = ["year__machine"]


@admin.register(JobBooking)
class JobBookingAdmin(ReadOnly):
    """What is booked for each job."""

    list_display = ["key", "machine", "award", "gpu_seconds", "version"]
    list_select_related = ["machine", "award__project"]
    search_fields = ["key"]


@admin.register(ClusterAccount)
class ClusterAccountAdmin(ReadOnly):
    """Accounts on clusters."""

    list_display = ["__str__", "gpu_seconds_wanted", "gpu_seconds_applied", "ready_at", "drifted_at", "error"]
    list_select_related = ["award__project"]


@admin.register(Tariff)
class TariffAdmin(ReadOnly):
    """What sites sell by."""

    list_display = ["site", "number", "starts_on", "ends_on"]
    list_select_related = ["site"]


@admin.register(PricedAward)
class PricedAwardAdmin(ReadOnly):
    """What awards pay."""

    list_display = ["award", "unit", "micros_per_unit", "limit_cents"]
    list_select_related = ["award__project"]


@admin.register(Customer)
class CustomerAdmin(ReadOnly):
    """Where invoices go."""

    list_display = ["organisation", "city", "vat_number"]
    list_select_related = ["organisation"]


@admin.register(Invoice)
class InvoiceAdmin(ReadOnly):
    """Invoices and credit notes."""

    list_display = ["__str__", "state", "organisation", "net_cents", "vat_cents", "issued_on"]
    list_filter = ["state"]
    list_select_related = ["site", "organisation"]
