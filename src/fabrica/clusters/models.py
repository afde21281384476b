"""Sites, machines, and the UNIX names of people."""

from django.db import models
from django.db.models import Q

from fabrica.clusters.engine import DEFAULT_TEMPLATE, MAX_LENGTH, MAX_TEMPLATE
from fabrica.people.models import Person
from fabrica.people.states import MEMBER_COUNTRIES


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

    def __str__(self) -> str:
        return self.name


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
