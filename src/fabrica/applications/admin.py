"""Operators look at applications; nobody changes one here."""

from django.contrib import admin

from fabrica.applications.models import Application


@admin.register(Application)
class ApplicationAdmin(admin.ModelAdmin[Application]):
    """Applications, read only."""

    list_display = ["code", "title", "organisation", "state", "due_on"]
    list_filter = ["state"]
    search_fields = ["code", "title"]
    show_full_result_count = False

    def has_add_permission(self, *_: object, **__: object) -> bool:
        return False

    def has_change_permission(self, *_: object, **__: object) -> bool:
        return False

    def has_delete_permission(self, *_: object, **__: object) -> bool:
        return False
