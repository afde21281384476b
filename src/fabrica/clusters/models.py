"""Sites and machines."""

from django.db import models

from fabrica.people.states import MEMBER_COUNTRIES


class Site(models.Model):
    """Where machines stand."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    country = models.CharField(max_length=2, choices=list(MEMBER_COUNTRIES.items()))
    is_dry_run = models.BooleanField(default=True, help_text="The worker plans only; an operator applies.")
    mends_drift = models.BooleanField(default=False, help_text="What was changed by hand is put right by itself.")

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
