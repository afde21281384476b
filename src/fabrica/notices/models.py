"""The outbox."""

from django.db import models

from fabrica.kit.claims import Claimable
from fabrica.people.models import Person


class Notice(Claimable):
    """A message to one person about one event; the same event is never told twice."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=60)
    event = models.CharField(max_length=120, help_text="Names the event, so that it is told once.")
    subject = models.CharField(max_length=200)
    body = models.TextField()
    path = models.CharField(max_length=200, blank=True, help_text="Where on the portal the reader can act.")
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    next_try_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "event"], name="notices_event_once")]
        indexes = [models.Index(fields=["sent_at", "next_try_at"])]
