"""The evaluation of an application by experts: who was asked, what each found."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from fabrica.applications.models import Application
from fabrica.people.models import Person
from fabrica.reviews.engine.criteria import Criteria, criteria_from
from fabrica.reviews.states import Stage


class Evaluation(models.Model):
    """How an application is reviewed. `criteria_row` is as the data was when it was opened.

    `rank` is the panel's; `points_milli` the mean of the reviews in thousandths of a point, as the panel saw it.
    """

    application = models.OneToOneField(Application, on_delete=models.CASCADE, related_name="+")
    fields = models.JSONField(default=list)
    language = models.CharField(max_length=5)
    reviews_wanted = models.PositiveSmallIntegerField()
    is_blind = models.BooleanField(_("blind"), default=False)
    criteria_row = models.JSONField()
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    reply_until = models.DateTimeField(null=True)
    rank = models.PositiveIntegerField(null=True)
    points_milli = models.PositiveIntegerField(null=True)
    rank_reason = models.TextField(max_length=3000, blank=True)
    ranked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(rank__isnull=True) | Q(ranked_at__isnull=False, closed_at__isnull=False),
                name="reviews_ranked_after_closed",
            )
        ]

    @property
    def criteria(self) -> Criteria:
        return criteria_from(self.criteria_row)

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


class Review(models.Model):
    """One expert's review. A draft is the expert's alone; what was handed in stays as it is.

    `why` is what the proposal said for this expert, empty where the officer chose alone.
    """

    evaluation = models.ForeignKey(Evaluation, on_delete=models.CASCADE, related_name="reviews")
    reviewer = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    stage = models.CharField(max_length=12, choices=Stage.choices, default=Stage.ASKED)
    why = models.JSONField(default=dict, blank=True)
    scores = models.JSONField(default=dict, blank=True)
    comment = models.TextField(_("comment"), max_length=3000, blank=True)
    remark = models.TextField(_("remark to the panel"), max_length=3000, blank=True)
    draft_version = models.PositiveIntegerField(default=0)
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField()
    declared_at = models.DateTimeField(null=True, help_text="When no conflict of interest was declared.")
    saved_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["evaluation", "reviewer"], name="reviews_reviewer_once"),
            models.CheckConstraint(
                condition=~Q(stage=Stage.SUBMITTED) | Q(submitted_at__isnull=False, declared_at__isnull=False),
                name="reviews_submitted_was_declared",
            ),
        ]
        indexes = [models.Index(fields=["reviewer", "stage"], name="reviews_by_reviewer")]
