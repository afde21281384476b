"""Operators look at applications; nobody changes one here."""

from django.contrib import admin

from fabrica.applications.models import Application
from fabrica.kit.admin import ReadOnly


@admin.register(Application)
class ApplicationAdmin(ReadOnly):
    """Applications, read only."""

    list_display = ["code", "title", "organisation", "state", "due_on"]
    list_filter = ["state"]
    search_fields = ["code", "title"]
