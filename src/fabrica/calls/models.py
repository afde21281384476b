"""Calls."""

from datetime import datetime

from django.db import models

from fabrica.calls import voice
from fabrica.calls.engine import Mode, mode_from, saying
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

    @property
    def size(self) -> str:
        """How many hours it gives, in words."""
        return saying.size(self.mode, voice.here())

    @property
    def access(self) -> str:
        """What it promises, in words."""
        return saying.access(self.mode, voice.here())

    def cut_off(self, now: datetime) -> datetime | None:
        """The cut-off that an application counts for now."""
        return self.mode.cut_off_after(now)

    def is_open(self, now: datetime) -> bool:
        """Whether it takes applications now: after the last cut-off it does not, whatever its state."""
        is_within = self.opens_at <= now and (self.closes_at is None or now < self.closes_at)
        return self.state == State.OPEN and is_within and not self.is_past(now)

    def is_past(self, now: datetime) -> bool:
        """Whether its last cut-off has passed; never for a call without any."""
        cut_offs = self.mode_row.get("cut_offs")
        return bool(cut_offs) and datetime.fromisoformat(cut_offs[-1]) <= now
