"""The public list of awarded projects: those whose principal investigator agreed, and no others. It names nobody."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from django.db.models import Min, QuerySet
from django.utils.timezone import localdate

from fabrica.allocations.models import Award
from fabrica.calls.models import Call
from fabrica.kit.paging import Page, page_of
from fabrica.kit.units import gpu_hours
from fabrica.people.states import Sector
from fabrica.projects.models import Project

MOST_EXPORTED = 10_000
MOST_YEARS = 50


@dataclass(frozen=True)
class Awarded:
    """An awarded project as everybody may read it. Days are the site's; the last one is the award's last."""

    title: str
    organisation: str
    country: str
    sector: str
    sector_title: str
    mode: str
    mode_title: str
    system: str
    site: str
    gpu_hours_awarded: float
    begins_on: date
    ends_on: date
    abstract: str


COLUMNS = tuple(one.name for one in fields(Awarded))
READ = (
    "project__title", "project__organisation__name", "project__organisation__country", "project__listing__sector",
    "application__call__mode_row__key", "application__call__mode_row__title",
    "machine__name", "machine__site__name", "gpu_seconds", "starts_at", "ends_at",
    "project__listing__abstract",
)  # fmt: skip


@dataclass(frozen=True)
class Filters:
    """What somebody looks for; an empty text means all."""

    country: str = ""
    sector: str = ""
    mode: str = ""
    year: str = ""


def listed(now: datetime, filters: Filters = Filters()) -> QuerySet[Award]:
    """The awards that may be shown, newest first: agreed to, not taken back by the site, and fitting the filters.

    A year means that the award began in it, by the site's clock.
    """
    rows = Award.objects.filter(project__listing__listed_at__isnull=False, revoked_at=None, awarded_at__lte=now)
    if filters.country:
        rows = rows.filter(project__organisation__country=filters.country)
    if filters.sector:
        rows = rows.filter(project__listing__sector=filters.sector)
    if filters.mode:
        rows = rows.filter(application__call__in=Call.objects.filter(mode_row__key=filters.mode).values("pk"))
    if filters.year:
        rows = rows.filter(starts_at__year=int(filters.year))
    return rows.order_by("-pk")


def is_shown(project: Project, now: datetime) -> bool:
    """Whether everybody reads of the project: it was agreed to, and its award was not taken back."""
    return listed(now).filter(project=project).exists()


def counted(now: datetime, since: datetime, until: datetime) -> Counter[tuple[str, str]]:
    """How many of them were handed in within a period, by the groups of the figures."""
    rows = listed(now).filter(application__submitted_at__gte=since, application__submitted_at__lt=until)
    names = ("application__call__mode_row__key", "application__organisation__country", "project__listing__sector",
             "application__organisation__kind")  # fmt: skip
    found: Counter[tuple[str, str]] = Counter()
    for row in rows.order_by().values_list(*names).iterator():
        found.update([("all", ""), *zip(("mode", "country", "sector", "kind"), row, strict=True)])
    return found


def page(now: datetime, filters: Filters, cursor: str = "") -> tuple[Page[Award], list[Awarded]]:
    """The page that `cursor` names, and its rows as everybody may read them; statements do not grow with the list."""
    found = page_of(listed(now, filters), cursor)
    told = dict(_told(listed(now).filter(pk__in=[one.pk for one in found.rows])))
    return found, [told[one.pk] for one in found.rows if one.pk in told]


def exported(now: datetime, filters: Filters) -> Iterator[Awarded]:
    """All of them, the newest 10,000 at most."""
    return (one for _pk, one in _told(listed(now, filters)[:MOST_EXPORTED]))


def years(now: datetime) -> list[int]:
    """The years in which an award may have begun, newest first."""
    first = Award.objects.aggregate(first=Min("starts_at"))["first"]
    last = localdate(now).year
    return list(range(last, max(localdate(first).year if first else last, last - MOST_YEARS) - 1, -1))


def _told(rows: QuerySet[Award]) -> Iterator[tuple[int, Awarded]]:
    names = {str(one.value): str(one.label) for one in Sector}
    facts: Iterator[tuple[Any, ...]] = rows.values_list("pk", *READ).iterator()
    return ((pk, _awarded(row, names)) for pk, *row in facts)


def _awarded(row: list[Any], names: dict[str, str]) -> Awarded:
    title, organisation, country, sector, mode, mode_title, machine, site, seconds, begin, end, abstract = row
    return Awarded(
        title, organisation, country, sector, names.get(sector, sector), mode or "", mode_title or "", machine, site,
        float(gpu_hours(seconds)), localdate(begin), localdate(end), abstract,
    )  # fmt: skip
