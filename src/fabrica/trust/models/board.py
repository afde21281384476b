"""Cases of the board with their votes and questions, and conditions."""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language

from fabrica.kit.ids import new_uid
from fabrica.people.models import Organisation, Person
from fabrica.projects.models import Project
from fabrica.trust.engine.owed import Grounds, grounds_of, words_of
from fabrica.trust.models.assessment import Assessment
from fabrica.trust.states import SETTLED, Blocks, Case, Finding, Met, Owner, Vote

TEXT_LIMIT = 3_000


class Referral(models.Model):
    """A case of the board: why the gate wants a person to look, what was found, and by which two persons."""

    subject = models.CharField(max_length=60, db_index=True)
    title = models.CharField(max_length=160)
    path = models.CharField(max_length=200, blank=True, help_text="Where what it is about is read.")
    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    applicant = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    project = models.ForeignKey(
        Project, null=True, on_delete=models.PROTECT, related_name="+", help_text="Who owes its conditions by now."
    )  # fmt: skip
    state = models.CharField(max_length=20, choices=Case.choices, default=Case.OPEN)
    opened_at = models.DateTimeField()
    due_on = models.DateField()
    finding = models.CharField(max_length=30, choices=Finding.choices, blank=True)
    reason = models.TextField(max_length=TEXT_LIMIT, blank=True, help_text="What the applicant is told.")
    how = models.CharField(max_length=20, blank=True, help_text="consensus, majority, or alone.")
    written_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(null=True)
    released_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    released_at = models.DateTimeField(null=True)
    sent_back = models.TextField(max_length=TEXT_LIMIT, blank=True, help_text="Why the second person did not release.")

    class Meta:
        indexes = [models.Index(fields=["state", "id"], name="trust_referrals_listed")]
        constraints = [
            models.UniqueConstraint(
                fields=["subject"], condition=Q(state__in=[Case.OPEN, Case.PROPOSED]), name="trust_one_open_referral"
            ),
            models.CheckConstraint(
                condition=Q(released_by=None) | ~Q(released_by=F("written_by")), name="trust_finding_by_two"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.title}"

    @property
    def audit_subject(self) -> str:
        """How the audit names the case itself."""
        return f"referral:{self.pk}"


class Seat(models.Model):
    """A person on a case: asked to vote, or barred by an interest they declared."""

    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="seats")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    conflict = models.TextField(max_length=TEXT_LIMIT, blank=True, help_text="The interest, as they declared it.")
    conflicted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["referral", "person"], name="trust_seat_once")]


class Ballot(models.Model):
    """One vote with its reason; who votes again before the finding is written replaces it."""

    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="ballots")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    vote = models.CharField(max_length=30, choices=Vote.choices)
    reason = models.TextField(max_length=TEXT_LIMIT)
    cast_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["referral", "person"], name="trust_ballot_once")]


class Enquiry(models.Model):
    """A question of the board to the applicant; while it is open, the clock of the application stands still."""

    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="enquiries")
    question = models.TextField(max_length=TEXT_LIMIT)
    asked_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    due_on = models.DateField()
    answer = models.TextField(max_length=TEXT_LIMIT, blank=True)
    answered_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, help_text="When it was answered, or taken back.")
    is_counted = models.BooleanField(default=False, help_text="Whether the clock that it pauses was counted anew.")

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["id"], condition=Q(is_counted=False), name="trust_enquiries_uncounted")]


class Condition(models.Model):
    """What is owed after a yes, by whom, until when, and which step waits for it."""

    subject = models.CharField(max_length=60, db_index=True)
    project = models.ForeignKey(Project, null=True, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    applicant = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    assessment = models.ForeignKey(Assessment, null=True, on_delete=models.PROTECT, related_name="+")
    referral = models.ForeignKey(Referral, null=True, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=40, blank=True, help_text="Its row in the data file; empty: written by a person.")
    text = models.TextField(max_length=TEXT_LIMIT)
    source = models.CharField(max_length=200, blank=True)
    owner = models.CharField(max_length=20, choices=Owner.choices, default=Owner.APPLICANT)
    person = models.ForeignKey(
        Person, null=True, on_delete=models.PROTECT, related_name="+", help_text="Who alone gives the evidence, if any."
    )  # fmt: skip
    blocks = models.CharField(max_length=20, choices=Blocks.choices)
    run_gpu_seconds = models.PositiveBigIntegerField(null=True, help_text="For runs: up to this much they go on.")
    due_on = models.DateField()
    rings_at = models.DateTimeField(null=True, help_text="When its owner is next to be told: due soon, overdue.")
    state = models.CharField(max_length=20, choices=Met.choices, default=Met.OPEN)
    opened_at = models.DateTimeField()
    evidence = models.TextField(max_length=TEXT_LIMIT, blank=True)
    evidence_link = models.URLField(max_length=400, blank=True)
    given_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField(null=True)
    reason = models.TextField(max_length=TEXT_LIMIT, blank=True, help_text="Why it was sent back or is waived.")
    found_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    found_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["project", "state"], name="trust_conditions_of_project"),
            models.Index(fields=["state", "due_on", "id"], name="trust_conditions_due"),
            models.Index(fields=["rings_at"], condition=Q(rings_at__isnull=False), name="trust_conditions_ring"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(settled_by=None) | ~Q(settled_by=F("found_by")), name="trust_condition_by_two"
            ),
            models.CheckConstraint(
                condition=~Q(blocks=Blocks.RUN) | Q(run_gpu_seconds__isnull=False), name="trust_condition_run_says_when"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.subject} condition {self.pk}"

    @property
    def audit_subject(self) -> str:
        """How the audit names it."""
        return f"condition:{self.pk}"

    @property
    def is_settled(self) -> bool:
        """Whether it holds nothing up any more."""
        return self.state in SETTLED

    def is_overdue(self, day: date) -> bool:
        """Whether it should have been met before this day."""
        return not self.is_settled and self.due_on < day

    @property
    def words(self) -> str:
        """Its text in the language of whoever reads."""
        return self.said(get_language())

    def said(self, language: str | None) -> str:
        """Its text in a language, where it comes from the data; as it was written otherwise."""
        return words_of(self.key, self.text, language)

    @property
    def grounds(self) -> Grounds | None:
        """Its article and the source of its figures, where it comes from the data as that is now."""
        return grounds_of(self.key, self.source, get_language())


class EvidenceFile(models.Model):
    """A file that shows how a condition is met. None is ever taken off: two persons judged by it."""

    condition = models.ForeignKey(Condition, on_delete=models.PROTECT, related_name="files")
    uid = models.CharField(max_length=32, unique=True, default=new_uid)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=4, help_text="What the content is: pdf, png, jpg, txt, csv.")
    size_bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["condition", "sha256"], name="trust_evidence_file_once")]

    def __str__(self) -> str:
        return self.name
