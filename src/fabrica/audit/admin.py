"""Operators read entries; nobody edits them."""

from django.contrib import admin

from fabrica.audit.models import Entry
from fabrica.kit.admin import ReadOnly


@admin.register(Entry)
class EntryAdmin(ReadOnly):
    """Entries, read only."""

    list_display = ["at", "verb", "subject", "actor"]
    list_filter = ["verb"]
    search_fields = ["subject", "actor"]
    ordering = ["-pk"]
