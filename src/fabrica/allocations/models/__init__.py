"""Awards, the ledger, and accounts on clusters."""

from django.db import models
from django.db.models import F, Q

from fabrica.allocations.models.offers import Offer as Offer
from fabrica.allocations.states import OF_AWARD, OF_MACHINE, AccountKind, PoolName, TransferKind
from fabrica.applications.models import TEXT_LIMIT, Application
from fabrica.clusters.models import KEY_LIMIT as JOB_KEY_LIMIT
from fabrica.clusters.models import Machine
from fabrica.kit.claims import Claimable
from fabrica.kit.facts import Source
from fabrica.people.models import Person
from fabrica.projects.models import Project

KEY_LIMIT = 200
SOURCE_LIMIT = 300


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
    returned_gpu_seconds = models.PositiveBigIntegerField(
        default=0, db_default=0, help_text="Unused, and given back to the pools it came from."
    )
    revoked_at = models.DateTimeField(null=True, help_text="When an officer took it back before its end.")
    revoked_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    revoke_reason = models.TextField(
        max_length=TEXT_LIMIT, blank=True, default="", db_default="", help_text="The project's leaders read it."
    )

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


class AccountingYear(models.Model):
    """What a machine gives in a year, as somebody declared it, parted into pools. Its days are the portal's."""

    machine = models.ForeignKey(Machine, on_delete=models.PROTECT, related_name="+")
    starts_on = models.DateField()
    ends_on = models.DateField(help_text="The first day that no longer belongs to it.")
    gpu_seconds = models.PositiveBigIntegerField(help_text="What the machine gives in it, all pools together.")
    source = models.CharField(max_length=SOURCE_LIMIT)
    checked_on = models.DateField()
    confidence = models.CharField(max_length=10)

    class Meta:
        ordering = ["starts_on"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gt=F("starts_on")), name="allocations_year_ends_later"),
            models.UniqueConstraint(fields=["machine", "starts_on"], name="allocations_year_once"),
        ]

    def __str__(self) -> str:
        return f"{self.machine} from {self.starts_on} to before {self.ends_on}"


class Pool(models.Model):
    """A part of a year of a machine, from which the awards of some modes are paid."""

    year = models.ForeignKey(AccountingYear, on_delete=models.PROTECT, related_name="pools")
    name = models.CharField(max_length=30, choices=PoolName.choices)
    percent = models.DecimalField(max_digits=7, decimal_places=4, help_text="Of what the machine gives in the year.")
    gpu_seconds = models.PositiveBigIntegerField(help_text="The same in GPU-seconds, rounded down.")

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["year", "name"], name="allocations_pool_once")]

    def __str__(self) -> str:
        return str(self.get_name_display())


class Cap(models.Model):
    """The most that awards of some pools, here of some modes only (none: of all), may take of a year together."""

    year = models.ForeignKey(AccountingYear, on_delete=models.PROTECT, related_name="caps")
    name = models.CharField(max_length=64)
    title = models.CharField(max_length=SOURCE_LIMIT, blank=True)
    pools = models.JSONField(default=list)
    modes = models.JSONField(default=list)
    percent = models.DecimalField(max_digits=7, decimal_places=4)
    of_gpu_seconds = models.PositiveBigIntegerField(help_text="What the percent are of.")
    limit_gpu_seconds = models.PositiveBigIntegerField(help_text="Rounded down, so that the cap is never passed.")
    taken_gpu_seconds = models.PositiveBigIntegerField(default=0, help_text="Granted, less what came back.")
    source = models.CharField(max_length=SOURCE_LIMIT)
    checked_on = models.DateField()
    confidence = models.CharField(max_length=10)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["year", "name"], name="allocations_cap_once"),
            models.CheckConstraint(
                condition=Q(taken_gpu_seconds__lte=F("limit_gpu_seconds")), name="allocations_cap_is_kept"
            ),
        ]

    def __str__(self) -> str:
        return self.title or ", ".join(str(PoolName(one).label) for one in self.pools)

    @property
    def told_source(self) -> Source:
        """Where its figure comes from."""
        return Source(self.source, self.checked_on, self.confidence)

    @property
    def left(self) -> int:
        return self.limit_gpu_seconds - self.taken_gpu_seconds

    def counts(self, pool: str, mode: str) -> bool:
        """Whether hours from a pool for an award of a mode count."""
        return pool in self.pools and (not self.modes or mode in self.modes)


