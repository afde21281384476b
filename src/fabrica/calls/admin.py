"""Operators see calls; `fabrica-site calls` opens, pauses and closes them, so that the audit knows."""

from django.contrib import admin

from fabrica.calls.models import Call
from fabrica.kit.admin import ReadOnly


@admin.register(Call)
class CallAdmin(ReadOnly):
    """Calls, read only."""

    list_display = ["title", "machine", "state", "opens_at", "closes_at"]
