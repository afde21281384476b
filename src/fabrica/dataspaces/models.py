"""Datasets, versions, agreements, stagings."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.validators import MaxLengthValidator, URLValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from fabrica.dataspaces.engine.terms import Terms
from fabrica.dataspaces.states import LANGUAGES, STOPPED, StagingState, State, Visibility
from fabrica.kit.claims import Claimable
from fabrica.kit.files import FileFact
from fabrica.people.models import Organisation, Person
from fabrica.projects.models import Project

TEXT_LIMIT = 5_000


def _text(label: Any, *, blank: bool = False) -> models.TextField[str, str]:
    return models.TextField(label, max_length=TEXT_LIMIT, validators=[MaxLengthValidator(TEXT_LIMIT)], blank=blank)


class Dataset(models.Model):
    """Data of an organisation, under a licence and a policy; or a project's own."""

    slug = models.SlugField(max_length=40, unique=True)
    title = models.CharField(_("title"), max_length=120)
    description = _text(_("what it is"))
    provenance = _text(_("where it comes from and how it was made"), blank=True)
    language = models.CharField(_("language"), max_length=3, choices=list(LANGUAGES.items()))
    licence = models.CharField(_("licence"), max_length=60)
    licence_url = models.CharField(
        _("address of the licence's text"), max_length=300, blank=True, validators=[URLValidator(["https", "http"])]
    )
    policy_text = _text(_("policy"), blank=True)
    policy_purposes = _text(_("purposes it may be used for"), blank=True)
    has_personal_data = models.BooleanField(_("contains personal data"))
    provider = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    visibility = models.CharField(max_length=10, choices=Visibility.choices, default=Visibility.PUBLIC)
    project = models.ForeignKey(Project, null=True, on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(visibility=Visibility.PUBLIC, project__isnull=True)
                | Q(visibility=Visibility.PROJECT, project__isnull=False),
                name="dataspaces_own_data_has_project",
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def subject(self) -> str:
        return f"dataset:{self.slug}"

    @property
    def is_own_data(self) -> bool:
        """Whether a project brought it for itself; there are no terms to accept then."""
        return self.visibility == Visibility.PROJECT

    @property
    def terms(self) -> Terms:
        """Licence and policy as they stand now."""
        return Terms(self.licence, self.licence_url, self.policy_text, self.policy_purposes)


class Version(models.Model):
    """Files under a number. A draft's folder is filled; a published one never changes."""

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    revision = models.PositiveIntegerField(default=0, help_text="Counts uploads into the draft.")
    folder = models.CharField(max_length=200, help_text="Below the site's storage.")
    sha256 = models.CharField(
        max_length=64, blank=True, help_text="Of the sorted paths, sizes and hashes of all files."
    )
    size_bytes = models.PositiveBigIntegerField(default=0)
    file_count = models.PositiveIntegerField(default=0)
    files = models.JSONField(default=list, help_text="Path, size and SHA-256 of each file, once published.")
    created_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_because = models.TextField(max_length=1000, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dataset", "number"], name="dataspaces_number_once"),
            models.UniqueConstraint(
                fields=["dataset"], condition=Q(state=State.DRAFT), name="dataspaces_one_draft_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(state=State.DRAFT) | (Q(published_at__isnull=False) & ~Q(sha256="")),
                name="dataspaces_published_has_hash",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dataset.slug}@{self.number}"

    @property
    def uri(self) -> str:
        """How it is named everywhere: `fabrica:<dataset>@<number>`."""
        return f"fabrica:{self}"

    @property
    def subject(self) -> str:
        return f"dataset:{self}"

    @property
    def path(self) -> Path:
        """Where its files lie."""
        return Path(settings.FABRICA_STORAGE) / self.folder

    @property
    def facts(self) -> tuple[FileFact, ...]:
        """Path, size and SHA-256 of each file as they were when it was published."""
        return tuple(FileFact(row["path"], row["size_bytes"], row["sha256"]) for row in self.files)

    @property
    def is_published(self) -> bool:
        return self.state == State.PUBLISHED


class Agreement(models.Model):
    """A person accepted the terms of a version for a project: the text as it was, and its hash."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    terms_text = models.TextField()
    terms_sha256 = models.CharField(max_length=64)
    agreed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "project", "terms_sha256"], name="dataspaces_agreed_once")
        ]


class Staging(Claimable):
    """A version on its way into a project's folder, or there."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=StagingState.choices, default=StagingState.WAITING)
    bytes_done = models.PositiveBigIntegerField(default=0)
    folder = models.CharField(max_length=200, help_text="Below the site's storage.")
    tries = models.PositiveIntegerField(default=0)
    error_what = models.TextField(blank=True)
    error_why = models.TextField(blank=True)
    error_todo = models.TextField(blank=True)
    error_facts = models.JSONField(default=dict, help_text="Of a changed file: path, expected, found.")
    requested_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    staged_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "project"], name="dataspaces_staged_once")]
        indexes = [models.Index(fields=["state", "id"])]

    def __str__(self) -> str:
        return f"{self.version} for {self.project.slug}"

    @property
    def subject(self) -> str:
        return f"staging:{self.pk}"

    @property
    def path(self) -> Path:
        """Where the copy lies once it is staged."""
        return Path(settings.FABRICA_STORAGE) / self.folder

    @property
    def is_staged(self) -> bool:
        return self.state == StagingState.STAGED

    @property
    def can_be_tried_again(self) -> bool:
        return self.state in STOPPED
