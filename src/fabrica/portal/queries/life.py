"""How an award lives: its forecast, and how long it stands idle."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone

from fabrica.allocations.models import Award
from fabrica.allocations.queries import used_so_far
from fabrica.clusters.models import JobUsage
from fabrica.kit.errors import Problem
from fabrica.portal.forecasting import TICK, Forecast, Given, forecast
from fabrica.portal.idling import Idle, Rule, idle, is_to_reclaim, is_warned, rule_for


@dataclass(frozen=True)
class Life:
    """What is foreseen of an award at a moment, how long nothing ran, and the site's rule these rest on."""

    forecast: Forecast
    idle: Idle
    rule: Rule
    awarded: int
    used: int

    @property
    def unused(self) -> int | None:
        """What will be lost at the end."""
        return self.forecast.unused(self.awarded)

    @property
    def is_idle(self) -> bool:
        return is_warned(self.rule, self.idle)

    @property
    def is_to_reclaim(self) -> bool:
        return is_to_reclaim(self.rule, self.idle, self.forecast)


def life_of(award: Award, now: datetime, used: int | None = None) -> Life | None:
    """How it lives; None where the site's rules cannot be read, which must hide no page.

    `used` are the GPU-seconds used so far, where the caller has read them already.
    """
    try:
        rule = rule_for(award.machine.site.slug, timezone.localtime(now).date(), settings.FABRICA_LIFE_RULES)
    except Problem:
        return None
    used = used_so_far(award) if used is None else used
    until = min(now, award.ends_at)
    recent = used_between(award, until - timedelta(days=rule.recent_days), until)
    given = Given(
        award.gpu_seconds, used, recent, award.starts_at, award.ends_at, rule.recent_days, rule.least_days
    )  # fmt: skip
    return Life(
        forecast(given, now), idle(last_job_at(award, now), award.starts_at, until), rule, award.gpu_seconds, used
    )


def used_between(award: Award, start: datetime, end: datetime) -> int:
    """The GPU-seconds its jobs used in a span, as the machine's accounting tells; jobs over its ends by their share.

    A running job has used its time until it was last seen.
    """
    rows = _jobs(award).filter(Q(ended_at__gt=start) | Q(ended_at=None), started_at__lt=end)
    sums = rows.values_list("started_at", "ended_at", "seen_at", "gpu_seconds")
    return sum(_share(began, ended or seen, used, start, end) for began, ended, seen, used in sums.iterator())


def _share(began: datetime, ended: datetime, used: int, start: datetime, end: datetime) -> int:
    whole, part = ended - began, min(ended, end) - max(began, start)
    if whole <= timedelta(0):
        return used
    return used * max(0, part // TICK) // (whole // TICK)


def last_job_at(award: Award, now: datetime) -> datetime | None:
    """When a job of it last ran: now, where one runs."""
    running = Count("pk", filter=Q(ended_at=None, missed_at=None))
    told = _jobs(award).aggregate(last=Max("ended_at"), running=running)
    last: datetime | None = told["last"]
    return now if told["running"] else last


def _jobs(award: Award) -> QuerySet[JobUsage]:
    return JobUsage.objects.filter(machine=award.machine_id, account=award.account_name)
