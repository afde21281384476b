"""What came of the applications that were handed in within a period, to report on: counts, times, hours.

Ministries and the Joint Undertaking ask for these by mode, country and kind of organisation. An application counts in
the period of its last submission, with all that became of it since.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import date, datetime, time
from statistics import median
from typing import Any, NamedTuple

from django.db.models import Count, Exists, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce, NullIf
from django.utils.timezone import localdate, make_aware
from django.utils.translation import gettext as _

from fabrica.allocations.models import Award, LedgerAccount
from fabrica.allocations.rules import can_audit
from fabrica.allocations.states import AccountKind
from fabrica.applications.models import Application, Transition
from fabrica.applications.states import State
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.kit.sheets import lines
from fabrica.people.models import Person, SmeDeclaration
from fabrica.people.states import Category, Kind
from fabrica.projects.models import Publication

HOUR = 3_600
SMALL = frozenset({Kind.STARTUP, Kind.SME})
P95 = 0.95
MOST_YEARS = 20
MOST_PUBLICATIONS = 10_000
WHOLE = 100
ORDER = ("all", "mode", "country", "sector", "kind")


@dataclass(frozen=True)
class Kpi:
    """The figures of one group. Times are working days as the clocks count them; None where none was awarded.

    `small_awarded` are the awarded of start-ups and small and medium-sized enterprises: as they had declared when they
    handed in, else as they describe themselves. What each
    figure counts stands in `portal.defining`.
    """

    group: str  # one of ORDER
    value: str
    submitted: int
    eligible: int
    awarded: int
    refused: int
    declined: int
    withdrawn: int
    small_awarded: int
    access_working_days_median: float | None
    access_working_days_p95: float | None
    gpu_hours_requested: float
    gpu_hours_awarded: float
    gpu_hours_used: float
    small_percent: float | None
    publications: int


COLUMNS = tuple(one.name for one in fields(Kpi))


class _Row(NamedTuple):
    """An application with what became of it. Hours in GPU-seconds."""

    mode: str
    country: str
    kind: str
    state: str
    is_eligible: bool
    requested: int | None
    days_taken: int | None
    awarded: int | None
    used: int | None
    declared: str | None
    sector: str | None
    publications: int | None

    @property
    def is_small(self) -> bool:
        """Whether it is an SME: as it declared, else as it describes itself."""
        return self.declared != Category.NOT_SME if self.declared else self.kind in SMALL


def kpis(since: datetime, until: datetime) -> list[Kpi]:
    """The figures of what was submitted at or after `since` and before `until`: of all, and by each of `ORDER`.

    One statement, however many applications there are.
    """
    groups: dict[tuple[str, str], list[_Row]] = {("all", ""): []}
    for row in _rows(since, until):
        names = {"mode": row.mode, "country": row.country, "sector": row.sector or "", "kind": row.kind}
        for name in (("all", ""), *names.items()):
            groups.setdefault(name, []).append(row)
    return [_kpi(*name, groups[name]) for name in sorted(groups, key=lambda name: (ORDER.index(name[0]), name[1]))]


def this_year(now: datetime) -> tuple[date, date]:
    """The first day of the year and of the next, by the site's clock."""
    return year_of(localdate(now).year)


def year_of(year: int) -> tuple[date, date]:
    """The first day of a year and of the next."""
    return date(year, 1, 1), date(year + 1, 1, 1)


def all_years(now: datetime) -> tuple[date, date]:
    """The longest period there is, to the end of this year."""
    _begin, end = this_year(now)
    return date(end.year - MOST_YEARS, 1, 1), end


def must_see(person: Person) -> None:
    """Raises NotAllowed for others than officers and operators."""
    if not can_audit(person):
        raise NotAllowed(_("The figures are for officers and operators."))


def kpis_for(person: Person, since: date, until: date) -> list[Kpi]:
    """The figures of whole days of the site. Raises NotAllowed for others than officers and operators, and Refused."""
    must_see(person)
    if not since < until or until.year - since.year > MOST_YEARS:
        raise Refused(
            _("There is no such period: %(since)s to %(until)s.") % {"since": since, "until": until},
            todo=_("Give a later end, at most %(most)s years on.") % {"most": MOST_YEARS},
        )
    return kpis(*instants(since, until))


