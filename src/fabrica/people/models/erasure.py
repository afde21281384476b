"""That a person is to be erased."""

from django.db import models

from fabrica.people.models.persons import Person
from fabrica.people.states import ErasureCause, ErasureState, ErasureStop


class Erasure(models.Model):
    """That a person is to be erased on a day, until which it can be cancelled; one at a time.

    What somebody else asked for has no day before a second officer or operator confirmed it.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    asked_by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="+")
    confirmed_by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    cause = models.CharField(max_length=20, choices=ErasureCause.choices)
    stopped_for = models.CharField(max_length=20, choices=ErasureStop.choices, default="", db_default="")
    state = models.CharField(max_length=20, choices=ErasureState.choices, default=ErasureState.WAITING)
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField()
    next_try_at = models.DateTimeField(help_text="Later than due where something must be handed over first.")
    ended_at = models.DateTimeField(null=True)

    @property
    def is_confirmed(self) -> bool:
        """Whether its day is set: it was the person's own word, or two persons stand behind it."""
        return self.cause == ErasureCause.OWN or self.confirmed_at is not None

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=models.Q(state=ErasureState.WAITING), name="people_erasure_once"
            ),
            models.CheckConstraint(
                condition=~models.Q(confirmed_by=models.F("asked_by")), name="people_erasure_two_persons"
            ),
        ]
        indexes = [models.Index(fields=["state", "next_try_at"], name="people_erasure_due")]
