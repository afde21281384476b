"""Operators see calls; `fabrica-site calls` opens, pauses and closes them, so that the audit knows."""

from django.contrib import admin

from fabrica.calls.models import Call


@admin.register(Call)
class CallAdmin(admin.ModelAdmin[Call]):
    """Calls, read only."""

    list_display = ["title", "machine", "state", "opens_at", "closes_at"]

    def has_add_permission(self, *_: object, **__: object) -> bool:
        return False

    def has_change_permission(self, *_: object, **__: object) -> bool:
        return False

    def has_delete_permission(self, *_: object, **__: object) -> bool:
        return False
