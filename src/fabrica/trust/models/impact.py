"""The impact assessment of data protection: what is being written, and each version that somebody signed."""

from django.db import models

from fabrica.people.models import Organisation, Person
from fabrica.projects.models import Project
from fabrica.trust.states import ImpactOutcome, ImpactState

SIGNER_LIMIT = 150


class ImpactAssessment(models.Model):
    """What an application, or its project, owes because it trains on personal data; written on, and signed in versions.

    `number`, `outcome` and `signed_at` repeat those of the last version, so that lists need not look for it.
    """

    subject = models.CharField(max_length=60, unique=True)
    project = models.ForeignKey(Project, null=True, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    applicant = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    version = models.CharField(max_length=20, help_text="Of the questions.")
    answers = models.JSONField(default=dict, help_text="By the ids of the questions.")
    risks = models.JSONField(default=list, help_text="Each with an id of its own, and what the form asks of a risk.")
    saves = models.JSONField(default=dict, help_text="Counts saves by section; two editors notice each other.")
    owed_at = models.DateTimeField(help_text="Since when it is owed, or owed anew: what was signed before is past.")
    saved_at = models.DateTimeField(null=True)
    number = models.PositiveSmallIntegerField(default=0, help_text="Of the last version that was signed.")
    outcome = models.CharField(max_length=20, choices=ImpactOutcome.choices, blank=True)
    signed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["project", "id"], name="trust_impact_of_project")]

    def __str__(self) -> str:
        return self.project.title if self.project else self.subject.partition(":")[2]

    @property
    def page(self) -> str:
        """Where it stands on the portal."""
        return f"/impact-assessments/{self.pk}/"

    @property
    def is_signed(self) -> bool:
        """Whether a version was signed since it is owed."""
        return self.signed_at is not None and self.signed_at >= self.owed_at

    @property
    def state(self) -> ImpactState:
        """Where it stands."""
        if self.is_signed:
            return ImpactState.CONSULT if self.outcome == ImpactOutcome.PRIOR_CONSULTATION else ImpactState.SIGNED
        return ImpactState.BEGUN if self.answers or self.risks else ImpactState.MISSING


class ImpactVersion(models.Model):
    """An impact assessment as a person signed it: never changed, only followed."""

    assessment = models.ForeignKey(ImpactAssessment, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    version = models.CharField(max_length=20, help_text="Of the questions.")
    answers = models.JSONField()
    risks = models.JSONField()
    outcome = models.CharField(max_length=20, choices=ImpactOutcome.choices)
    digest = models.CharField(max_length=64, help_text="SHA-256 of what was signed; the audit entry has it too.")
    signer_name = models.CharField(max_length=SIGNER_LIMIT)
    signed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["assessment", "number"], name="trust_impact_version_once")]

    def __str__(self) -> str:
        return f"{self.assessment} {self.number}"
