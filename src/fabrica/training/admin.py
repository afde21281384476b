"""Operators look at runs; nobody changes one here."""

from django.contrib import admin

from fabrica.kit.admin import ReadOnly
from fabrica.training.models import Attempt, Run


@admin.register(Run)
class RunAdmin(ReadOnly):
    """Runs, read only."""

    list_display = ["__str__", "kind", "state", "machine", "used_gpu_seconds", "created_at", "ended_at"]
    list_filter = ["state", "kind", "machine"]
    search_fields = ["project__slug", "uid"]
    list_select_related = ["project", "machine"]


@admin.register(Attempt)
class AttemptAdmin(ReadOnly):
    """Attempts, read only."""

    list_display = ["run", "number", "state", "job_id", "gpu_seconds", "ended_because"]
    list_filter = ["state"]
    search_fields = ["job_id", "run__uid"]
    list_select_related = ["run__project"]
