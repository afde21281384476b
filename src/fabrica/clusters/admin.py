"""Operators see sites and machines; they are made with `fabrica-site` so that the audit knows."""

from django.contrib import admin

from fabrica.clusters.models import ClosingDay, JobUsage, Machine, Site, UnixName, UsageMark
from fabrica.kit.admin import ReadOnly, ReadOnlyInline


class ClosingDayInline(ReadOnlyInline):
    """The days on which a site is closed; changed with `fabrica-site clusters close` and `reopen`."""

    model = ClosingDay


@admin.register(Site)
class SiteAdmin(ReadOnly):
    """Sites."""

    list_display = ["name", "country", "subdivision", "time_zone", "is_dry_run", "mends_drift"]
    inlines = [ClosingDayInline]


@admin.register(Machine)
class MachineAdmin(ReadOnly):
    """Machines."""

    list_display = ["name", "site", "adapter", "device", "devices_total", "is_reachable", "load_at"]


@admin.register(UnixName)
class UnixNameAdmin(ReadOnly):
    """Who is called what; changed with `fabrica-site clusters name`."""

    list_display = ["name", "person", "site", "assigned_at", "retired_at", "trouble"]
    list_filter = ["site"]
    search_fields = ["name", "person__email"]
    list_select_related = ["person", "site"]


@admin.register(UsageMark)
class UsageMarkAdmin(ReadOnly):
    """How far the accounting of each machine is read."""

    list_display = ["machine", "read_until", "full_look_at", "records", "unusable", "error"]
    list_select_related = ["machine"]


@admin.register(JobUsage)
class JobUsageAdmin(ReadOnly):
    """What jobs used."""

    list_display = ["key", "machine", "account", "gpu_seconds", "booked_gpu_seconds", "state", "started_at", "ended_at"]
    list_filter = ["machine", "is_nobodys", "is_odd", "state"]
    search_fields = ["job_id", "token", "account"]
    list_select_related = ["machine"]
