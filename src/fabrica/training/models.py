"""Runs, their attempts, their data and the points of their curves."""

import math
from fractions import Fraction
from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext

from fabrica.allocations.models import Award
from fabrica.clusters.models import Machine
from fabrica.dataspaces.models import Staging
from fabrica.kit.claims import Claimable
from fabrica.kit.ids import new_uid
from fabrica.people.models import Person
from fabrica.projects.models import Project
from fabrica.training.engine import Words, is_about_hours, words_of_reason
from fabrica.training.states import FINAL, AttemptState, Kind, State


class Run(Claimable):
    """What a person launched. Its hours are held under its `uid` until it ends."""

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="+")
    machine = models.ForeignKey(Machine, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField(help_text="Counts within the project, from 1.")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    recipe = models.JSONField(null=True, blank=True, help_text="Complete, as trainer.recipe.to_dict writes it.")
    command = models.JSONField(default=list, blank=True, help_text="Program and arguments; no shell reads them.")
    evaluation = models.JSONField(null=True, blank=True, help_text="What is evaluated, as engine.Evaluated writes it.")
    devices = models.PositiveIntegerField()
    nodes = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Over how many the devices are spread; 0 for as few as they fit on."
    )
    time_limit_seconds = models.PositiveIntegerField(help_text="For all attempts together.")
    held_gpu_seconds = models.PositiveBigIntegerField(null=True, help_text="What was held for it, for the whole limit.")
    planned_seconds = models.PositiveBigIntegerField(null=True, help_text="None for a command: nobody can plan it.")
    planned_gpu_seconds = models.PositiveBigIntegerField(null=True)
    used_gpu_seconds = models.PositiveBigIntegerField(default=0, help_text="The sum of what its attempts used.")

    state = models.CharField(max_length=20, choices=State.choices, default=State.QUEUED)
    reason = models.CharField(max_length=500, blank=True, help_text="Why it waits, in a sentence.")
    waiting_code = models.CharField(
        max_length=64, blank=True, default="", db_default="", help_text="The machine's own word for why it waits."
    )
    machine_starts_at = models.DateTimeField(null=True, help_text="The machine's own estimate of its start.")
    error_what = models.CharField(max_length=500, blank=True)
    error_why = models.CharField(max_length=1000, blank=True)
    error_todo = models.CharField(max_length=1000, blank=True)
    result = models.JSONField(null=True, blank=True, help_text="result.json as the runner wrote it.")

    created_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, help_text="When the machine took the latest attempt.")
    started_at = models.DateTimeField(null=True, help_text="When the first attempt started.")
    ended_at = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)

    phase = models.CharField(max_length=20, blank=True)
    step = models.PositiveBigIntegerField(default=0)
    steps = models.PositiveBigIntegerField(default=0)
    loss = models.FloatField(null=True)
    tokens_per_second = models.FloatField(null=True)
    seconds_left = models.FloatField(null=True)
    progress_at = models.DateTimeField(null=True)
    metrics_offset = models.PositiveBigIntegerField(default=0, help_text="Bytes of metrics.jsonl read so far.")
    metrics_step = models.PositiveBigIntegerField(default=0, help_text="The last step before that offset.")
    lines_skipped = models.PositiveIntegerField(default=0, help_text="Lines of metrics.jsonl that made no sense.")

    next_look_at = models.DateTimeField(help_text="When a worker looks again.")
    tries = models.PositiveSmallIntegerField(default=0, help_text="How often in a row the machine did not answer.")

    class Meta:
        indexes = [models.Index(fields=["state", "next_look_at"])]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="training_run_number_once"),
            models.CheckConstraint(
                condition=Q(state__in=FINAL, ended_at__isnull=False) | (~Q(state__in=FINAL) & Q(ended_at__isnull=True)),
                name="training_run_ended_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project.slug} #{self.number}"

    @property
    def subject(self) -> str:
        """How the audit names it."""
        return f"run:{self.project.slug}/{self.number}"

    @property
    def path(self) -> str:
        """Its page on the portal."""
        return f"/projects/{self.project.slug}/runs/{self.number}/"

    @property
    def folder(self) -> Path:
        """Its job folder: the contract with the runner."""
        return Path(settings.FABRICA_STORAGE) / "projects" / self.project.slug / "runs" / str(self.number)

    @property
    def most_gpu_seconds(self) -> int:
        """The most that it may use: what was held; in runs of before that was noted, devices x time limit."""
        return self.devices * self.time_limit_seconds if self.held_gpu_seconds is None else self.held_gpu_seconds

    def seconds_of(self, gpu_seconds: int) -> int:
        """How long it ran for so many GPU-seconds, as its machine counts them; rounded up."""
        return -(-gpu_seconds * self.time_limit_seconds // self.most_gpu_seconds)

    def gpu_seconds_of(self, seconds: Fraction) -> int:
        """The GPU-seconds of so long a time, as its machine counts them; rounded up."""
        return math.ceil(seconds * self.most_gpu_seconds / self.time_limit_seconds)

    @property
    def is_ended(self) -> bool:
        return self.state in FINAL

    @property
    def why_it_waits(self) -> Words:
        """A sentence and what to do, in the reader's language for the machine's own words; both may be empty."""
        return words_of_reason(self.waiting_code, gettext) if self.waiting_code else Words(self.reason, "")

    @property
    def lacks_hours(self) -> bool:
        """Whether the machine lets it wait because the project's hours are used up or held."""
        return is_about_hours(self.waiting_code)

    @property
    def is_cancelling(self) -> bool:
        return self.cancel_requested_at is not None and not self.is_ended


class Attempt(models.Model):
    """One job on the machine for a run. `token` names the wish, so that submitting it twice starts one job.

    It speaks, since people meet it on the machine as the job's name: `novalis-reads-12.1.0f3c9a7e`.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    token = models.CharField(max_length=128, unique=True, editable=False, help_text="Project, run, attempt, chance.")
    job_id = models.CharField(max_length=128, blank=True)
    state = models.CharField(max_length=20, choices=AttemptState.choices, default=AttemptState.PREPARED)
    time_limit_seconds = models.PositiveIntegerField(help_text="What the run had left when it was made.")
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    end_seen_at = models.DateTimeField(null=True, help_text="When its end was seen and its use was not yet told.")
    unknown_since = models.DateTimeField(null=True, help_text="Since when the machine says it never heard of it.")
    gpu_seconds = models.PositiveBigIntegerField(default=0)
    restarts = models.PositiveIntegerField(
        default=0, db_default=0, help_text="How often its machine started the job again."
    )
    exit_code = models.IntegerField(null=True)
    ended_because = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="training_attempt_number_once"),
            models.UniqueConstraint(
                fields=["run"], condition=~Q(state=AttemptState.ENDED), name="training_one_open_attempt"
            ),
        ]


class RunData(models.Model):
    """A staged version that a run reads."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="data")
    staging = models.ForeignKey(Staging, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "staging"], name="training_data_once")]


class Point(models.Model):
    """One logged step of a run."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="points")
    step = models.PositiveBigIntegerField()
    loss = models.FloatField()
    tokens_per_second = models.FloatField()
    elapsed_seconds = models.FloatField()

    class Meta:
        ordering = ["step"]
        constraints = [models.UniqueConstraint(fields=["run", "step"], name="training_point_once")]
