"""What the applicant answered to the reviews, and what was decided."""

from django.db import models

from fabrica.applications.models import Application
from fabrica.clusters.models import Machine
from fabrica.people.models import Person
from fabrica.reviews.models.evaluations import Evaluation
from fabrica.reviews.states import Kind


class Reply(models.Model):
    """The applicant's one answer to the reviews."""

    evaluation = models.OneToOneField(Evaluation, on_delete=models.CASCADE, related_name="reply")
    text = models.TextField(max_length=3000)
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()


class Outcome(models.Model):
    """A decision as it was taken. After an appeal there is another; the newest counts."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    machine = models.ForeignKey(Machine, on_delete=models.PROTECT, related_name="+")
    gpu_seconds = models.PositiveBigIntegerField(default=0)
    months = models.PositiveSmallIntegerField(default=0)
    conditions = models.TextField(max_length=3000, blank=True)
    reasons = models.TextField(max_length=3000, blank=True)
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["application", "at"], name="reviews_outcomes")]
