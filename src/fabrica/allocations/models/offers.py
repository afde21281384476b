"""Awards that applicants have yet to answer."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q

from fabrica.allocations.states import Answer
from fabrica.applications.models import TEXT_LIMIT, Application
from fabrica.clusters.models import Machine
from fabrica.people.models import Person


class Offer(models.Model):
    """Hours that an officer decided to award and that the applicant has not accepted yet: set aside, usable by nobody.

    Only an application whose mode asks for an answer has one, and one that waits at most. `phases` are its later parts.
    """

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField(help_text="After an appeal there may be another.")
    gpu_seconds = models.PositiveBigIntegerField(help_text="All of it, later phases included.")
    months = models.PositiveSmallIntegerField()
    phases = models.JSONField(default=list, help_text="gpu_seconds, opens_at and on_report of each.")
    note = models.TextField(max_length=TEXT_LIMIT, blank=True, help_text="The applicant reads it.")
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    answer = models.CharField(max_length=10, choices=Answer.choices, default=Answer.WAITING)
    answered_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["application", "number"]
        constraints = [
            models.CheckConstraint(condition=Q(gpu_seconds__gt=0), name="allocations_offer_above_zero"),
            models.UniqueConstraint(fields=["application", "number"], name="allocations_offer_once"),
            models.UniqueConstraint(
                fields=["application"], condition=Q(answer=Answer.WAITING), name="allocations_offer_waits_once"
            ),
        ]

    def __str__(self) -> str:
        return f"Offer {self.number} to {self.application.code}"

    @property
    def machine(self) -> Machine:
        """Where its hours are."""
        return self.application.call.machine

    @property
    def parts(self) -> list[dict[str, Any]]:
        """Its later phases, with moments."""
        return [
            {**one, "opens_at": datetime.fromisoformat(one["opens_at"]) if one["opens_at"] else None}
            for one in self.phases
        ]
