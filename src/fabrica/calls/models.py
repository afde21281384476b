"""Calls, and the versions of modes and forms that a site keeps itself."""

from datetime import datetime
from typing import Any

from django.db import models

from fabrica.calls import voice
from fabrica.calls.engine import Mode, mode_from, saying
from fabrica.calls.engine.form import Form, form_from
from fabrica.calls.engine.terms import Terms, terms_from
from fabrica.calls.states import State
from fabrica.clusters.models import Machine
from fabrica.people.models import Person


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
    alternatives = models.ManyToManyField(
        "self", symmetrical=False, blank=True, related_name="+", help_text="Where to apply while it is paused."
    )

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

    def stands(self, now: datetime) -> bool:
        """Whether hours may be awarded under it: also after its last day to apply."""
        return self.state == State.OPEN and self.opens_at <= now

    def is_open(self, now: datetime) -> bool:
        """Whether it takes applications now: after the last cut-off it does not, whatever its state."""
        is_within = self.opens_at <= now and (self.closes_at is None or now < self.closes_at)
        return self.state == State.OPEN and is_within and not self.is_past(now)

    def is_past(self, now: datetime) -> bool:
        """Whether its last cut-off has passed; never for a call without any."""
        cut_offs = self.mode_row.get("cut_offs")
        return bool(cut_offs) and datetime.fromisoformat(cut_offs[-1]) <= now

    def alternatives_open(self, now: datetime) -> "list[Call]":
        """The calls that applicants are sent to while it is paused and that take applications now."""
        return [one for one in self.alternatives.all() if self.state == State.PAUSED and one.is_open(now)]


class ModeVersion(models.Model):
    """What a site says of a mode from a day on, in the form of the shipped data. Never changed, never deleted.

    The newest whose day has come is in force; one that is retired takes the mode away. Number 1 of a mode that came
    with Fabrica is that mode as it came, without a person.
    """

    slug = models.SlugField(max_length=40)
    number = models.PositiveIntegerField()
    row = models.JSONField()
    is_retired = models.BooleanField(default=False)
    valid_from = models.DateField()
    by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=500, blank=True, help_text="Why, for colleagues.")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["slug", "number"]
        constraints = [models.UniqueConstraint(fields=["slug", "number"], name="calls_mode_version_once")]

    def __str__(self) -> str:
        return f"{self.slug} {self.number}"

    @property
    def whole_row(self) -> dict[str, Any]:
        """The row with the version that calls and answers name."""
        return {**self.row, "version": f"{self.valid_from.isoformat()} ({self.number})"}


class FormVersion(models.Model):
    """What the application form of a mode asked for. Never changed, never deleted: applications point at theirs.

    One without a person is what came with Fabrica, kept when the first application began with it. In force is the
    newest where a person made it, else what came with Fabrica.
    """

    slug = models.SlugField(max_length=40, help_text="The key of the mode.")
    number = models.PositiveIntegerField()
    row = models.JSONField()
    by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=500, blank=True, help_text="Why, for colleagues.")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["slug", "number"]
        constraints = [models.UniqueConstraint(fields=["slug", "number"], name="calls_form_version_once")]

    def __str__(self) -> str:
        return f"{self.slug} {self.number}"

    @property
    def form(self) -> Form:
        """The definition, read."""
        return form_from(self.row)
