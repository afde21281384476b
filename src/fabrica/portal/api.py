"""The API of what only composed pages show: my next step, and the staff's queue."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils.timezone import localtime
from ninja import Router, Schema, Status
from pydantic import Field

from fabrica.allocations.queries import award_of
from fabrica.applications.models import MOST
from fabrica.applications.models import TEXT_LIMIT as APPLICATION_TEXT_LIMIT
from fabrica.applications.queries import application_of, clocks_of
from fabrica.applications.states import Standing
from fabrica.calls.queries import call_by_slug
from fabrica.kit.errors import NotFound
from fabrica.kit.paging import page_of
from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.portal import services
from fabrica.portal.muting import write_about
from fabrica.portal.queries import access, desk
from fabrica.portal.queries.home import home_of
from fabrica.portal.queries.kpis import Kpi, kpis_for, this_year
from fabrica.portal.queries.life import life_of
from fabrica.portal.queries.panel import panel_of
from fabrica.portal.queries.reporting import figures_of
from fabrica.portal.words import told
from fabrica.projects import services as projects
from fabrica.projects.engine import MOST_LETTERS
from fabrica.projects.models import TEXT_LIMIT, Report
from fabrica.projects.queries import overdue, project_of, report_of, reports_visible_to
from fabrica.projects.states import ReportState
from fabrica.reviews import services as reviews
from fabrica.web.scopes import needs

router = Router(tags=["portal"])


class StepOut(Schema):
    """The one thing to do next; `path` is its page, empty where one only waits."""

    kind: str
    title: str
    why: str
    label: str
    path: str


class HomeOut(Schema):
    """My next step, and how much there is of what my home shows."""

    next_step: StepOut
    applications: int
    projects: int
    open_runs: int
    unread_notices: int
    waiting_for_me: int
    overdue_for_me: int


class AccessTimeOut(Schema):
    """Working days from submission to award in a mode: half, and 95 %, of `awards` awards had access within."""

    mode: str
    title: str
    awards: int
    median_working_days: int
    p95_working_days: int


class AccessTimesOut(Schema):
    """How long access took in the last 12 months; modes with fewer than `fewest_awards` awards are left out."""

    as_of: datetime
    since: datetime = Field(alias="from")
    fewest_awards: int
    unit: str
    modes: list[AccessTimeOut]


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


class QueueRow(Schema):
    """An application that waits, and the step that runs: who has it, until when, how its clock stands."""

    code: str = Field(alias="application.code")
    title: str = Field(alias="application.title")
    state: str = Field(alias="application.state")
    call: str = Field(alias="application.call.slug")
    organisation: str = Field(alias="application.organisation.name")
    gate_decision: str | None = Field(None, alias="application.gate.decision")
    gpu_seconds_requested: int | None = Field(alias="application.gpu_seconds_requested")
    months: int | None = Field(alias="application.months")
    submitted_at: datetime | None = Field(alias="application.submitted_at")
    due_on: date | None = Field(alias="application.due_on")
    step_due_at: datetime | None = Field(None, alias="step.due_at")
    holder: str | None = Field(None, alias="step.holder")
    standing: Standing | None


class QueuePage(Schema):
    """Some of the queue, most urgent first."""

    rows: list[QueueRow]
    next_cursor: str


@router.get("/home", response=HomeOut)
@needs("read")
def home(request: HttpRequest) -> dict[str, Any]:
    """What I should do next."""
    found = home_of(signed_in(request), utcnow())
    return {
        "next_step": told(found.step),
        "applications": len(found.applications),
        "projects": len(found.standings),
        "open_runs": len(found.runs),
        "unread_notices": found.unread,
        "waiting_for_me": found.waiting.due,
        "overdue_for_me": found.waiting.overdue,
    }


@router.get("/kpis", response=list[Kpi])
@needs("read")
def figures(request: HttpRequest, since: date | None = None, until: date | None = None) -> Any:
    """What came of the applications submitted from `since` to before `until`: of all, by mode, country, kind.

    Of this year, unless asked otherwise. 403 for others than officers and operators.
    """
    begin, end = this_year(utcnow())
    return kpis_for(signed_in(request), since or begin, until or end)


@router.get("/queue", response=QueuePage)
@needs("read")
def queue(
    request: HttpRequest,
    state: Literal[
        "", "mine", "late", "submitted", "screened", "assessed", "evaluated", "ranked", "appealed", "returned"
    ] = "",
    cursor: str = "",
) -> Any:
    """What waits for the factory's staff, most urgent first; `mine` is what waits for me. 403 for others."""
    person, now = signed_in(request), utcnow()
    desk.must_be_staff(person)
    page = desk.page_by_urgency(desk.shown(person, state, now), cursor)
    clocks = clocks_of(page.rows)
    return {"rows": [desk.timed(one, clocks.get(one.pk), now) for one in page.rows], "next_cursor": page.next_cursor}


