"""The API of what only composed pages show: my next step, and the staff's queue."""

from datetime import date, datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.portal.queries import desk
from fabrica.portal.queries.home import home_of
from fabrica.portal.queries.kpis import kpis_for, this_year
from fabrica.portal.words import told
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


class QueueRow(Schema):
    """An application that waits."""

    code: str
    title: str
    state: str
    call: str = Field(alias="call.slug")
    organisation: str = Field(alias="organisation.name")
    gate_decision: str | None = Field(None, alias="gate.decision")
    gpu_seconds_requested: int | None
    months: int | None
    submitted_at: datetime | None
    due_on: date | None


class KpiOut(Schema):
    """The figures of one group; days lie between the last submission and the award, hours are GPU-hours."""

    group: Literal["all", "mode", "country", "kind"]
    value: str
    submitted: int
    eligible: int
    awarded: int
    refused: int
    withdrawn: int
    small_awarded: int
    access_days_median: float | None
    access_days_p95: float | None
    gpu_hours_requested: float
    gpu_hours_awarded: float
    gpu_hours_used: float


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


@router.get("/kpis", response=list[KpiOut])
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
    state: Literal["", "mine", "submitted", "screened", "assessed", "returned"] = "",
    cursor: str = "",
) -> Any:
    """What waits for the factory's staff, most urgent first; `mine` is what waits for me. 403 for others."""
    person = signed_in(request)
    desk.must_be_staff(person)
    return desk.page_by_urgency(desk.shown(person, state), cursor)
