"""Operators see sites and machines; they are made with `fabrica-site` so that the audit knows."""

from django.contrib import admin

from fabrica.clusters.models import Machine, Site


@admin.register(Site)
class SiteAdmin(admin.ModelAdmin[Site]):
    """Sites."""

    list_display = ["name", "country"]


@admin.register(Machine)
class MachineAdmin(admin.ModelAdmin[Machine]):
    """Machines."""

    list_display = ["name", "site", "adapter", "device", "devices_total", "is_reachable", "load_at"]
    readonly_fields = ["flops_per_second", "measured_at", "is_reachable", "devices_busy", "jobs_running", "load_at"]