class LedgerAccount(models.Model):
    """One side of every transfer. Only the supply may be below zero: it mirrors what was put in.

    A machine has one pool without a name, and one for each part of a year that it is parted into.
    """

    kind = models.CharField(max_length=10, choices=AccountKind.choices)
    machine = models.ForeignKey(Machine, on_delete=models.PROTECT, related_name="+")
    award = models.ForeignKey(Award, null=True, on_delete=models.PROTECT, related_name="+")
    pool = models.OneToOneField(Pool, null=True, on_delete=models.PROTECT, related_name="account")
    offer = models.OneToOneField(Offer, null=True, on_delete=models.PROTECT, related_name="account")
    balance_gpu_seconds = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=AccountKind.SUPPLY) | Q(balance_gpu_seconds__gte=0),
                name="allocations_balance_not_below_zero",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=OF_MACHINE, award=None, offer=None)
                | Q(kind__in=(*OF_AWARD, AccountKind.PROMISED), award__isnull=False, offer=None)
                | Q(kind=AccountKind.OFFERED, award=None, offer__isnull=False),
                name="allocations_account_has_owner",
            ),
            models.UniqueConstraint(
                fields=["machine", "kind"],
                condition=Q(award=None, pool=None, offer=None),
                name="allocations_machine_kind_once",
            ),
            models.UniqueConstraint(
                fields=["award", "kind"], condition=Q(award__isnull=False), name="allocations_award_account_once"
            ),
        ]

    def __str__(self) -> str:
        owner = self.award.project.slug if self.award else self.offer or self.pool or self.machine.slug
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


class Phase(models.Model):
    """A later part of an award: promised from its pool, usable once it is due or an officer releases it."""

    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="phases")
    number = models.PositiveSmallIntegerField(help_text="The first phase is usable from the start and has no row.")
    gpu_seconds = models.PositiveBigIntegerField()
    opens_at = models.DateTimeField(null=True, help_text="When it becomes usable by itself.")
    on_report = models.BooleanField(default=False, help_text="Usable once the progress report is accepted.")
    released_at = models.DateTimeField(null=True)
    dropped_at = models.DateTimeField(null=True, help_text="When its hours went back to the pool.")
    by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(max_length=TEXT_LIMIT, blank=True, help_text="The project's leaders read it.")

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["award", "number"], name="allocations_phase_once")]
        indexes = [
            models.Index(
                fields=["opens_at"], condition=Q(released_at=None, dropped_at=None), name="allocations_phases_waiting"
            ),
        ]

    def __str__(self) -> str:
        return f"Phase {self.number} of {self.award.project}"


class Extension(models.Model):
    """More time for an award, and hours for it, as its mode allows; why, and who approved it."""

    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=KEY_LIMIT, help_text="Names the cause, so that it is granted once.")
    months = models.PositiveSmallIntegerField()
    gpu_seconds = models.PositiveBigIntegerField()
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(max_length=TEXT_LIMIT, help_text="The project's leaders read it.")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["award", "key"], name="allocations_extension_once")]

    def __str__(self) -> str:
        return f"{self.months} months and {self.gpu_seconds} GPU-seconds for {self.award.project}"


class Move(models.Model):
    """Hours that went from one award to another, by whom and why."""

    giving = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="+")
    receiving = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=KEY_LIMIT, help_text="Names the cause, so that it moves once.")
    gpu_seconds = models.PositiveBigIntegerField()
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(max_length=TEXT_LIMIT, help_text="The leaders of both projects read it.")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["giving", "key"], name="allocations_move_once"),
            models.CheckConstraint(condition=~Q(giving=F("receiving")), name="allocations_move_between_two"),
        ]

    def __str__(self) -> str:
        return f"{self.gpu_seconds} GPU-seconds from {self.giving.project} to {self.receiving.project}"


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


# They point at the tables above, which must be there first.
from fabrica.allocations.models import invoices as _invoices  # noqa: E402 - see above

Tariff = _invoices.Tariff
PricedAward = _invoices.PricedAward
Customer = _invoices.Customer
InvoiceSeries = _invoices.InvoiceSeries
Invoice = _invoices.Invoice
InvoiceLine = _invoices.InvoiceLine
