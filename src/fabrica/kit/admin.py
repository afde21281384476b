"""The operators' administration shows rows; what changes them is a service, so that the audit knows."""

from typing import Any

from django.contrib import admin


class _LookOnly:
    def has_add_permission(self, *_: object, **__: object) -> bool:
        return False

    def has_change_permission(self, *_: object, **__: object) -> bool:
        return False

    def has_delete_permission(self, *_: object, **__: object) -> bool:
        return False


class ReadOnly(_LookOnly, admin.ModelAdmin[Any]):
    """Rows to look at. Counting them all would cost more than it tells."""

    show_full_result_count = False


class ReadOnlyInline(_LookOnly, admin.TabularInline[Any, Any]):
    """Rows to look at, beside the row they belong to."""

    extra = 0
    can_delete = False
