"""Reading machines, and the way to their adapters."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Max, Min, Q, QuerySet, Sum

from fabrica.clusters.adapters.port import Cluster
from fabrica.clusters.engine import Counting, Month, by_month, month_after, month_start, months_between
from fabrica.clusters.models import IS_OPEN, ClosingDay, JobUsage, Machine, Site, UnixName, UsageMark
from fabrica.kit.bulk import among
from fabrica.kit.calendar import Calendar
from fabrica.kit.errors import NotFound, Problem, Refused
from fabrica.people.models import Person
from fabrica.planner import Calibration, MachineFacts, machine_of

Maker = Callable[[Machine], Cluster]
_makers: dict[str, Maker] = {}


def serve(adapter: str, maker: Maker) -> None:
    """Say which function makes the adapter of this name; called by `config.wiring` alone."""
    _makers[adapter] = maker


def adapters() -> list[str]:
    """The names of the adapters this site can speak through."""
    return sorted(_makers)


def cluster_of(machine: Machine) -> Cluster:
    """The port to a machine. Raises Refused for an adapter nobody wired."""
    if machine.adapter not in _makers:
        raise Refused(
            f"No adapter is called {machine.adapter}.", todo=f"Use one of: {', '.join(adapters()) or 'none'}."
        )
    return _makers[machine.adapter](machine)


def counting_of(machine: Machine) -> Counting:
    """What a machine's devices and seconds are worth to the ledger; the machine is not asked. Raises Refused."""
    return cluster_of(machine).counting


def access_card(machine: Machine, account: str, programme: str) -> tuple[str, ...]:
    """The lines that a member's own job script on a machine begins with; the machine is not asked. Raises Refused."""
    return cluster_of(machine).access_card(account, programme)


def machines() -> QuerySet[Machine]:
    """All machines with their site, by name: that they exist and how busy they are is public."""
    return Machine.objects.select_related("site").order_by("name")


def machine_by_slug(slug: str) -> Machine:
    """A machine by its slug. Raises NotFound."""
    found = machines().filter(slug=slug).first()
    if found is None:
        raise NotFound(f"There is no machine {slug}.", todo="See `fabrica-site doctor` for those there are.")
    return found


def site_by_slug(slug: str) -> Site:
    """A site by its slug. Raises NotFound."""
    found = Site.objects.filter(slug=slug).first()
    if found is None:
        raise NotFound(f"There is no site {slug}.", todo="Register it with `fabrica-site clusters add-site`.")
    return found


def calendars() -> dict[int, Calendar]:
    """The calendar of each site by the site's key: two statements, however many closing days there are."""
    closed: dict[int, set[date]] = {}
    for site_id, day in ClosingDay.objects.order_by().values_list("site_id", "day"):
        closed.setdefault(site_id, set()).add(day)
    return {one.pk: _calendar(one, closed.get(one.pk, set())) for one in Site.objects.all()}


def calendar_of(site: Site) -> Calendar:
    """The calendar of a site."""
    return _calendar(site, site.closing_days.values_list("day", flat=True))


def _calendar(site: Site, closed: Iterable[date]) -> Calendar:
    zone = ZoneInfo(site.time_zone or settings.TIME_ZONE)
    return Calendar(site.country, zone, site.subdivision, frozenset(closed))


def facts_of(machine: Machine) -> MachineFacts:
    """What the planner knows of a machine. Raises NotFound for a device or country without facts."""
    return machine_of(machine.device, machine.site.country, slug=machine.slug, name=machine.name)


def gpus_of(machine: Machine) -> Fraction:
    """How many GPUs a machine has, where its devices may be parts of one."""
    try:
        return machine.devices_total * counting_of(machine).gpus_per_device
    except Problem:  # a file that cannot be read must hide no page
        return Fraction(machine.devices_total)


def calibration_of(machine: Machine) -> Calibration | None:
    """The rate that was measured on a machine; None where nobody measured."""
    if machine.flops_per_second is None or machine.measured_at is None:
        return None
    return Calibration(machine.flops_per_second, machine.measured_at)


def unix_names(site: Site, person_ids: Iterable[int]) -> dict[int, str]:
    """The UNIX name of each of these people at a site, where one has a name; one statement."""
    rows = current_names(site).exclude(name="").filter(among("person__pk", sorted(person_ids)))
    return dict(rows.order_by().values_list("person", "name"))


def current_names(site: Site) -> QuerySet[UnixName]:
    """Everybody's name at a site, those without one first, then by name."""
    return UnixName.objects.filter(site=site, retired_at=None).select_related("person").order_by("name", "pk")


def unnamed() -> QuerySet[UnixName]:
    """Those for whom an operator must choose a name, by site."""
    return UnixName.objects.filter(retired_at=None, name="").order_by("site__slug")


def names_of(person: Person) -> QuerySet[UnixName]:
    """What a person is called at each site where they have a name."""
    rows = UnixName.objects.filter(person=person, retired_at=None).exclude(name="")
    return rows.select_related("site").order_by("site__slug")


