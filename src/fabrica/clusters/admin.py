"""Operators see sites and machines; they are made with `fabrica-site` so that the audit knows."""

from django.contrib import admin

from fabrica.clusters.models import Machine, Site
from fabrica.kit.admin import ReadOnly


@admin.register(Site)
class SiteAdmin(ReadOnly):
    """Sites."""

    list_display = ["name", "country", "is_dry_run", "mends_drift"]


@admin.register(Machine)
class MachineAdmin(ReadOnly):
    """Machines."""

    list_display = ["name", "site", "adapter", "device", "devices_total", "is_reachable", "load_at"]
