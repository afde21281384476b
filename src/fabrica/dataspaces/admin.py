"""Operators look at datasets and stagings; what changes them are the services."""

from typing import Any

from django.contrib import admin

from fabrica.dataspaces.models import Agreement, Dataset, Staging, Version
from fabrica.kit.admin import ReadOnly


@admin.register(Dataset)
class DatasetAdmin(ReadOnly):
    """Datasets; the own data of projects is left out."""

    list_display = ["slug", "title", "provider", "licence", "created_at"]
    list_select_related = ["provider"]
    search_fields = ["slug", "title"]

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).filter(project=None)


@admin.register(Version)
class VersionAdmin(ReadOnly):
    """Versions, without the list of their files."""

    list_display = ["__str__", "state", "file_count", "size_bytes", "published_at"]
    list_filter = ["state"]
    exclude = ["files"]

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).select_related("dataset").defer("files").filter(dataset__project=None)


@admin.register(Agreement)
class AgreementAdmin(ReadOnly):
    """Agreements."""

    list_display = ["version", "project", "terms_sha256", "agreed_at"]
    list_select_related = ["version__dataset", "project"]


@admin.register(Staging)
class StagingAdmin(ReadOnly):
    """Stagings and why they stopped; the own data of projects is left out."""

    list_display = ["__str__", "state", "tries", "error_what", "requested_at"]
    list_filter = ["state"]

    def get_queryset(self, request: Any) -> Any:
        rows = super().get_queryset(request).select_related("version__dataset", "project").defer("version__files")
        return rows.filter(version__dataset__project=None)
