"""The outbox, and how people want to be written to."""

from django.db import models

from fabrica.kit.claims import Claimable
from fabrica.notices.states import Rhythm
from fabrica.people.models import Person

ABOUT_LIMIT = 120


class Notice(Claimable):
    """A message to one person about one event; the same event is never told twice.

    `letter` names the mail it went into, from before that is sent: a mail that has to be tried again has the same
    name and holds the same notices.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=60)
    event = models.CharField(max_length=120, help_text="Names the event, so that it is told once.")
    about = models.CharField(
        max_length=ABOUT_LIMIT, blank=True, default="", db_default="", help_text="What may be muted, as project:SLUG."
    )
    subject = models.CharField(max_length=200)
    body = models.TextField()
    path = models.CharField(max_length=200, blank=True, help_text="Where on the portal the reader can act.")
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    is_muted = models.BooleanField(default=False, db_default=False, help_text="It stands on the portal only.")
    letter = models.CharField(max_length=32, blank=True, default="", db_default="")
    sent_at = models.DateTimeField(null=True)
    next_try_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "event"], name="notices_event_once")]
        indexes = [models.Index(fields=["sent_at", "next_try_at"])]


class Wish(models.Model):
    """How often a person wants to be written to; without one, at once."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="+")
    rhythm = models.CharField(max_length=20, choices=Rhythm.choices, default=Rhythm.AT_ONCE)


class Mute(models.Model):
    """What a person gets no letters about. `title` and `path` are for the person to know it by."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    about = models.CharField(max_length=ABOUT_LIMIT)
    title = models.CharField(max_length=200)
    path = models.CharField(max_length=200)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "about"], name="notices_muted_once")]
