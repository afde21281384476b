"""Operators see sites and machines; they are made with `fabrica-site` so that the audit knows."""

from django.contrib import admin

from fabrica.clusters.models import Machine, Site


@admin.register(Site)
class SiteAdmin(admin.ModelAdmin[Site]):
    """Sites."""

    list_display = ["name", "country"]

    def has_add_permission(self, *_: object, **__: object) -> bool:
        return False

    def has_change_permission(self, *_: object, **__: object) -> bool:
        return False

    def has_delete_permission(self, *_: object, **__: object) -> bool:
        return False


@admin.register(Machine)
class MachineAdmin(admin.ModelAdmin[Machine]):
    """Machines."""

    list_display = ["name", "site", "adapter", "device", "devices_total", "is_reachable", "load_at"]

    def has_add_permission(self, *_: object, **__: object) -> bool:
        return False

    def has_change_permission(self, *_: object, **__: object) -> bool:
        return False

    def has_delete_permission(self, *_: object, **__: object) -> bool:
        return False
