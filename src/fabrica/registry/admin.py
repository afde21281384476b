"""Operators see models, what is on its way in, and keys; services and the API change them, so that the audit knows."""

from django.contrib import admin

from fabrica.kit.admin import ReadOnly
from fabrica.registry.models import Intake, Model, ModelVersion, Release, SiteKey, Statement, Step


@admin.register(Model)
class ModelAdmin(ReadOnly):
    """Models."""

    list_display = ["slug", "title", "project"]


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnly):
    """Versions."""

    list_display = ["__str__", "state", "size_bytes", "registered_at"]
    list_filter = ["state"]


@admin.register(Step)
class StepAdmin(ReadOnly):
    """Moves of versions."""

    list_display = ["version", "before", "after", "at"]


@admin.register(Release)
class ReleaseAdmin(ReadOnly):
    """Releases of documents."""

    list_display = ["version", "number", "made_at"]


@admin.register(Statement)
class StatementAdmin(ReadOnly):
    """What projects declare of their models."""

    list_display = ["__str__", "at"]


@admin.register(Intake)
class IntakeAdmin(ReadOnly):
    """Succeeded runs on their way in."""

    list_display = ["run", "state", "tries", "error"]
    list_filter = ["state"]


@admin.register(SiteKey)
class SiteKeyAdmin(ReadOnly):
    """Keys."""

    list_display = ["fingerprint", "state", "created_at"]
