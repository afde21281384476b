"""The API of a project's life: its forecast, its reports, the bar."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from ninja import Router, Schema
from pydantic import Field

from fabrica.allocations.queries import award_of
from fabrica.kit.errors import NotFound
from fabrica.kit.paging import page_of
from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.portal.queries.life import life_of
from fabrica.portal.queries.reporting import figures_of
from fabrica.projects import services as projects
from fabrica.projects.engine import MOST_LETTERS
from fabrica.projects.models import TEXT_LIMIT, Report
from fabrica.projects.queries import overdue, project_of, report_of, reports_visible_to
from fabrica.projects.rules import may
from fabrica.projects.states import ReportState, Right
from fabrica.web.scopes import needs

router = Router(tags=["portal"])


class ForecastOut(Schema):
    """Where the hours of a project go if its jobs go on as they did, in GPU-seconds; null where nobody can tell.

    `basis` says what it rests on: `recent` (the last `recent_days` days), `whole` (since the award began); or why
    there is none: `early`, `ended`. `idle_since` is when a job last ran.
    """

    basis: Literal["recent", "whole", "early", "ended"]
    recent_days: int
    awarded: int
    used: int
    days_gone: int
    days_left: int
    used_percent: int
    time_percent: int
    per_day: int | None
    needed_per_day: int | None
    expected: int | None
    unused: int | None
    runs_out_at: datetime | None
    idle_since: datetime
    idle_days: int
    is_idle: bool
    rule: str


class QuestionOut(Schema):
    """A question of a report; `unit` is that of `most`."""

    key: str
    text: str
    most: int
    unit: str
    is_needed: bool


class ReportRow(Schema):
    """A report a project owes."""

    project: str = Field(alias="project.slug")
    organisation: str = Field(alias="project.organisation.name")
    kind: str
    state: ReportState
    due_on: date
    is_overdue: bool
    is_barring: bool
    submitted_at: datetime | None

    @staticmethod
    def resolve_is_overdue(obj: Report) -> bool:
        return obj.is_overdue(localtime(utcnow()).date())

    @staticmethod
    def resolve_is_barring(obj: Report) -> bool:
        return obj.is_barring(localtime(utcnow()).date())


class ReportOut(ReportRow):
    """A report with its questions, answers and figures: those of now until it is handed in, then as it was."""

    draft_version: int
    reason: str
    questions: list[QuestionOut]
    answers: dict[str, str]
    figures: dict[str, Any]
    due_source: str = Field(alias="form.due_source")

    @staticmethod
    def resolve_answers(obj: Report, context: Any) -> dict[str, str]:
        """What is still being written is for those who write it."""
        shown = not obj.is_writable or may(signed_in(context["request"]), obj.project, Right.REPORT)
        return obj.answers if shown else {}

    @staticmethod
    def resolve_figures(obj: Report) -> dict[str, Any]:
        return figures_of(obj.project, utcnow()) if obj.is_writable else obj.figures


class ReportPage(Schema):
    """Some reports, newest first."""

    rows: list[ReportRow]
    next_cursor: str


class AnswersIn(Schema):
    """Answers by the key of their question; what is not named stays. `draft_version` is the one you began from."""

    answers: dict[Annotated[str, Field(max_length=60)], Annotated[str, Field(max_length=MOST_LETTERS)]]
    draft_version: int = Field(ge=0, lt=2**31)


class ReasonIn(Schema):
    """Why, as the project reads it."""

    reason: str = Field(max_length=TEXT_LIMIT)


@router.get("/projects/{slug}/forecast", response=ForecastOut)
@needs("read")
def forecast(request: HttpRequest, slug: str) -> dict[str, Any]:
    """Where the hours of a project go; 404 where no award pays for it, or no rule of its site can be read."""
    life = life_of(award_of(project_of(signed_in(request), slug)), utcnow())
    if life is None:
        raise NotFound(_("The rules of its site about idle projects cannot be read."), todo=_("Tell the operator."))
    return asdict(life.forecast) | {
        "basis": life.forecast.basis.value,
        "recent_days": life.rule.recent_days, "awarded": life.awarded, "used": life.used, "unused": life.unused,
        "idle_since": life.idle.since, "idle_days": life.idle.days, "is_idle": life.is_idle,
        "rule": str(life.rule.source),
    }  # fmt: skip


@router.get("/reports", response=ReportPage)
@needs("read")
def reports(request: HttpRequest, state: Literal["", "overdue"] | ReportState = "", cursor: str = "") -> Any:
    """The reports of the projects I may see; `overdue` are those whose day has passed and that were not handed in."""
    rows = reports_visible_to(signed_in(request))
    if state == "overdue":
        rows = overdue(rows, utcnow())
    elif state:
        rows = rows.filter(state=state)
    return page_of(rows, cursor)


@router.get("/projects/{slug}/reports", response=list[ReportOut])
@needs("read")
def reports_of_project(request: HttpRequest, slug: str) -> Any:
    """The reports a project owes, the one due first."""
    person = signed_in(request)
    return reports_visible_to(person).filter(project=project_of(person, slug))


@router.put("/projects/{slug}/reports/{kind}", response=ReportOut)
@needs("account")
def save_report(request: HttpRequest, slug: str, kind: str, payload: AnswersIn) -> Report:
    """Keep what is written so far. 409 where somebody else saved since."""
    person = signed_in(request)
    found = report_of(person, slug, kind)
    return projects.save_report(
        report=found, answers=payload.answers, version=payload.draft_version, by=person, now=utcnow()
    )


@router.post("/projects/{slug}/reports/{kind}/submit", response=ReportOut)
@needs("account")
def submit_report(request: HttpRequest, slug: str, kind: str) -> Report:
    """Hand a report in with the ledger's figures of now."""
    person, now = signed_in(request), utcnow()
    found = report_of(person, slug, kind)
    return projects.submit_report(report=found, figures=figures_of(found.project, now), by=person, now=now)


@router.post("/projects/{slug}/reports/{kind}/accept", response=ReportOut)
@needs("decide")
def accept_report(request: HttpRequest, slug: str, kind: str) -> Report:
    """Accept a report. 403 for all but officers outside the project."""
    person = signed_in(request)
    found = report_of(person, slug, kind)
    projects.accept_report(report=found, by=person, now=utcnow())
    return found


@router.post("/projects/{slug}/reports/{kind}/return", response=ReportOut)
@needs("decide")
def return_report(request: HttpRequest, slug: str, kind: str, payload: ReasonIn) -> Report:
    """Send a report back with what is to be mended."""
    person = signed_in(request)
    found = report_of(person, slug, kind)
    projects.return_report(report=found, reason=payload.reason, by=person, now=utcnow())
    return found


@router.post("/projects/{slug}/reports/{kind}/lift-bar", response=ReportOut)
@needs("decide")
def lift_bar(request: HttpRequest, slug: str, kind: str, payload: ReasonIn) -> Report:
    """Let an overdue report bar nobody any more."""
    person = signed_in(request)
    found = report_of(person, slug, kind)
    projects.lift_bar(report=found, reason=payload.reason, by=person, now=utcnow())
    return found
