"""Models, their versions, what is on its way in, and the keys that sign."""

from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Q

from fabrica.kit.claims import Claimable
from fabrica.people.models import Person
from fabrica.projects.models import Project
from fabrica.registry.states import IntakeState, KeyState, State
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
