"""Calls."""

from datetime import datetime

from django.db import models

from fabrica.calls.engine import Mode, mode_from
from fabrica.calls.engine.terms import Terms, terms_from
from fabrica.calls.states import State
from fabrica.clusters.models import Machine


class Call(models.Model):
    """A mode, opened on a machine. `mode_row` is the mode's data as it was when the call opened."""

    slug = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=120)
    machine = models.ForeignKey(Machine, on_delete=models.PROTECT, related_name="+")
    mode_row = models.JSONField()
    state = models.CharField(max_length=20, choices=State.choices, default=State.OPEN)
    pause_reason = models.CharField(max_length=200, blank=True)
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField(null=True, blank=True, help_text="Empty: permanently open.")

    def __str__(self) -> str:
        return self.title

    @property
    def mode(self) -> Mode:
        return mode_from(self.mode_row)

    @property
    def terms(self) -> Terms:
        """Every rule and figure of the mode as it was; without any for calls of before these were kept."""
        return terms_from(self.mode_row)

    def is_open(self, now: datetime) -> bool:
        """Whether it takes applications now."""
        return self.state == State.OPEN and self.opens_at <= now and (self.closes_at is None or now < self.closes_at)
