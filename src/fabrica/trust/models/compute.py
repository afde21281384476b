"""The compute of trainings with its alerts and clocks, and changes of a project's purpose."""

from django.db import models
from django.db.models import Q

from fabrica.people.models import Person
from fabrica.projects.models import Project
from fabrica.trust.models.assessment import Assessment
from fabrica.trust.states import UNSETTLED, ComputeMethod, ComputeThreshold, PurposeState

SUBJECT_LIMIT = 140
NOTE_LIMIT = 3_000
PURPOSE_LIMIT = 3_000


class ComputeEstimate(models.Model):
    """What training took, or hours granted could: `flop` operations, from `low` to `high`; empty where nobody knows.

    A part (`is_part`) is a run, or the jobs of a project that are none; the others are sums of parts, or an award.
    """

    subject = models.CharField(max_length=SUBJECT_LIMIT, help_text="model:PROJECT/NAME, project:SLUG, award:SLUG, ...")
    method = models.CharField(max_length=20, choices=ComputeMethod.choices)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    model = models.CharField(max_length=SUBJECT_LIMIT, blank=True, help_text="Of which model a part is, if known.")
    is_part = models.BooleanField(default=False)
    gpu_seconds = models.PositiveBigIntegerField(null=True, help_text="Of a part: what was metered.")
    low = models.FloatField(null=True)
    flop = models.FloatField(null=True)
    high = models.FloatField(null=True)
    inputs = models.JSONField(default=dict)
    sources = models.JSONField(default=list)
    estimated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subject", "method"], name="trust_estimate_once")]
        indexes = [models.Index(fields=["project", "is_part", "method"], name="trust_parts_of_project")]

    def __str__(self) -> str:
        return f"{self.subject} ({self.method})"


class ComputeAlert(models.Model):
    """A level of a threshold that a subject reached: raised and told once, acknowledged by a person with a note."""

    subject = models.CharField(max_length=SUBJECT_LIMIT)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    threshold = models.CharField(max_length=20, choices=ComputeThreshold.choices)
    level = models.PositiveSmallIntegerField(help_text="Per cent of the threshold.")
    method = models.CharField(max_length=20, choices=ComputeMethod.choices)
    flop = models.FloatField(help_text="What reached it.")
    limit = models.FloatField(help_text="The threshold, in operations, as it stood.")
    raised_at = models.DateTimeField()
    told = models.JSONField(default=list, help_text="Who was written to, by uid.")
    acknowledged_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    acknowledged_at = models.DateTimeField(null=True)
    note = models.TextField(max_length=NOTE_LIMIT, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject", "threshold", "level"], name="trust_alert_once"),
            models.CheckConstraint(
                condition=Q(acknowledged_at=None) | (~Q(note="") & Q(acknowledged_by__isnull=False)),
                name="trust_alert_acknowledged_with_note",
            ),
        ]
        indexes = [models.Index(fields=["project", "id"], name="trust_alerts_of_project")]

    def __str__(self) -> str:
        return f"{self.subject}: {self.threshold} {self.level} %"


class NotificationClock(models.Model):
    """How long the provider has to notify the Commission of a model; done once somebody says with which evidence."""

    alert = models.OneToOneField(ComputeAlert, on_delete=models.PROTECT, related_name="clock")
    opened_on = models.DateField(help_text="The day on which it was known, or could be foreseen.")
    due_on = models.DateField()
    remind_on = models.DateField(null=True, help_text="When people are next reminded of it; empty: no more.")
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    evidence = models.TextField(max_length=NOTE_LIMIT, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(done_at=None) | (~Q(evidence="") & Q(done_by__isnull=False)),
                name="trust_clock_done_with_evidence",
            )
        ]

    def __str__(self) -> str:
        return f"{self.alert.subject}: notify by {self.due_on}"


class PurposeChange(models.Model):
    """Another purpose that a project's principal investigator declares; it holds once the gate has answered for it."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    purpose = models.TextField(max_length=PURPOSE_LIMIT)
    reason = models.TextField(max_length=NOTE_LIMIT)
    has_personal_data = models.BooleanField(
        null=True, help_text="Whether it trains on personal data; empty: not asked, so what was owed before still is."
    )
    state = models.CharField(max_length=20, choices=PurposeState.choices, default=PurposeState.PROPOSED)
    assessment = models.ForeignKey(Assessment, null=True, on_delete=models.PROTECT, related_name="+")
    proposed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    note = models.TextField(max_length=NOTE_LIMIT, blank=True, help_text="Why a person decided so.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project"], condition=Q(state__in=UNSETTLED), name="trust_one_purpose_under_review"
            ),
            models.CheckConstraint(
                condition=Q(state__in=UNSETTLED) | Q(decided_at__isnull=False), name="trust_purpose_settled_has_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project}: {self.state}"