def person_named(site: Site, name: str) -> Person | None:
    """Who is called this at a site now; nobody for a name that was given up."""
    found = current_names(site).filter(name=name).first() if name else None
    return found.person if found else None


def sites_to_name(before: datetime) -> QuerySet[Site]:
    """The sites where nobody looked for people without a name since, the one that waits longest first."""
    return Site.objects.filter(Q(names_checked_at=None) | Q(names_checked_at__lte=before)).order_by("names_checked_at")


def marks_due(now: datetime) -> QuerySet[UsageMark]:
    """The machines whose accounting is to be read now, the one that waits longest first."""
    return UsageMark.objects.select_related("machine").filter(next_read_at__lte=now).order_by("next_read_at", "pk")


def look_from(mark: UsageMark, now: datetime) -> datetime:
    """From when on the next look reads: a day before the last one, and once a day (or where unsure) much further."""
    furthest = now - timedelta(days=settings.FABRICA_USAGE_FULL_DAYS)
    if mark.read_until is None or mark.full_look_at is None or now - mark.full_look_at >= timedelta(days=1):
        return furthest
    near = mark.read_until - timedelta(hours=settings.FABRICA_USAGE_OVERLAP_HOURS)
    return max(furthest, min(near, mark.look_back_to or near))


def usage_of_tokens(machine: Machine, tokens: Iterable[str]) -> QuerySet[JobUsage]:
    """What the jobs of these wishes used on a machine, as far as it was read; each start by itself, oldest first."""
    rows = JobUsage.objects.filter(machine=machine, token__in=tokens).exclude(token="")
    return rows.order_by("started_at", "pk")


@dataclass(frozen=True)
class Metering:
    """How the reading of a machine's accounting stands. `lag_seconds` is None before the first look has ended."""

    machine: str
    lag_seconds: float | None
    error: str
    unusable: int
    running: int
    missed: int
    odd: int


def metering(now: datetime) -> list[Metering]:
    """How far behind the accounting of each machine is, and what in it needs an operator's eye; for metrics too."""
    found = []
    for machine in machines():
        mark = UsageMark.objects.filter(machine=machine).first()
        rows = JobUsage.objects.filter(machine=machine)
        still = rows.filter(IS_OPEN).aggregate(running=Count("pk", filter=Q(missed_at=None)), all=Count("pk"))
        lag = (now - mark.read_until).total_seconds() if mark and mark.read_until else None
        error, unusable = (mark.error, mark.unusable) if mark else ("", 0)
        odd = rows.filter(is_odd=True).count()
        missed = still["all"] - still["running"]
        found.append(Metering(machine.slug, lag, error, unusable, still["running"], missed, odd))
    return found


@dataclass(frozen=True)
class Stray:
    """What an account that no award stands behind used on a machine."""

    machine: str
    account: str
    jobs: int
    gpu_seconds: int
    last_at: datetime


def strays() -> list[Stray]:
    """Use that is charged to nobody, by account, the largest first: an operator should know why it is there."""
    rows = JobUsage.objects.filter(is_nobodys=True).values_list("machine__slug", "account")
    sums = rows.annotate(jobs=Count("pk"), sum=Sum("gpu_seconds"), last=Max("ended_at"))
    return [Stray(*row) for row in sums.order_by("-sum", "account")]


def usage_by_month(machine: Machine, account: str | None = None, *, counted: str = "gpu_seconds") -> dict[Month, int]:
    """The GPU-seconds of the ended jobs of a machine, or of one account there, by UTC month of use.

    A job over the end of a month is split by its share of time; all months together are the sum of all jobs.
    `counted` is the column: what the machine told, or `booked_gpu_seconds`, what the ledger has of it.
    """
    rows = JobUsage.objects.filter(machine=machine, ended_at__isnull=False, **{f"{counted}__isnull": False})
    if account is not None:
        rows = rows.filter(account=account)
    bounds = rows.aggregate(first=Min("started_at"), last=Max("ended_at"), last_start=Max("started_at"))
    if bounds["first"] is None:
        return {}
    found: dict[Month, int] = {}
    for month in months_between(bounds["first"], max(bounds["last"], bounds["last_start"])):
        if used := sum(_in_month(rows, month, counted)):
            found[month] = used
    return found


def _in_month(rows: "QuerySet[JobUsage]", month: Month, counted: str) -> Iterator[int]:
    """What was used in a month: by the jobs that lie wholly in it, and the shares of those over its ends."""
    start, end = month_start(month), month_start(month_after(month))
    inside = Q(started_at__gte=start, started_at__lt=end, ended_at__lte=end)
    yield rows.filter(inside).aggregate(sum=Sum(counted))["sum"] or 0
    over = rows.filter(started_at__lt=end, ended_at__gt=start).exclude(inside)
    for started_at, ended_at, gpu_seconds in over.values_list("started_at", "ended_at", counted).iterator():
        yield by_month(started_at, ended_at or started_at, gpu_seconds).get(month, 0)
