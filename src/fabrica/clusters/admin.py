"""Operators see sites and machines; they are made with `fabrica-site` so that the audit knows."""

from django.contrib import admin

from fabrica.clusters.models import Machine, Site, UnixName
from fabrica.kit.admin import ReadOnly


@admin.register(Site)
class SiteAdmin(ReadOnly):
    """Sites."""

    list_display = ["name", "country"]


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
