"""Operators read entries; nobody edits them."""

from typing import Any

from django.contrib import admin

from fabrica.audit.models import Entry


@admin.register(Entry)
class EntryAdmin(admin.ModelAdmin[Entry]):
    """Entries, read only."""

    list_display = ["at", "verb", "subject", "actor"]
    list_filter = ["verb"]
    search_fields = ["subject", "actor"]
    ordering = ["-pk"]
    show_full_result_count = False

    def has_add_permission(self, *_: Any, **__: Any) -> bool:
        return False

    def has_change_permission(self, *_: Any, **__: Any) -> bool:
        return False

    def has_delete_permission(self, *_: Any, **__: Any) -> bool:
        return False
