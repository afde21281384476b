"""What the jobs of awards used, and what is to be booked or told."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Sum

from fabrica.allocations.models import (
    Award,
    ClusterAccount,
    JobBooking,
    LedgerAccount,
    Watch,
)
from fabrica.allocations.queries.awards import UNUSED_AFTER, balance
from fabrica.allocations.states import AccountKind
from fabrica.clusters import queries as clusters
from fabrica.clusters.engine import Month
from fabrica.clusters.models import IS_OPEN, IS_UNBOOKED, JobUsage, Machine

LEFT_TO_RUNS = timedelta(hours=6)


def usage_due(now: datetime) -> QuerySet[JobUsage]:
    """What the meter found and the ledger has not: of ended jobs, and not (yet) left to the run that started them.

    A run books its own jobs when it ends, from its hold. Six hours after a job's end the meter books it all the same.
    """
    ours = Q(token="") | Q(ended_at__lte=now - LEFT_TO_RUNS) | Q(booked_gpu_seconds__isnull=False)
    return JobUsage.objects.filter(IS_UNBOOKED).filter(ours)


def usage_waiting(now: datetime) -> QuerySet[JobUsage]:
    """The ended jobs that are left to the runs that started them."""
    rows = JobUsage.objects.filter(IS_UNBOOKED, booked_gpu_seconds=None, ended_at__gt=now - LEFT_TO_RUNS)
    return rows.exclude(token="").order_by("ended_at")


def in_flight_by_account(machine: Machine) -> dict[str, int]:
    """The GPU-seconds so far of what runs on a machine, or has ended and is not booked yet, by account."""
    rows = _flying().filter(machine=machine)
    return dict(rows.order_by().values_list("account").annotate(sum=Sum("gpu_seconds")))


def in_flight(award: Award) -> int:
    """The GPU-seconds so far of a project's jobs that run, or have ended and are not booked yet: not used as yet."""
    rows = _flying().filter(machine=award.machine_id, account=award.account_name)
    return rows.aggregate(sum=Sum("gpu_seconds"))["sum"] or 0


def running(award: Award) -> int:
    """How many jobs of a project run, or wait to be booked."""
    return _flying().filter(machine=award.machine_id, account=award.account_name).count()


def spare(award: Award) -> int:
    """What is free of an award, and not used already by jobs that run or are not booked yet."""
    return max(0, balance(award).free - in_flight(award))


def _flying() -> QuerySet[JobUsage]:
    booked = JobBooking.objects.filter(machine=OuterRef("machine"), key=OuterRef("key"))
    ended = Q(ended_at__isnull=False, is_nobodys=False, booked_gpu_seconds=None) & ~Exists(booked)
    return JobUsage.objects.filter(Q(IS_OPEN, missed_at=None) | ended)


def used_so_far(award: Award) -> int:
    """What an award used, with what is in flight."""
    return balance(award).used + in_flight(award)


def usage_by_month(award: Award) -> dict[Month, int]:
    """What a project's ended jobs used, by UTC month, on the machine of its award."""
    return clusters.usage_by_month(award.machine, award.account_name)


def watches_due(now: datetime) -> QuerySet[Watch]:
    """The machines whose awards are to be looked at now."""
    return Watch.objects.select_related("machine").filter(next_look_at__lte=now).order_by("next_look_at", "pk")


def accounts_to_act_on(machine: Machine, first_notice: int, now: datetime) -> Iterator[tuple[ClusterAccount, int]]:
    """The accounts whose award may be told of or closed (or opened again), with what it used so far.

    Two statements for all awards of the machine; only those few that something is due for are loaded.
    """
    flying = in_flight_by_account(machine)
    used = LedgerAccount.objects.filter(award=OuterRef("award"), kind=AccountKind.USED).values("balance_gpu_seconds")
    rows = ClusterAccount.objects.filter(award__machine=machine, award__ends_at__gt=now).annotate(used=Subquery(used))
    facts = rows.values_list("pk", "award__project__slug", "award__gpu_seconds", "is_open_wanted", "used")
    due = {}
    for pk, slug, gpu_seconds, is_open, booked in facts.iterator():
        so_far = booked + flying.get(slug, 0)
        if not is_open or 100 * so_far >= first_notice * gpu_seconds:
            due[pk] = so_far
    found = ClusterAccount.objects.select_related("award__project", "award__machine").in_bulk(due)
    for pk, account in found.items():
        yield account, due[pk]


def unused_due(now: datetime) -> QuerySet[Award]:
    """The awards that ended a day ago, whose jobs are all booked, and that have hours left; first the first."""
    kinds = (AccountKind.FREE, AccountKind.PROMISED)
    left = LedgerAccount.objects.filter(award=OuterRef("pk"), kind__in=kinds, balance_gpu_seconds__gt=0)
    flying = _flying().filter(machine=OuterRef("machine"), account=OuterRef("project__slug"))
    ended = Award.objects.filter(ends_at__lte=now - UNUSED_AFTER)
    return ended.filter(Exists(left), ~Exists(flying)).order_by("ends_at", "pk")
