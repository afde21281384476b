"""Applications and their timeline."""

from django.core.validators import MaxLengthValidator, MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from fabrica.applications.states import EDITABLE, FINAL, State
from fabrica.calls.engine.form import STANDARD, Form, form_from, shipped_row
from fabrica.calls.models import Call, FormVersion
from fabrica.kit.ids import new_uid
from fabrica.people.models import Organisation, Person
from fabrica.trust.models import Assessment

TEXT_LIMIT = 3_000
MOST = {"parameters": 10_000_000, "tokens": 100_000_000, "runs": 1_000, "gpu_seconds": 10**12, "months": 60}


class Application(models.Model):
    """What an organisation asks for. A draft may be incomplete; `engine.gaps` says what is missing."""

    code = models.CharField(max_length=20, unique=True)
    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    applicant = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=20, choices=State.choices, default=State.DRAFT)

    title = models.CharField(_("title"), max_length=120, blank=True)
    purpose = models.TextField(
        _("what it is for"), max_length=TEXT_LIMIT, validators=[MaxLengthValidator(TEXT_LIMIT)], blank=True
    )
    model_description = models.TextField(
        _("what you will train"), max_length=TEXT_LIMIT, validators=[MaxLengthValidator(TEXT_LIMIT)], blank=True
    )
    parameters_millions = models.PositiveIntegerField(
        _("parameters, in millions"), validators=[MaxValueValidator(MOST["parameters"])], null=True, blank=True
    )
    tokens_millions = models.PositiveIntegerField(
        _("training tokens, in millions"), validators=[MaxValueValidator(MOST["tokens"])], null=True, blank=True
    )
    runs = models.PositiveIntegerField(
        _("number of training runs"), validators=[MaxValueValidator(MOST["runs"])], null=True, blank=True
    )
    data_description = models.TextField(
        _("the data"), max_length=TEXT_LIMIT, validators=[MaxLengthValidator(TEXT_LIMIT)], blank=True
    )
    dataset_uri = models.CharField(_("dataset in the catalogue"), max_length=200, blank=True)
    has_personal_data = models.BooleanField(_("personal data"), null=True, blank=True)
    has_data_rights = models.BooleanField(_("right to use the data"), null=True, blank=True)
    gpu_seconds_requested = models.PositiveBigIntegerField(
        validators=[MaxValueValidator(MOST["gpu_seconds"])], null=True, blank=True
    )
    months = models.PositiveSmallIntegerField(
        _("duration, in months"), validators=[MaxValueValidator(MOST["months"])], null=True, blank=True
    )
    trust_answers = models.JSONField(default=dict, blank=True)
    form = models.ForeignKey(
        FormVersion, null=True, on_delete=models.PROTECT, related_name="+",
        help_text="What the form asked for when it was begun; empty: no questions of the call's own.",
    )  # fmt: skip
    extra_answers = models.JSONField(
        default=dict, db_default={}, blank=True, help_text="By the keys of the form's questions."
    )
    former_answers = models.JSONField(
        default=list, db_default=[], blank=True, help_text="Labels and answers that a newer form does not ask for."
    )

    draft_version = models.PositiveIntegerField(default=0, help_text="Counts saves; two editors notice each other.")
    created_at = models.DateTimeField()
    saved_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    due_on = models.DateField(null=True, help_text="The day by which the mode promises access.")
    decided_at = models.DateTimeField(null=True)
    # An index of what the moves say, so that a database can sort by it; counted anew in `_move` and when the calendar
    # of the site changes, or how long its steps last. See decision 0020.
    step_due_at = models.DateTimeField(null=True, help_text="The last instant at which the running step is in time.")
    clock_rings_at = models.DateTimeField(null=True, help_text="When the step is next to be told of: due soon, late.")
    clock_calendar = models.PositiveIntegerField(
        default=0, db_default=0, help_text="The version of the site's calendar it was counted by; 0: not yet."
    )
    clock_lengths = models.CharField(
        max_length=16, default="", db_default="", blank=True, help_text="The digest of the lengths it was counted by."
    )
    appealed_at = models.DateTimeField(null=True, help_text="When a refusal was appealed against; once at most.")
    days_taken = models.PositiveIntegerField(null=True, help_text="Working days from submission to award.")
    answer_days = models.PositiveSmallIntegerField(
        null=True, help_text="Working days the applicant has for an answer to the award that is offered."
    )
    gate = models.ForeignKey(Assessment, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["state", "due_on"]),
            models.Index(fields=["organisation", "state"]),
            models.Index(fields=["state", "step_due_at"], name="applications_by_step"),
            models.Index(
                fields=["clock_rings_at"], condition=Q(clock_rings_at__isnull=False), name="applications_ring"
            ),
            models.Index(fields=["state", "clock_calendar"], name="applications_uncounted"),
            models.Index(fields=["state", "decided_at"], name="applications_decided"),
            models.Index(fields=["state", "id"], name="applications_listed"),
            models.Index(fields=["organisation", "id"], name="applications_of_firm"),
            models.Index(fields=["state", "decided_at", "call", "days_taken"], name="applications_taken"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[State.DRAFT, State.WITHDRAWN]) | Q(submitted_at__isnull=False),
                name="applications_submitted_has_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"

    @property
    def subject(self) -> str:
        """How audit and gate name it."""
        return f"application:{self.code}"

    @property
    def page(self) -> str:
        """Where it stands on the portal."""
        return f"/applications/{self.code}/"

    @property
    def definition(self) -> Form:
        """What its form asks for."""
        return self.form.form if self.form else form_from(shipped_row(STANDARD))

    @property
    def has_experts(self) -> bool:
        """Whether the steps of its mode have a review by experts and a panel."""
        return bool({"peer_review", "scientific"}.intersection(self.call.terms.value("steps") or ()))

    @property
    def answer_promised(self) -> int | None:
        """The working days its mode gives for an answer to an award; None where an award needs none."""
        days = self.call.terms.value("answer_working_days")
        return None if days is None else int(days)

    @property
    def is_editable(self) -> bool:
        return self.state in EDITABLE

    @property
    def is_final(self) -> bool:
        return self.state in FINAL


class Submission(models.Model):
    """The answers of an application as they were handed in: never changed, so that it can be said what changed."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="submissions")
    number = models.PositiveSmallIntegerField()
    answers = models.JSONField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the answers; the audit entry of the act has it too.")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["application", "number"], name="applications_version_once")]

    def __str__(self) -> str:
        return f"{self.application.code} version {self.number}"


class Attachment(models.Model):
    """A file of an application. One that was handed in is only taken off, never deleted."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="attachments")
    uid = models.CharField(max_length=32, unique=True, default=new_uid)
    question = models.CharField(max_length=40, blank=True, help_text="The key of the question; empty: none.")
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=4, help_text="What the content is: pdf, png, jpg, txt, csv.")
    size_bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    is_submitted = models.BooleanField(default=False, help_text="A version that was handed in has it.")
    removed_at = models.DateTimeField(null=True, help_text="When it was taken off after a version had it.")

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["sha256"], name="applications_by_content")]

    def __str__(self) -> str:
        return self.name


class Transition(models.Model):
    """One move of an application: the timeline, as people see it."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="transitions")
    before = models.CharField(max_length=20, choices=State.choices)
    after = models.CharField(max_length=20, choices=State.choices)
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(max_length=3000, blank=True, help_text="What the applicant reads.")
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
