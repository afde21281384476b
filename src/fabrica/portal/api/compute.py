"""The API of training compute: what was counted against the thresholds, the alerts, and a project's purpose."""

from datetime import date, datetime
from typing import Any, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema
from pydantic import Field

from fabrica.kit.paging import page_of
from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.portal.queries.purpose import answers_of
from fabrica.projects.queries import project_of
from fabrica.trust.models import NOTE_LIMIT, PURPOSE_LIMIT, ComputeAlert
from fabrica.trust.queries import purposes as purpose_queries
from fabrica.trust.queries.compute import alert_of, alerts_visible_to, compute_of, how, waiting
from fabrica.trust.services import alerting
from fabrica.trust.services import purposes as purpose_services
from fabrica.web.scopes import needs

router = Router(tags=["portal"])
MOST_ANSWERS = 300


class EstimateOut(Schema):
    """Operations of a subject by one method, from `low` to `high`; null where nobody knows."""

    subject: str
    method: str
    flop: float | None
    low: float | None
    high: float | None
    how: str
    inputs: dict[str, Any]
    sources: list[str]
    estimated_at: datetime


class LimitOut(Schema):
    """A threshold in operations; null where it does not apply to this project, or nobody said."""

    threshold: str
    limit: float | None
    article: str
    source: str


class ClockOut(Schema):
    """The clock of a notification to the Commission."""

    opened_on: date
    due_on: date
    done_at: datetime | None
    evidence: str


class AlertOut(Schema):
    """A level of a threshold that was reached, by the figure `flop`."""

    id: int
    project: str = Field(alias="project.slug")
    subject: str
    threshold: str
    level: int
    method: str
    flop: float
    limit: float
    raised_at: datetime
    acknowledged_at: datetime | None
    note: str
    clock: ClockOut | None

    @staticmethod
    def resolve_clock(alert: ComputeAlert) -> Any:
        return getattr(alert, "clock", None)


class AlertPage(Schema):
    """Some alerts, newest first."""

    rows: list[AlertOut]
    next_cursor: str


class ComputeOut(Schema):
    """A project's training compute."""

    estimates: list[EstimateOut]
    thresholds: list[LimitOut]
    alerts: list[AlertOut]


class NoteIn(Schema):
    """What was found, or the evidence."""

    note: str = Field(min_length=1, max_length=NOTE_LIMIT)


class PurposeOut(Schema):
    """What a project is for, and the change under review; `state` is empty where there is none."""

    purpose: str
    gate_decision: str
    state: str
    proposed: str
    reason: str
    answers: dict[str, Any]


class PurposeIn(Schema):
    """Declare another purpose, answer the gate for it (what changes, and what was not asked before), or withdraw it."""

    do: Literal["propose", "answer", "withdraw"]
    purpose: str = Field(default="", max_length=PURPOSE_LIMIT)
    reason: str = Field(default="", max_length=NOTE_LIMIT)
    has_personal_data: bool | None = None
    answers: dict[str, str] = Field(default_factory=dict, max_length=MOST_ANSWERS)


class DecisionIn(Schema):
    """What an officer decides about a purpose that the gate left to a person; the project reads the note."""

    accepts: bool
    note: str = Field(min_length=1, max_length=NOTE_LIMIT)


@router.get("/projects/{slug}/compute", response=ComputeOut)
@needs("read")
def compute(request: HttpRequest, slug: str) -> dict[str, Any]:
    """What the trainings of a project amount to, by both methods, and the thresholds of today."""
    project = project_of(signed_in(request), slug)
    found = compute_of(project, timezone.localdate(utcnow()))
    rows = [*found.project, *found.award, *(row for one in found.models for row in one)]
    return {
        "estimates": [{**_fields(row), "how": how(row)} for row in rows],
        "thresholds": [
            {"threshold": one.threshold.key, "limit": one.limit, "article": one.threshold.article,
             "source": str(one.threshold.source)}
            for one in found.measures
        ],
        "alerts": found.alerts,
    }  # fmt: skip


def _fields(row: Any) -> dict[str, Any]:
    names = ("subject", "method", "flop", "low", "high", "inputs", "sources", "estimated_at")
    return {name: getattr(row, name) for name in names}


@router.get("/compute/alerts", response=AlertPage)
@needs("read")
def alerts(request: HttpRequest, cursor: str = "", only_waiting: bool = False) -> Any:  # noqa: FBT001, FBT002 - a query
    """The alerts of all projects that you see."""
    rows = alerts_visible_to(signed_in(request))
    return page_of(waiting(rows) if only_waiting else rows, cursor)


@router.post("/compute/alerts/{pk}/acknowledge", response=AlertOut)
@needs("decide")
def acknowledge(request: HttpRequest, pk: int, payload: NoteIn) -> ComputeAlert:
    """Note that an alert was seen to. 403 for all but officers outside the project."""
    person = signed_in(request)
    alerting.acknowledge(alert=alert_of(person, pk), note=payload.note, by=person, now=utcnow())
    return alert_of(person, pk)


@router.post("/compute/alerts/{pk}/notified", response=AlertOut)
@needs("account")
def notified(request: HttpRequest, pk: int, payload: NoteIn) -> ComputeAlert:
    """End the clock: the Commission was notified, and how one can see that."""
    person = signed_in(request)
    alerting.note_notified(alert=alert_of(person, pk), evidence=payload.note, by=person, now=utcnow())
    return alert_of(person, pk)


@router.get("/projects/{slug}/purpose", response=PurposeOut)
@needs("read")
def purpose(request: HttpRequest, slug: str) -> dict[str, Any]:
    """What a project is for, and another purpose that is under review."""
    project = project_of(signed_in(request), slug)
    change = purpose_queries.under_review(project)
    return {
        "purpose": project.purpose, "gate_decision": project.gate_decision, "state": change.state if change else "",
        "proposed": change.purpose if change else "", "reason": change.reason if change else "",
        "answers": answers_of(project),
    }  # fmt: skip


@router.post("/projects/{slug}/purpose", response=PurposeOut)
@needs("account")
def change_purpose(request: HttpRequest, slug: str, payload: PurposeIn) -> dict[str, Any]:
    """One step of a change of purpose. 403 for who may not take it, 409 where it does not stand there."""
    person, now = signed_in(request), utcnow()
    project = project_of(person, slug)
    if payload.do == "propose":
        purpose_services.propose_purpose(
            project=project, purpose=payload.purpose, reason=payload.reason, by=person, now=now,
            has_personal_data=payload.has_personal_data,
        )  # fmt: skip
        return dict(purpose(request, slug))
    change = purpose_queries.open_change(project)
    if payload.do == "answer":
        anew = purpose_queries.asked_anew(answers_of(project), payload.answers, timezone.localdate(now))
        purpose_services.answer_gate(change=change, answers={**anew.answers, **anew.odd}, by=person, now=now)
    else:
        purpose_services.withdraw_purpose(change=change, by=person, now=now)
    return dict(purpose(request, slug))


@router.post("/projects/{slug}/purpose/decision", response=PurposeOut)
@needs("decide")
def decide_purpose(request: HttpRequest, slug: str, payload: DecisionIn) -> dict[str, Any]:
    """Decide about a purpose that was referred. 403 for all but officers outside the project."""
    person = signed_in(request)
    change = purpose_queries.open_change(project_of(person, slug))
    purpose_services.decide_purpose(change=change, accepts=payload.accepts, note=payload.note, by=person, now=utcnow())
    return dict(purpose(request, slug))
