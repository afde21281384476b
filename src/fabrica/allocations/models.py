"""Awards, the ledger, and accounts on clusters."""

from django.db import models
from django.db.models import F, Q

from fabrica.allocations.states import OF_AWARD, OF_MACHINE, AccountKind, TransferKind
from fabrica.applications.models import TEXT_LIMIT, Application
from fabrica.clusters.models import KEY_LIMIT as JOB_KEY_LIMIT
from fabrica.clusters.models import Machine
from fabrica.kit.claims import Claimable
from fabrica.people.models import Person
from fabrica.projects.models import Project

KEY_LIMIT = 200


class Award(models.Model):
    """Hours on a machine, given to a project until a date."""

    application = models.OneToOneField(Application, on_delete=models.PROTECT, related_name="+")
    project = models.OneToOneField(Project, on_delete=models.PROTECT, related_name="+")
    machine = models.ForeignKey(Machine, on_delete=models.PROTECT, related_name="+")
    gpu_seconds = models.PositiveBigIntegerField()
    months = models.PositiveSmallIntegerField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    awarded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(gpu_seconds__gt=0), name="allocations_award_above_zero"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="allocations_award_ends_later"),
        ]

    def __str__(self) -> str:
        return f"{self.gpu_seconds} GPU-seconds for {self.project}"

    @property
    def subject(self) -> str:
        """How the audit names it."""
        return f"project:{self.project.slug}"

    @property
    def account_name(self) -> str:
        """What its account on the cluster is called."""
        return self.project.slug


class LedgerAccount(models.Model):
    """One side of every transfer. Only the supply may be below zero: it mirrors what was put in."""

    kind = models.CharField(max_length=10, choices=AccountKind.choices)
    machine = models.ForeignKey(Machine, on_delete=models.PROTECT, related_name="+")
    award = models.ForeignKey(Award, null=True, on_delete=models.PROTECT, related_name="+")
    balance_gpu_seconds = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=AccountKind.SUPPLY) | Q(balance_gpu_seconds__gte=0),
                name="allocations_balance_not_below_zero",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=OF_MACHINE, award=None) | Q(kind__in=OF_AWARD, award__isnull=False),
                name="allocations_account_has_owner",
            ),
            models.UniqueConstraint(
                fields=["machine", "kind"], condition=Q(award=None), name="allocations_machine_account_once"
            ),
            models.UniqueConstraint(
                fields=["award", "kind"], condition=Q(award__isnull=False), name="allocations_award_account_once"
            ),
        ]

    def __str__(self) -> str:
        owner = self.award.project.slug if self.award else self.machine.slug
        return f"{self.kind} of {owner}"


class Transfer(models.Model):
    """Hours that moved from one account to another, once and for good."""

    key = models.CharField(max_length=KEY_LIMIT, unique=True, help_text="Names the cause, so that it is booked once.")
    kind = models.CharField(max_length=10, choices=TransferKind.choices)
    source = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="outgoing")
    target = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="incoming")
    gpu_seconds = models.PositiveBigIntegerField()
    hold_key = models.CharField(max_length=KEY_LIMIT, blank=True, db_index=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(gpu_seconds__gt=0), name="allocations_transfer_above_zero"),
            models.CheckConstraint(condition=~Q(source=F("target")), name="allocations_transfer_between_two"),
        ]

    def __str__(self) -> str:
        return f"{self.gpu_seconds} GPU-seconds {self.kind}"


class TopUp(models.Model):
    """Who added hours to an award, and why. How many, and when, its transfer tells."""

    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="+")
    transfer = models.OneToOneField(Transfer, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(max_length=TEXT_LIMIT, blank=True, help_text="The project's leaders read it.")

    def __str__(self) -> str:
        return str(self.transfer)


# An index names its rows by the same condition as the query that looks for them.
IS_UNTOLD = ~Q(token="") & ~Q(told_gpu_seconds=F("gpu_seconds"))


class JobBooking(models.Model):
    """What the ledger has of one start of one job, in total. `version` counts how often it was booked.

    Whoever submitted the job under a `token` counts what it used too; `told_gpu_seconds` is what they were told of.
    """

    # the machine of its award, which the database checks there; beside it so that a key is unique on its machine
    machine = models.ForeignKey(
        Machine, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    key = models.CharField(max_length=JOB_KEY_LIMIT, help_text="Job and start, as UsageRecord.key names them.")
    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="+")
    gpu_seconds = models.PositiveBigIntegerField()
    version = models.PositiveIntegerField(default=1)
    token = models.CharField(
        max_length=128, blank=True, default="", db_default="", help_text="The wish that started it; empty for others'."
    )
    told_gpu_seconds = models.PositiveBigIntegerField(
        default=0, db_default=0, help_text="What the run that started it has counted."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["machine", "key"], name="allocations_job_booked_once")]
        indexes = [
            models.Index(fields=["token"], condition=~Q(token=""), name="allocations_booked_for_token"),
            models.Index(fields=["token"], condition=IS_UNTOLD, name="allocations_booked_untold"),
        ]

    def __str__(self) -> str:
        return self.key


class ClusterAccount(Claimable):
    """The account an award should have on its machine, and what was last read back from there."""

    award = models.OneToOneField(Award, on_delete=models.PROTECT, related_name="+")
    unix_name = models.CharField(
        max_length=32, blank=True, default="", db_default="", help_text="The UNIX account its jobs run as."
    )
    gpu_seconds_wanted = models.PositiveBigIntegerField(help_text="The limit as it should be.")
    gpu_seconds_applied = models.PositiveBigIntegerField(null=True, help_text="The limit as last read back.")
    ready_at = models.DateTimeField(null=True, help_text="When it was first read back as wanted.")
    checked_at = models.DateTimeField(null=True, help_text="When it was last read back.")
    next_check_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0, help_text="Failed in a row.")
    error = models.TextField(blank=True, max_length=2000)
    is_open_wanted = models.BooleanField(
        default=True, db_default=True, help_text="Whether new jobs may be charged to it."
    )
    told_percent = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="The highest share of the award told of."
    )
    full_since = models.DateTimeField(null=True, help_text="Since when all of the award is used.")
    known = models.JSONField(
        default=list, db_default=[], help_text="What we put there: one once read back, more while we wait."
    )
    drifted_at = models.DateTimeField(null=True, help_text="Since when it is known to be changed by hand.")
    changes_waiting = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="Steps that an operator has to apply."
    )

    class Meta:
        indexes = [models.Index(fields=["next_check_at"])]
        constraints = [
            models.UniqueConstraint(
                fields=["unix_name"], condition=~Q(unix_name=""), name="allocations_unix_name_once"
            ),
        ]

    def __str__(self) -> str:
        return self.award.account_name

    @property
    def is_ready(self) -> bool:
        """Whether it was read back as wanted, and nobody changed it by hand since."""
        return self.ready_at is not None and self.drifted_at is None


class Watch(Claimable):
    """When the shares of the awards on a machine are looked at next."""

    machine = models.OneToOneField(Machine, on_delete=models.PROTECT, related_name="+")
    next_look_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Watch over the awards on {self.machine}"
