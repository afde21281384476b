"""Operators see that there are assessments and experts; nobody edits them."""

from django.contrib import admin

from fabrica.kit.admin import ReadOnly
from fabrica.reviews.models import Expert, TechnicalAssessment


@admin.register(TechnicalAssessment)
class TechnicalAssessmentAdmin(ReadOnly):
    """Assessments, read only; who wrote which is not listed."""

    list_display = ["application", "verdict", "gpu_seconds_recommended", "submitted_at"]
    list_filter = ["verdict"]
    list_select_related = ["application"]
    fields = ["application", "verdict", "gpu_seconds_recommended", "submitted_at"]


@admin.register(Expert)
class ExpertAdmin(ReadOnly):
    """The pool, read only; who reviews what is not listed."""

    list_display = ["person", "affiliation", "most_reviews", "is_available"]
    list_select_related = ["person"]
