"""Sites, machines, the UNIX names of people, and what accounting says that jobs used."""

from django.db import models
from django.db.models import F, Q

from fabrica.clusters.engine import DEFAULT_TEMPLATE, MAX_LENGTH, MAX_TEMPLATE
from fabrica.kit.claims import Claimable
from fabrica.people.models import Person
from fabrica.people.states import MEMBER_COUNTRIES

KEY_LIMIT = 120
# An index names its rows by the same condition as the query that looks for them.
IS_OPEN = Q(ended_at=None)
IS_UNBOOKED = Q(ended_at__isnull=False, is_nobodys=False) & (
    Q(booked_gpu_seconds=None) | ~Q(booked_gpu_seconds=F("gpu_seconds"))
)


class Site(models.Model):
    """Where machines stand."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    country = models.CharField(max_length=2, choices=list(MEMBER_COUNTRIES.items()))
    unix_name_template = models.CharField(
        max_length=MAX_TEMPLATE, default=DEFAULT_TEMPLATE, db_default=DEFAULT_TEMPLATE,
        help_text="How a person's UNIX name is made; see docs/operator/ssh.md.",
    )  # fmt: skip
    names_checked_at = models.DateTimeField(null=True, help_text="When everybody who works here had a UNIX name.")
    is_dry_run = models.BooleanField(
        default=True, db_default=True, help_text="The worker plans only; an operator applies."
    )
    mends_drift = models.BooleanField(
        default=False, db_default=False, help_text="What was changed by hand is put right by itself."
    )
    subdivision = models.CharField(
        max_length=10, blank=True, db_default="", help_text="The part of the country whose public holidays count too."
    )
    time_zone = models.CharField(
        max_length=64, blank=True, db_default="", help_text="Where its days begin and end; empty: the portal's."
    )
    calendar_version = models.PositiveIntegerField(
        default=1, db_default=1, help_text="Counts changes of the calendar, so that clocks are counted anew."
    )

    def __str__(self) -> str:
        return self.name


class ClosingDay(models.Model):
    """A day on which a site does not work, beside weekends and public holidays: its clocks stand still."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="closing_days")
    day = models.DateField()
    name = models.CharField(max_length=80)

    class Meta:
        ordering = ["day"]
        constraints = [models.UniqueConstraint(fields=["site", "day"], name="clusters_closing_day_once")]

    def __str__(self) -> str:
        return f"{self.day.isoformat()} {self.name}"


class Machine(models.Model):
    """A cluster that runs jobs, and what it last said about itself."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="machines")
    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    adapter = models.CharField(max_length=20, help_text="Which adapter speaks to it; see docs/operator/clusters.md.")
    device = models.CharField(max_length=40, help_text="The planner's word for its device, such as cpu or h100.")
    devices_total = models.PositiveIntegerField()
    flops_per_second = models.FloatField(null=True, help_text="Measured by training for a moment, per device.")
    measured_at = models.DateTimeField(null=True)
    is_reachable = models.BooleanField(default=False)
    devices_busy = models.PositiveIntegerField(default=0)
    jobs_running = models.PositiveIntegerField(default=0)
    jobs_pending = models.PositiveIntegerField(default=0)
    load_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class UnixName(models.Model):
    """What a person is called on the machines of a site.

    A name that was given up stays with its person: nobody else ever gets it, nor the files of its account.
    """

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=MAX_LENGTH, blank=True, help_text="Empty while an operator must choose one.")
    trouble = models.CharField(max_length=500, blank=True, help_text="Why the template made none, in a sentence.")
    assigned_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, help_text="When another took its place.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "name"], condition=~Q(name=""), name="clusters_unix_name_once"),
            models.UniqueConstraint(
                fields=["site", "person"], condition=Q(retired_at=None), name="clusters_unix_name_of_person"
            ),
        ]

    def __str__(self) -> str:
        return self.name or f"(no name: {self.trouble})"


class UsageMark(Claimable):
    """How far a machine's accounting is read: everything whose end was known at `read_until` is here."""

    machine = models.OneToOneField(Machine, on_delete=models.PROTECT, related_name="+")
    read_until = models.DateTimeField(null=True, help_text="When the last look that came to its end was begun.")
    full_look_at = models.DateTimeField(null=True, help_text="When it was last read from far back.")
    look_back_to = models.DateTimeField(null=True, help_text="The next look begins here: a running job was not shown.")
    next_read_at = models.DateTimeField()
    records = models.PositiveBigIntegerField(default=0, help_text="Read by the last look.")
    unusable = models.PositiveBigIntegerField(default=0, help_text="Of them made no sense and were left out.")
    tries = models.PositiveSmallIntegerField(default=0, help_text="Failed in a row.")
    error = models.TextField(blank=True, max_length=2000)

    def __str__(self) -> str:
        return f"Accounting of {self.machine}"


class JobUsage(models.Model):
    """What one start of one job used, as its machine last told. Rows are written by the meter and never deleted."""

    # the indexes below begin with the machine
    machine = models.ForeignKey(Machine, on_delete=models.PROTECT, related_name="+", db_index=False)
    key = models.CharField(max_length=KEY_LIMIT, help_text="Job and start, as UsageRecord.key names them.")
    job_id = models.CharField(max_length=100)
    token = models.CharField(max_length=128, blank=True, help_text="Empty for what the portal did not submit.")
    account = models.CharField(max_length=128)
    user = models.CharField(max_length=64, blank=True)
    devices = models.PositiveIntegerField()
    submitted_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    gpu_seconds = models.PositiveBigIntegerField()
    state = models.CharField(max_length=20)
    energy_joules = models.PositiveBigIntegerField(null=True)
    is_odd = models.BooleanField(default=False, help_text="It ended before it started: a clock jumped, nothing counts.")
    seen_at = models.DateTimeField(help_text="When the machine last told something new of it.")
    missed_at = models.DateTimeField(null=True, help_text="Since when the machine no longer shows it, though it ran.")
    booked_gpu_seconds = models.PositiveBigIntegerField(null=True, help_text="What the ledger has of it; none as yet.")
    is_nobodys = models.BooleanField(default=False, help_text="No award stands behind its account.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["machine", "key"], name="clusters_usage_once")]
        indexes = [
            models.Index(fields=["machine", "account", "ended_at"], name="clusters_usage_of_account"),
            models.Index(fields=["token"], condition=~Q(token=""), name="clusters_usage_of_token"),
            models.Index(fields=["machine", "account"], condition=IS_OPEN, name="clusters_usage_open"),
            models.Index(fields=["machine", "account"], condition=IS_UNBOOKED, name="clusters_usage_unbooked"),
            models.Index(fields=["ended_at"], condition=IS_UNBOOKED & ~Q(token=""), name="clusters_usage_waiting"),
        ]

    def __str__(self) -> str:
        return self.key
