"""Projects, their members, and how people come and go."""

from datetime import date, datetime
from urllib.parse import quote

from django.db import models
from django.db.models import Q

from fabrica.kit.claims import Claimable
from fabrica.kit.ids import new_uid
from fabrica.people.models import Organisation, Person
from fabrica.people.states import Sector
from fabrica.projects.engine import Question, question_from
from fabrica.projects.states import (
    WRITABLE,
    HandoverState,
    InvitationState,
    ProposalState,
    ReportKind,
    ReportState,
    Role,
)

TEXT_LIMIT = 3_000
ABSTRACT_LIMIT = 1_500


class Project(models.Model):
    """Work that an award pays for."""

    slug = models.SlugField(max_length=40, unique=True, help_text="Also the name of its account on the cluster.")
    title = models.CharField(max_length=120)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    purpose = models.TextField(help_text="Copied from the application.")
    gate_decision = models.CharField(max_length=30, help_text="Copied from the application.")
    opened_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.title

    @property
    def subject(self) -> str:
        """How the audit names it."""
        return f"project:{self.slug}"

    @property
    def page(self) -> str:
        """Where it stands on the portal."""
        return f"/projects/{self.slug}/"


class Member(models.Model):
    """A person who belongs to a project; their role says what they may do there."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="members")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    role = models.CharField(max_length=20, choices=Role.choices)
    joined_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "person"], name="projects_member_once")]


class Invitation(Claimable):
    """A letter that lets whoever opens its link join, once, until a day. `serial` counts letters: the last one counts.

    The link is not kept: it is made from `uid` and `serial` under the site's secret when the letter is sent.
    """

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=20, choices=Role.choices)
    invited_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    serial = models.PositiveSmallIntegerField(default=1)
    accepted_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    mail_at = models.DateTimeField(null=True, help_text="When its letter is to be sent; empty once it was.")
    mail_tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "email"],
                condition=Q(accepted_at=None, revoked_at=None),
                name="projects_invitation_once",
            )
        ]
        indexes = [models.Index(fields=["mail_at"], condition=Q(mail_at__isnull=False), name="projects_letter_due")]

    def __str__(self) -> str:
        return f"{self.email} to {self.project}"

    def state(self, now: datetime) -> InvitationState:
        """Where it stands."""
        if self.accepted_at is not None:
            return InvitationState.ACCEPTED
        if self.revoked_at is not None:
            return InvitationState.REVOKED
        return InvitationState.OPEN if now < self.expires_at else InvitationState.EXPIRED


class Handover(models.Model):
    """The wish that another member become principal investigator. It happens only when they consent."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="handovers")
    to = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    proposed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=20, choices=HandoverState.choices, default=HandoverState.OPEN)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project"], condition=Q(state=HandoverState.OPEN), name="projects_one_handover"
            )
        ]

    def __str__(self) -> str:
        return f"{self.project} to {self.to}"


class LifeWatch(Claimable):
    """When a project's life is looked at next; empty once nothing is left to look for."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="+")
    next_look_at = models.DateTimeField(null=True, db_index=True)

    def __str__(self) -> str:
        return f"Watch over {self.project}"


class ReclaimProposal(models.Model):
    """The question to an officer whether a project's idle hours go back. Nothing follows by itself.

    `facts` are the figures and the rule it rests on. Before anything is taken, it is announced, and the project may
    object until a moment; `reason` is what it was told last.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    made_at = models.DateTimeField()
    facts = models.JSONField()
    state = models.CharField(max_length=20, choices=ProposalState.choices, default=ProposalState.OPEN)
    decided_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.TextField(max_length=TEXT_LIMIT, blank=True, help_text="The project's people read it.")
    announced_at = models.DateTimeField(null=True)
    announced_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    objects_until = models.DateTimeField(null=True, help_text="The first instant at which it can object no more.")
    objected_at = models.DateTimeField(null=True)
    objected_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    objection = models.TextField(max_length=TEXT_LIMIT, blank=True, default="", db_default="")
    reclaimed_gpu_seconds = models.PositiveBigIntegerField(null=True, help_text="What went back to the pools.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project"], condition=Q(state=ProposalState.OPEN), name="projects_one_reclaim"
            )
        ]
        indexes = [models.Index(fields=["state", "-made_at"], name="projects_reclaims")]

    def may_object(self, now: datetime) -> bool:
        """Whether the project can still object to what was announced; not once it has ended or lost its award."""
        is_asked = self.state == ProposalState.ANNOUNCED and now < self.project.ends_at
        return is_asked and self.objects_until is not None and now < self.objects_until

    def may_be_taken(self, now: datetime) -> bool:
        """Whether an officer may take the hours now: its time to object is over, or its objection was read."""
        is_over = self.objects_until is not None and now >= self.objects_until
        return self.state == ProposalState.OBJECTED or (self.state == ProposalState.ANNOUNCED and is_over)


