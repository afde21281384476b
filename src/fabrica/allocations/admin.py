"""Operators see awards, the ledger and accounts; hours move through services only, so that the books stay right."""

from django.contrib import admin

from fabrica.allocations.models import Award, ClusterAccount, JobBooking, LedgerAccount, TopUp, Transfer
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
    list_select_related = ["award__project", "machine"]


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
