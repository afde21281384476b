"""What applicants answer about what they build."""

from django.db import models

from fabrica.trust.engine.altai import Result, Scope, checklist, score


class SelfAssessment(models.Model):
    """How a subject answered the list of trustworthy AI about itself: one that is open, and each that was handed in.

    One that was handed in is never changed; to go on, another is opened with its answers.
    """

    subject = models.CharField(max_length=60)
    version = models.CharField(max_length=20, help_text="Of the list.")
    scope = models.CharField(max_length=10, help_text="How much of it is asked: gate or all.")
    answers = models.JSONField(default=dict, help_text="By the ids of the items.")
    ratings = models.JSONField(default=dict, help_text="What who builds it thinks, 0 to 5, by requirement.")
    saves = models.JSONField(default=dict, help_text="Counts saves by requirement; two editors notice each other.")
    begun_at = models.DateTimeField()
    saved_at = models.DateTimeField()
    handed_in_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["subject", "id"], name="trust_self_by_subject")]
        constraints = [
            models.UniqueConstraint(
                fields=["subject"], condition=models.Q(handed_in_at__isnull=True), name="trust_one_open_self_assessment"
            )
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.version}"

    @property
    def result(self) -> Result:
        """What its answers come to, by its own version of the list."""
        return score(self.answers, checklist(self.version), Scope(self.scope), self.ratings)