class Report(models.Model):
    """A report a project owes. `form` is the row of the data that held when its award began; it keeps it.

    `figures` are those of the ledger, frozen when it is handed in.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="reports")
    kind = models.CharField(max_length=20, choices=ReportKind.choices)
    form = models.JSONField()
    due_on = models.DateField()
    state = models.CharField(max_length=20, choices=ReportState.choices, default=ReportState.OPEN)
    answers = models.JSONField(default=dict)
    figures = models.JSONField(default=dict)
    draft_version = models.PositiveIntegerField(default=0, help_text="Counts saves; two editors notice each other.")
    saved_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)
    submitted_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(max_length=TEXT_LIMIT, blank=True, help_text="What the officer told the project.")
    lifted_at = models.DateTimeField(null=True, help_text="Since when it bars nobody, though it is overdue.")
    lifted_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    lift_reason = models.TextField(max_length=TEXT_LIMIT, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "kind"], name="projects_report_once")]
        indexes = [models.Index(fields=["state", "due_on"], name="projects_reports_due")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.project.slug}"

    @property
    def page(self) -> str:
        """Where it is written and read."""
        return f"{self.project.page}reports/{self.kind}/"

    @property
    def questions(self) -> tuple[Question, ...]:
        """What it asks."""
        return tuple(question_from(row) for row in self.form["questions"])

    @property
    def is_writable(self) -> bool:
        return self.state in WRITABLE

    def is_overdue(self, today: date) -> bool:
        """Whether its day has passed and it was not handed in."""
        return self.is_writable and today > self.due_on

    def is_barring(self, today: date) -> bool:
        """Whether it bars new applications."""
        return self.is_overdue(today) and self.lifted_at is None


class Publication(models.Model):
    """What a project published, by its DOI in small letters. Nothing is looked up."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="publications")
    doi = models.CharField(max_length=200)
    added_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "doi"], name="projects_publication_once")]

    def __str__(self) -> str:
        return self.doi

    @property
    def address(self) -> str:
        """Where it can be read."""
        return f"https://doi.org/{quote(self.doi, safe='/.:;()-_')}"


class Listing(models.Model):
    """What a project says of itself in public, and whether it may stand there: `listed_at` is empty where it may not.

    `consent_version` is the wording that its principal investigator agreed to.
    """

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="listing")
    sector = models.CharField(max_length=20, choices=Sector.choices, blank=True)
    abstract = models.TextField(max_length=ABSTRACT_LIMIT, blank=True)
    listed_at = models.DateTimeField(null=True)
    consent_version = models.CharField(max_length=20, blank=True)
    answered_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(listed_at=None) | ~(Q(sector="") | Q(abstract="") | Q(consent_version="")),
                name="projects_listed_is_whole",
            )
        ]
        indexes = [
            models.Index(fields=["project"], condition=Q(listed_at__isnull=False), name="projects_listed"),
        ]

    def __str__(self) -> str:
        return f"Listing of {self.project}"


class Storage(models.Model):
    """What a project may store on its machine, as its award gave it, and the day from which it may be purged.

    Nothing here deletes anything: an operator does, and notes it. How much is used only the machine knows.
    """

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="storage")
    size_bytes = models.PositiveBigIntegerField()
    inodes = models.PositiveBigIntegerField()
    keep_days = models.PositiveIntegerField(help_text="After the end of the award.")
    warn_days = models.JSONField(default=list, help_text="Days before the purge on which its people are written to.")
    source = models.CharField(max_length=500)
    granted_at = models.DateTimeField()
    purge_on = models.DateField(help_text="The first day on which it may be deleted.")
    purged_at = models.DateTimeField(null=True)
    purged_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["purge_on"], condition=Q(purged_at=None), name="projects_purges_due"),
        ]

    def __str__(self) -> str:
        return f"Storage of {self.project}"
