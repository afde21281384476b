"""Models, their versions, what is on its way in, and the keys that sign."""

from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Q

from fabrica.kit.claims import Claimable
from fabrica.kit.ids import new_uid
from fabrica.people.models import Person
from fabrica.projects.models import Project
from fabrica.registry.engine.release import FOLDER
from fabrica.registry.states import (
    Decision,
    IntakeState,
    KeyState,
    MeasurementState,
    ReportKind,
    ReportState,
    State,
)
from fabrica.training.models import Run


class Model(models.Model):
    """What a project trains under one recipe's name; each run that succeeds makes a version of it."""

    slug = models.SlugField(max_length=70, unique=True)
    title = models.CharField(max_length=210)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=80, help_text="The recipe's name, or `command`.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="registry_name_once_in_project")]

    def __str__(self) -> str:
        return self.title


class Statement(models.Model):
    """What a project declares of its model, as it stood after one sitting of one person; the newest counts."""

    model = models.ForeignKey(Model, on_delete=models.PROTECT, related_name="statements")
    number = models.PositiveIntegerField()
    declared = models.JSONField(default=dict, help_text="By the ids of the fields in documents-….json.")
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    begun_at = models.DateTimeField(help_text="When the sitting began.")
    at = models.DateTimeField(help_text="When it was saved last.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["model", "number"], name="registry_statement_number_once")]

    def __str__(self) -> str:
        return f"{self.model.slug}, statement {self.number}"


class ModelVersion(models.Model):
    """One run's output with its facts, card and signed manifest: written once, as its folder is."""

    model = models.ForeignKey(Model, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    run = models.OneToOneField(Run, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=20, choices=State.choices, default=State.REGISTERED)
    facts = models.JSONField(help_text="facts.json: everything the card and the page tell.")
    card = models.TextField(help_text="card.md.")
    manifest = models.TextField(help_text="manifest.json, byte for byte as it was signed.")
    signature = models.CharField(max_length=128)
    key_fingerprint = models.CharField(max_length=71)
    folder = models.CharField(max_length=200, help_text="Below the site's storage.")
    size_bytes = models.PositiveBigIntegerField()
    registered_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_because = models.TextField(max_length=1000, blank=True)
    restricted_at = models.DateTimeField(null=True, help_text="Since when its files are given to its project only.")
    restricted_because = models.TextField(max_length=1000, blank=True, default="", db_default="")

    class Meta:
        indexes = [models.Index(fields=["state", "id"])]
        constraints = [
            models.UniqueConstraint(fields=["model", "number"], name="registry_number_once"),
            models.CheckConstraint(
                condition=~Q(state=State.PUBLISHED) | Q(published_at__isnull=False),
                name="registry_published_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.WITHDRAWN) | (Q(withdrawn_at__isnull=False) & ~Q(withdrawn_because="")),
                name="registry_withdrawn_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model.slug}@{self.number}"

    @property
    def subject(self) -> str:
        """How the audit names it."""
        return f"model:{self}"

    @property
    def page(self) -> str:
        """Its page on the portal."""
        return f"/models/{self.model.slug}/{self.number}/"

    @property
    def path(self) -> Path:
        """Where its files lie."""
        return Path(settings.FABRICA_STORAGE) / self.folder


class Intake(Claimable):
    """A succeeded run on its way into the registry: one for each, so that it is registered once."""

    run = models.OneToOneField(Run, on_delete=models.PROTECT, related_name="+")
    model = models.ForeignKey(Model, null=True, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField(null=True, help_text="Reserved before packing, so that a restart keeps it.")
    state = models.CharField(max_length=20, choices=IntakeState.choices, default=IntakeState.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    error = models.CharField(max_length=1000, blank=True)

    class Meta:
        indexes = [models.Index(fields=["state", "next_try_at"])]
        constraints = [models.UniqueConstraint(fields=["model", "number"], name="registry_number_reserved_once")]


class Measurement(Claimable):
    """A further evaluation of a version, in a run of its own; what it found stays, whatever later ones find."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="measurements")
    run = models.OneToOneField(Run, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField(help_text="Counts within the version; the training's own battery is 1.")
    state = models.CharField(max_length=20, choices=MeasurementState.choices, default=MeasurementState.RUNNING)
    battery = models.JSONField(null=True, blank=True, help_text="battery.json, as the run left it.")
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, help_text="When its results were taken in, or it was given up.")
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    error = models.CharField(max_length=1000, blank=True)

    class Meta:
        indexes = [models.Index(fields=["state", "next_try_at"])]
        constraints = [
            models.UniqueConstraint(fields=["version", "number"], name="registry_measurement_number_once"),
            models.CheckConstraint(
                condition=~Q(state=MeasurementState.TAKEN_IN) | Q(ended_at__isnull=False),
                name="registry_measurement_taken_in_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version}, evaluation {self.number}"


class SiteKey(models.Model):
    """The public half of a key this site signs, or signed, with."""

    fingerprint = models.CharField(max_length=71, unique=True)
    public_pem = models.TextField()
    state = models.CharField(max_length=20, choices=KeyState.choices, default=KeyState.ACTIVE)
    created_at = models.DateTimeField(help_text="When the site first saw it.")
    retired_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_because = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state=KeyState.ACTIVE), name="registry_one_active_key"
            ),
            models.CheckConstraint(
                condition=~Q(state=KeyState.REVOKED) | (Q(revoked_at__isnull=False) & ~Q(revoked_because="")),
                name="registry_revoked_has_reason",
            ),
        ]

    @property
    def digits(self) -> str:
        """The fingerprint without its prefix, as addresses use it."""
        return self.fingerprint.removeprefix("sha256:")


class Step(models.Model):
    """A move of a version on its way to publication, or back: who, when, and what they wrote."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="steps")
    before = models.CharField(max_length=20, choices=State.choices)
    after = models.CharField(max_length=20, choices=State.choices)
    by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    text = models.TextField(max_length=2000, blank=True, help_text="A note, a reason or a justification.")
    facts_sha256 = models.CharField(max_length=64, help_text="Of the facts as they were then.")


class Release(models.Model):
    """The documents of a version as they were published once: written and signed once, as their folder is."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="releases")
    number = models.PositiveSmallIntegerField()
    manifest = models.TextField(help_text="manifest.json of the release, byte for byte as it was signed.")
    signature = models.CharField(max_length=128)
    key_fingerprint = models.CharField(max_length=71)
    facts = models.JSONField(help_text="The facts that its documents were made of.")
    facts_sha256 = models.CharField(max_length=64)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "number"], name="registry_release_number_once")]

    @property
    def place(self) -> str:
        """Its folder within that of its version."""
        return f"{FOLDER}/{self.number}"


class Report(models.Model):
    """What somebody told about a published model: a wish that it be taken down, an incident, something else."""

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=ReportKind.choices)
    text = models.TextField(max_length=4000, blank=True)
    reporter_name = models.CharField(max_length=120, blank=True)
    reporter_email = models.EmailField(blank=True)
    language = models.CharField(max_length=5)
    nonce = models.CharField(max_length=32, unique=True, help_text="Of the form, so that one form is one report.")
    state = models.CharField(max_length=20, choices=ReportState.choices, default=ReportState.RECEIVED)
    received_at = models.DateTimeField()
    due_at = models.DateTimeField()
    warn_at = models.DateTimeField()
    warned_at = models.DateTimeField(null=True)
    late_told_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True, help_text="When officers and those who lead were told that it came.")
    acknowledged_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    decision = models.CharField(max_length=20, choices=Decision.choices, blank=True)
    reason = models.TextField(max_length=1000, blank=True)
    closed_at = models.DateTimeField(null=True)
    forgotten_at = models.DateTimeField(null=True, help_text="When name and address of the reporter were deleted.")

    class Meta:
        indexes = [
            models.Index(fields=["state", "due_at"]),
            models.Index(fields=["due_at"]),
            models.Index(fields=["version", "state"]),
            models.Index(fields=["version", "received_at"]),
            models.Index(fields=["decided_at"], condition=Q(forgotten_at=None), name="registry_report_to_forget"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(decision="") | (Q(decided_at__isnull=False) & ~Q(reason="")),
                name="registry_report_decided_with_reason",
            ),
        ]

    @property
    def subject(self) -> str:
        """How the audit names it."""
        return f"model_report:{self.uid}"

    @property
    def page(self) -> str:
        """Its page on the portal."""
        return f"/model-reports/{self.uid}/"


class ReportLetter(Claimable):
    """A letter to whoever reported, who need not have an account; its address stays with the report."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="letters")
    kind = models.CharField(max_length=20, choices=ReportState.choices)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["sent_at", "next_try_at"])]
        constraints = [models.UniqueConstraint(fields=["report", "kind"], name="registry_report_letter_once")]
