"""Operators see calls; `fabrica-site calls` opens, pauses and closes them, so that the audit knows."""

from django.contrib import admin

from fabrica.calls.models import Call, FormVersion, ModeVersion
from fabrica.kit.admin import ReadOnly


@admin.register(Call)
class CallAdmin(ReadOnly):
    """Calls, read only."""

    list_display = ["title", "machine", "state", "opens_at", "closes_at"]


@admin.register(ModeVersion)
class ModeVersionAdmin(ReadOnly):
    """The versions of modes, read only: `/modes/` writes them."""

    list_display = ["slug", "number", "valid_from", "is_retired", "by"]
    list_select_related = ["by"]


@admin.register(FormVersion)
class FormVersionAdmin(ReadOnly):
    """The versions of application forms, read only: `fabrica-site forms keep` writes them."""

    list_display = ["slug", "number", "created_at", "by"]
    list_select_related = ["by"]
