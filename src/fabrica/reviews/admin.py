"""Operators see that there are assessments; nobody edits them."""

from django.contrib import admin

from fabrica.reviews.models import TechnicalAssessment


@admin.register(TechnicalAssessment)
class TechnicalAssessmentAdmin(admin.ModelAdmin[TechnicalAssessment]):
    """Assessments, read only; who wrote which is not listed."""

    list_display = ["application", "verdict", "gpu_seconds_recommended", "submitted_at"]
    list_filter = ["verdict"]
    list_select_related = ["application"]
    fields = ["application", "verdict", "gpu_seconds_recommended", "submitted_at"]

    def has_add_permission(self, *_: object, **__: object) -> bool:
        return False

    def has_change_permission(self, *_: object, **__: object) -> bool:
        return False

    def has_delete_permission(self, *_: object, **__: object) -> bool:
        return False
