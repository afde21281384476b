"""All projects and all applications that somebody may see, chosen by state and found by words, page by page.

A page costs the same number of statements whatever the site holds. Words within titles are looked for among the newest
20,000 rows; a code is found by its beginning, an organisation by a part of its name, in all of them.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Model, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from fabrica.allocations.engine import Balance
from fabrica.allocations.models import Award
from fabrica.allocations.queries import awards_visible_to
from fabrica.applications.models import Application
from fabrica.applications.queries import UNSEEN, clocks_of
from fabrica.applications.queries import visible_to as applications_visible_to
from fabrica.applications.states import State
from fabrica.kit.paging import Page, page_of
from fabrica.people.models import Organisation, Person
from fabrica.people.queries import organisations_of
from fabrica.people.rules import is_staff_member
from fabrica.portal.engine import Stuck
from fabrica.portal.queries.standings import balances, ready_among
from fabrica.portal.sayings import STUCK, Text
from fabrica.portal.words import due, step_due
from fabrica.projects.models import Project, Report
from fabrica.projects.queries import overdue, visible_to
from fabrica.projects.states import WRITABLE

MOST_SEARCHED = 20_000
RUNNING, ENDED, LATE = "running", "ended", "late"
Badge = tuple[Text, str]


@dataclass(frozen=True)
class ProjectLine:
    """A project with what is next in it: words with a tone, and the report that is to be handed in first."""

    project: Project
    is_open: bool
    award: Award | None
    balance: Balance | None
    report: Report | None
    badges: list[Badge] = field(default_factory=list)


@dataclass(frozen=True)
class ApplicationLine:
    """An application, where it is read, when its step is due for those who see that, and its award if they see it."""

    application: Application
    path: str
    due: Badge | None
    award: Award | None
    balance: Balance | None


def projects(person: Person, now: datetime, *, state: str = "", words: str = "") -> QuerySet[Project]:
    """The projects the person may see, newest first: running, ended, or those with a late report."""
    rows = visible_to(person)
    if state == RUNNING:
        rows = rows.filter(ends_at__gt=now)
    elif state == ENDED:
        rows = rows.filter(ends_at__lte=now)
    elif state == LATE:
        rows = rows.filter(pk__in=overdue(Report.objects.all(), now).order_by().values("project"))
    return rows.filter(_found(Project, words, Q(slug__startswith=words.lower()))) if words else rows


def applications(person: Person, *, state: str = "", words: str = "") -> QuerySet[Application]:
    """The applications the person may see, newest first: all, or those in a state."""
    rows = applications_visible_to(person).defer(*UNSEEN)
    if state in State.values:
        rows = rows.filter(state=state)
    return rows.filter(_found(Application, words, Q(code__startswith=words.upper()))) if words else rows


def _found(model: type[Model], words: str, by_code: Q) -> Q:
    named = Organisation.objects.filter(name__icontains=words).values("pk")
    newest: Any = Subquery(model._default_manager.order_by("-pk").values("pk")[:1])
    by_title = Q(title__icontains=words, pk__gt=newest - MOST_SEARCHED)
    return by_code | Q(organisation__in=named) | by_title


def project_page(
    person: Person, now: datetime, *, state: str = "", words: str = "", cursor: str = ""
) -> tuple[Page[Project], list[ProjectLine]]:
    """A page of projects and its lines."""
    page = page_of(projects(person, now, state=state, words=words), cursor)
    awards = {one.project_id: one for one in Award.objects.select_related("machine").filter(project__in=page.rows)}
    hours, ready, reports = balances(list(awards.values())), ready_among(page.rows), _next_reports(page.rows)
    lines = []
    for one in page.rows:
        award, report = awards.get(one.pk), reports.get(one.pk)
        line = ProjectLine(one, now < one.ends_at, award, hours.get(award.pk) if award else None, report)
        line.badges.extend(_badges(line, now, is_ready=one.pk in ready))
        lines.append(line)
    return page, lines


def _next_reports(found: Any) -> dict[int, Report]:
    """The report of each that is to be handed in first."""
    rows = Report.objects.filter(project__in=found, state__in=WRITABLE).select_related("project")
    rows = rows.only("kind", "due_on", "project__slug").order_by("-due_on", "-pk")
    return {one.project_id: one for one in rows}


def _badges(line: ProjectLine, now: datetime, *, is_ready: bool) -> list[Badge]:
    told: list[Badge] = []
    if line.report:
        words, tone = due(line.report.due_on, timezone.localtime(now).date())
        named = {"report": line.report.get_kind_display(), "when": words}
        told.append((_("%(report)s: %(when)s") % named, tone))
    if line.award and line.award.revoked_at:
        told.append((_("award taken back"), "bad"))
    elif line.is_open and not is_ready:
        told.append((STUCK[Stuck.ACCOUNT], "warning"))
    elif line.is_open and line.balance and line.balance.free <= 0 and not line.balance.held:
        told.append((STUCK[Stuck.HOURS], "warning"))
    return told


def application_page(
    person: Person, now: datetime, *, state: str = "", words: str = "", cursor: str = ""
) -> tuple[Page[Application], list[ApplicationLine]]:
    """A page of applications and its lines. Staff read on the desk what is not of their own organisations."""
    page = page_of(applications(person, state=state, words=words), cursor)
    is_staff = is_staff_member(person)
    clocks = clocks_of(page.rows) if is_staff else {}
    own = set(organisations_of(person).values_list("pk", flat=True)) if is_staff else set()
    awards = {one.application_id: one for one in awards_visible_to(person).filter(application__in=page.rows)}
    hours = balances(list(awards.values()))
    lines = []
    for one in page.rows:
        award, clock = awards.get(one.pk), clocks.get(one.pk)
        path = f"/desk/{one.code}/" if is_staff and one.submitted_at and one.organisation_id not in own else one.page
        told = step_due(clock, now) if clock and clock.step else None
        lines.append(ApplicationLine(one, path, told, award, hours.get(award.pk) if award else None))
    return page, lines
