"""The API of what only composed pages show: my next step, the staff's queue, letters about a project."""

from datetime import date, datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from fabrica.applications.queries import clocks_of
from fabrica.applications.states import Standing
from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.portal.muting import write_about
from fabrica.portal.queries import access, desk
from fabrica.portal.queries.home import home_of
from fabrica.portal.queries.kpis import Kpi, kpis_for, this_year
from fabrica.portal.words import told
from fabrica.projects.queries import project_of
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
    """What came of the applications submitted from `since` to before `until`: of all, by mode, country, sector, kind.

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
