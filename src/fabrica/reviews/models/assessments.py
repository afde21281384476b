"""Technical assessments."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from fabrica.applications.models import Application
from fabrica.people.models import Person
from fabrica.reviews.states import Verdict

COMMENT_LIMIT = 3_000


class TechnicalAssessment(models.Model):
    """What an assessor found: whether the plan fits the machine, and how many GPU-seconds it needs."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="+")
    assessor = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    verdict = models.CharField(_("verdict"), max_length=20, choices=Verdict.choices)
    comment = models.TextField(_("comment"), max_length=COMMENT_LIMIT, help_text=_("The applicant reads it, decided."))
    gpu_seconds_recommended = models.PositiveBigIntegerField()
    has_conflict = models.BooleanField(default=False, help_text="What the assessor declared; a yes is never kept.")
    submitted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "assessor"], name="reviews_assessor_once"),
            models.CheckConstraint(condition=Q(has_conflict=False), name="reviews_no_conflict"),
            models.CheckConstraint(
                condition=Q(verdict=Verdict.UNFIT, gpu_seconds_recommended=0)
                | (~Q(verdict=Verdict.UNFIT) & Q(gpu_seconds_recommended__gt=0)),
                name="reviews_hours_follow_verdict",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application.code}: {self.get_verdict_display()}"
