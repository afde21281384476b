"""Operators look at runs; nobody changes one here."""

from django.contrib import admin

from fabrica.training.models import Attempt, Run


class _ReadOnly:
    """Nothing is added, changed or deleted: runs are made and ended by services only."""

    def has_add_permission(self, *_: object, **__: object) -> bool:
        return False

    def has_change_permission(self, *_: object, **__: object) -> bool:
        return False

    def has_delete_permission(self, *_: object, **__: object) -> bool:
        return False


@admin.register(Run)
class RunAdmin(_ReadOnly, admin.ModelAdmin[Run]):
    """Runs, read only."""

    list_display = ["__str__", "kind", "state", "machine", "used_gpu_seconds", "created_at", "ended_at"]
    list_filter = ["state", "kind", "machine"]
    search_fields = ["project__slug", "uid"]
    list_select_related = ["project", "machine"]
    show_full_result_count = False


@admin.register(Attempt)
class AttemptAdmin(_ReadOnly, admin.ModelAdmin[Attempt]):
    """Attempts, read only."""

    list_display = ["run", "number", "state", "job_id", "gpu_seconds", "ended_because"]
    list_filter = ["state"]
    search_fields = ["job_id", "run__uid"]
    list_select_related = ["run__project"]
    show_full_result_count = False