def instants(since: date, until: date) -> tuple[datetime, datetime]:
    """When a period of whole days of the site begins and ends."""
    begin, end = (make_aware(datetime.combine(day, time.min)) for day in (since, until))
    return begin, end


def publications(person: Person, since: date, until: date) -> list[tuple[str, str, str, date]]:
    """DOI, project, organisation and the day it was named, of the awards these figures count; newest first."""
    must_see(person)
    begin, end = instants(since, until)
    awards = Award.objects.filter(application__submitted_at__gte=begin, application__submitted_at__lt=end)
    rows = Publication.objects.filter(project__in=awards.values("project")).order_by("-pk")
    told = rows.values_list("doi", "project__slug", "project__organisation__name", "added_at")[:MOST_PUBLICATIONS]
    return [(doi, slug, organisation, localdate(at)) for doi, slug, organisation, at in told]


def _rows(since: datetime, until: datetime) -> Iterator[_Row]:
    award = Award.objects.filter(application=OuterRef("pk"))
    declared = SmeDeclaration.objects.filter(
        organisation=OuterRef("organisation"), signed_at__lte=OuterRef("submitted_at")
    ).order_by("-number")
    used = LedgerAccount.objects.filter(award__application=OuterRef("pk"), kind=AccountKind.USED)
    screened = Transition.objects.filter(application=OuterRef("pk"), after=State.SCREENED)
    rows = Application.objects.filter(submitted_at__gte=since, submitted_at__lt=until).annotate(
        is_eligible=Exists(screened),
        awarded=Subquery(award.values("gpu_seconds")[:1]),
        declared=Subquery(declared.values("category")[:1]),
        used=Subquery(used.values("balance_gpu_seconds")[:1]),
        sector=Coalesce(
            NullIf(Subquery(award.values("project__listing__sector")[:1]), Value("")), "organisation__sector"
        ),
        publications=Subquery(award.annotate(n=Count("project__publications")).values("n")[:1]),
    )
    told = rows.order_by().values_list(
        "call__mode_row__key", "organisation__country", "organisation__kind", "state", "is_eligible",
        "gpu_seconds_requested", "days_taken", "awarded", "used", "declared", "sector", "publications",
    )  # fmt: skip
    facts: Iterator[tuple[Any, ...]] = told.iterator()
    return (_Row(*row) for row in facts)


def _kpi(group: str, value: str, rows: Sequence[_Row]) -> Kpi:
    states = Counter(row.state for row in rows)
    small = sum(row.state == State.AWARDED and row.is_small for row in rows)
    days = sorted(row.days_taken for row in rows if row.days_taken is not None)
    return Kpi(
        group,
        value,
        submitted=len(rows),
        eligible=sum(row.is_eligible for row in rows),
        awarded=states[State.AWARDED],
        refused=states[State.REFUSED],
        declined=states[State.DECLINED],
        withdrawn=states[State.WITHDRAWN],
        small_awarded=small,
        access_working_days_median=median(days) if days else None,
        access_working_days_p95=days[math.ceil(P95 * len(days)) - 1] if days else None,
        gpu_hours_requested=_hours(row.requested for row in rows),
        gpu_hours_awarded=_hours(row.awarded for row in rows),
        gpu_hours_used=_hours(row.used for row in rows),
        small_percent=round(WHOLE * small / states[State.AWARDED], 1) if states[State.AWARDED] else None,
        publications=sum(row.publications or 0 for row in rows),
    )


def _hours(gpu_seconds: Iterable[int | None]) -> float:
    return round(sum(one or 0 for one in gpu_seconds) / HOUR, 2)


def to_csv(rows: Iterable[Kpi]) -> str:
    """The figures as a table for a spreadsheet: a heading, then a line for each group."""
    return "".join(lines(COLUMNS, (astuple(row) for row in rows)))
