"""Operators see that there are assessments; nobody edits them."""

from django.contrib import admin

from fabrica.kit.admin import ReadOnly
from fabrica.reviews.models import TechnicalAssessment


@admin.register(TechnicalAssessment)
class TechnicalAssessmentAdmin(ReadOnly):
    """Assessments, read only; who wrote which is not listed."""

    list_display = ["application", "verdict", "gpu_seconds_recommended", "submitted_at"]
    list_filter = ["verdict"]
    list_select_related = ["application"]
    fields = ["application", "verdict", "gpu_seconds_recommended", "submitted_at"]