@router.get("/projects/{slug}/forecast", response=ForecastOut)
@needs("read")
def forecast(request: HttpRequest, slug: str) -> dict[str, Any]:
    """Where the hours of a project go; 404 where no award pays for it, or no rule of its site can be read."""
    life = life_of(award_of(project_of(signed_in(request), slug)), utcnow())
    if life is None:
        raise NotFound("The rules of its site about idle projects cannot be read.", todo="Tell the operator.")
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


@router.get("/access-times", response=AccessTimesOut, by_alias=True)
@needs("read")
def access_times(request: HttpRequest) -> dict[str, Any]:  # noqa: ARG001 - the same for everybody
    """How long access took, per mode; `/access-times.json` tells the same to everybody, without a token."""
    return access.as_json(utcnow())


class ProjectLettersIn(Schema):
    """Whether I want no letters about a project."""

    muted: bool


@router.put("/projects/{slug}/letters", response={204: None})
@needs("account")
def set_project_letters(request: HttpRequest, slug: str, payload: ProjectLettersIn) -> Status[None]:
    """Write to me about this project, or not; its notices are listed either way."""
    person = signed_in(request)
    write_about(project_of(person, slug), muted=payload.muted, by=person, now=utcnow())
    return Status(204, None)


class RankedOut(Schema):
    """An application under the budget. Points are from 0 to 100; `below` names thresholds it misses."""

    code: str = Field(alias="candidate.code")
    place: int | None = Field(alias="candidate.evaluation.rank")
    place_by_points: int = Field(alias="candidate.position")
    is_tied: bool = Field(alias="candidate.is_tied")
    points: float = Field(alias="candidate.merged.points")
    spread: float = Field(alias="candidate.merged.spread")
    below: list[str] = Field(alias="candidate.merged.below")
    gpu_seconds: int = Field(alias="line.gpu_seconds")
    together_gpu_seconds: int = Field(alias="line.together")
    is_within: bool = Field(alias="line.fits")
    is_ready: bool


class PanelOut(Schema):
    """What the panel ranks in a call, and what is ranked and not decided yet."""

    free_gpu_seconds: int = Field(alias="free")
    hidden: int
    may_rank: bool
    waiting: list[RankedOut]
    ranked: list[RankedOut]


class RankIn(Schema):
    """All applications that are ready, best first; a reason for each in another place than by points."""

    order: list[str] = Field(max_length=500)
    reasons: dict[str, str] = Field({}, max_length=500)


class ConcludeIn(Schema):
    """A decision on what the panel has ranked; `other_call` is the slug of an open call on another system."""

    kind: Literal["full", "partial", "conditional", "other_system"]
    gpu_seconds: int = Field(gt=0, le=MOST["gpu_seconds"])
    months: int = Field(ge=1, le=MOST["months"])
    conditions: str = Field("", max_length=APPLICATION_TEXT_LIMIT)
    note: str = Field("", max_length=APPLICATION_TEXT_LIMIT)
    other_call: str = Field("", max_length=60)


class ConcludedOut(Schema):
    """The award that was made."""

    project: str = Field(alias="project.slug")
    machine: str = Field(alias="machine.slug")
    gpu_seconds: int
    months: int


@router.get("/calls/{slug}/panel", response=PanelOut)
@needs("read")
def panel(request: HttpRequest, slug: str) -> Any:
    """What the panel ranks. 403 for others than panel and officers."""
    return panel_of(signed_in(request), slug, utcnow())


@router.post("/calls/{slug}/panel", response={204: None})
@needs("decide")
def rank(request: HttpRequest, slug: str, payload: RankIn) -> Status[None]:
    """Confirm the order. 403 for others than the panel."""
    call, person = call_by_slug(slug), signed_in(request)
    reviews.rank(call=call, order=payload.order, reasons=payload.reasons, by=person, now=utcnow())
    return Status(204, None)


@router.post("/applications/{code}/conclusion", response={201: ConcludedOut})
@needs("decide")
def conclude(request: HttpRequest, code: str, payload: ConcludeIn) -> Status[Any]:
    """Award hours to what the panel has ranked: in full, in part, with conditions, on another system."""
    person, told = signed_in(request), payload.dict()
    slug = told.pop("other_call")
    other = call_by_slug(slug) if slug else None
    application = application_of(person, code)
    return Status(201, services.conclude(application=application, other_call=other, by=person, now=utcnow(), **told))
