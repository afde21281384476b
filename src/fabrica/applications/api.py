"""The API of applications."""

from datetime import date, datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import ConfigDict, Field

from fabrica.applications import queries, services
from fabrica.applications.models import MOST, TEXT_LIMIT, Application
from fabrica.applications.states import Standing, State
from fabrica.calls.queries import call_by_slug
from fabrica.kit.errors import Refused
from fabrica.kit.paging import page_of
from fabrica.kit.time import utcnow
from fabrica.people.queries import organisation_of, signed_in
from fabrica.web.scopes import needs

router = Router(tags=["applications"])


class DraftIn(Schema):
    """Answers to keep; fields left out stay as they are."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field("", max_length=120)
    purpose: str = Field("", max_length=TEXT_LIMIT)
    model_description: str = Field("", max_length=TEXT_LIMIT)
    parameters_millions: int | None = Field(None, ge=1, le=MOST["parameters"])
    tokens_millions: int | None = Field(None, ge=1, le=MOST["tokens"])
    runs: int | None = Field(None, ge=1, le=MOST["runs"])
    data_description: str = Field("", max_length=TEXT_LIMIT)
    dataset_uri: str = Field("", max_length=200)
    has_personal_data: bool | None = None
    has_data_rights: bool | None = None
    gpu_seconds_requested: int | None = Field(None, ge=1, le=MOST["gpu_seconds"])
    months: int | None = Field(None, ge=1, le=MOST["months"])
    trust_answers: dict[str, Literal["yes", "no", "unsure"]] = Field({}, max_length=100)


class StartIn(Schema):
    """A new draft."""

    call: str = Field(max_length=60)
    organisation: str = Field(max_length=32, description="uid of one of my organisations")
    answers: DraftIn | None = Field(None, description="Kept in the new draft; where they cannot be, none is begun.")


class ReasonIn(Schema):
    """What the applicant will read."""

    reason: str = Field(max_length=TEXT_LIMIT)


class WithdrawIn(Schema):
    """Why it is taken back, if the applicant wants to say."""

    reason: str = Field("", max_length=TEXT_LIMIT)


class NoteIn(Schema):
    """What the officer found, where the gate refers to a person."""

    note: str = Field("", max_length=TEXT_LIMIT)


class GateOut(Schema):
    """What the gate said at submission."""

    decision: str
    version: str
    reasons: list[dict[str, Any]]


class EventOut(Schema):
    """One line of the timeline."""

    at: datetime
    what: str
    who: str
    reason: str


class GapOut(Schema):
    """Something that keeps it from being submitted."""

    field: str
    message: str


class StepOut(Schema):
    """The step that runs, or stands still while it waits for the applicant.

    Times end a local day of the site; while it stands still they are as they would be had the applicant answered at
    once. `holder` is whose turn it is.
    """

    state: State
    holder: str
    standing: Standing
    begins_at: datetime
    working_days: int
    warn_at: datetime
    due_at: datetime
    paused_at: datetime | None
    late_working_days: int


class ClockOut(Schema):
    """The time of an application: promised until when, paused for how long, what it took in the end."""

    begins_at: datetime
    promised_working_days: int
    due_at: datetime
    paused_seconds: int
    taken_working_days: int | None
    step: StepOut | None


class ApplicationRow(Schema):
    """An application in a list."""

    code: str
    title: str
    state: str
    call: str = Field(alias="call.slug")
    organisation: str = Field(alias="organisation.name")
    submitted_at: datetime | None
    due_on: date | None
    step_due_at: datetime | None


class ApplicationOut(ApplicationRow):
    """An application with its answers."""

    purpose: str
    model_description: str
    parameters_millions: int | None
    tokens_millions: int | None
    runs: int | None
    data_description: str
    dataset_uri: str
    has_personal_data: bool | None
    has_data_rights: bool | None
    gpu_seconds_requested: int | None
    months: int | None
    trust_answers: dict[str, str]
    draft_version: int
    decided_at: datetime | None
    gate: GateOut | None
    clock: ClockOut | None = None

    @staticmethod
    def resolve_clock(application: Application) -> dict[str, Any] | None:
        return queries.clock_as_dict(application, utcnow())


class ApplicationPage(Schema):
    """Some applications, newest first."""

    rows: list[ApplicationRow]
    next_cursor: str


class ProposalOut(Schema):
    """What the planner proposes, and on which assumptions."""

    gpu_hours: int
    gpu_seconds: int
    seconds_per_run: int
    is_measured: bool
    assumptions: list[str]


class VersionOut(Schema):
    """A submission; `digest` is the SHA-256 of its answers as JSON with sorted keys and no blanks."""

    number: int
    at: datetime
    digest: str


class ChangeOut(Schema):
    """An answer that is another one now."""

    label: str
    before: str
    after: str


class VersionDetailOut(VersionOut):
    """A submission with its answers, and what it changed in the one before."""

    answers: dict[str, Any]
    changes: list[ChangeOut]


class AdviceOut(Schema):
    """A sentence about what is asked for; a warning should be thought over before it is sent."""

    text: str
    is_warning: bool


def _mine(request: HttpRequest, code: str) -> Application:
    return queries.application_of(signed_in(request), code)


@router.get("/applications", response=ApplicationPage)
@needs("read")
def applications(request: HttpRequest, cursor: str = "", state: State | None = None) -> Any:
    """The applications I may see, newest first."""
    rows = queries.visible_to(signed_in(request))
    return page_of(rows.filter(state=state) if state else rows, cursor)


@router.post("/applications", response={201: ApplicationOut})
@needs("apply")
def start(request: HttpRequest, payload: StartIn) -> Status[Application]:
    """Begin a draft."""
    person = signed_in(request)
    organisation = organisation_of(person, payload.organisation)
    values = payload.answers.dict(exclude_unset=True) if payload.answers else {}
    made = services.start(
        call=call_by_slug(payload.call), organisation=organisation, by=person, now=utcnow(), values=values
    )
    return Status(201, made)


@router.get("/applications/{code}", response=ApplicationOut)
@needs("read")
def application(request: HttpRequest, code: str) -> Application:
    """One application."""
    return _mine(request, code)


@router.patch("/applications/{code}", response=ApplicationOut)
@needs("apply")
def save_draft(request: HttpRequest, code: str, payload: DraftIn, version: int | None = None) -> Application:
    """Keep answers in a draft. With `version`, refused when somebody else saved meanwhile."""
    values = payload.dict(exclude_unset=True)
    found = _mine(request, code)
    return services.save_draft(application=found, values=values, by=signed_in(request), now=utcnow(), version=version)


@router.get("/applications/{code}/versions", response=list[VersionOut])
@needs("read")
def all_versions(request: HttpRequest, code: str) -> Any:
    """Each submission of it, the first first."""
    return queries.submissions_of(_mine(request, code))


@router.get("/applications/{code}/versions/{number}", response=VersionDetailOut)
@needs("read")
def one_version(request: HttpRequest, code: str, number: int) -> dict[str, Any]:
    """The answers as they were at one submission, and what it changed in the one before."""
    found = _mine(request, code)
    this = queries.submission_of(found, number)
    before = queries.submission_of(found, number - 1) if number > 1 else None
    told = queries.changes(found, before, this) if before else ()
    return {"number": number, "at": this.at, "digest": this.digest, "answers": this.answers, "changes": told}


@router.get("/applications/{code}/gaps", response=list[GapOut])
@needs("read")
def gaps(request: HttpRequest, code: str) -> Any:
    """What keeps it from being submitted."""
    return queries.gaps_of(_mine(request, code))


@router.get("/applications/{code}/advice", response=list[AdviceOut])
@needs("read")
def advice(request: HttpRequest, code: str) -> Any:
    """What to think over before asking for these hours; nothing of it keeps anybody from asking."""
    return queries.advice_of(_mine(request, code))


@router.get("/applications/{code}/proposal", response=ProposalOut | None)
@needs("read")
def proposal(request: HttpRequest, code: str) -> dict[str, Any] | None:
    """The hours the planner proposes to ask for; null until size, tokens and runs are given."""
    found = queries.proposal_of(_mine(request, code))
    if found is None:
        return None
    plan, hours = found
    told = [f"{one.name} {one.value:g} {one.unit}: {one.source}" for one in (*plan.assumptions, hours.assumption)]
    return {
        "gpu_hours": hours.gpu_hours,
        "gpu_seconds": hours.gpu_seconds,
        "seconds_per_run": plan.seconds,
        "is_measured": plan.is_measured,
        "assumptions": told,
    }


@router.get("/applications/{code}/timeline", response=list[EventOut])
@needs("read")
def timeline(request: HttpRequest, code: str) -> list[dict[str, Any]]:
    """What happened to it, oldest first."""
    found = queries.timeline_of(_mine(request, code), signed_in(request))
    return [{"at": one.at, "what": str(one.what), "who": str(one.who), "reason": str(one.reason)} for one in found]


@router.post("/applications/{code}/submit", response=ApplicationOut)
@needs("apply")
def submit(request: HttpRequest, code: str) -> Application:
    """Hand it in."""
    return services.submit(application=_mine(request, code), by=signed_in(request), now=utcnow())


@router.post("/applications/{code}/appeal", response=ApplicationOut)
@needs("apply")
def appeal(request: HttpRequest, code: str, payload: ReasonIn) -> Any:
    """Ask for a refusal to be looked at again by somebody else; once, within the clock."""
    person = signed_in(request)
    found = queries.application_of(person, code)
    return services.appeal(application=found, reason=payload.reason, by=person, now=utcnow())


@router.post("/applications/{code}/withdraw", response=ApplicationOut)
@needs("apply")
def withdraw(request: HttpRequest, code: str, payload: WithdrawIn | None = None) -> Application:
    """Take it back."""
    reason = payload.reason if payload else ""
    return services.withdraw(application=_mine(request, code), by=signed_in(request), now=utcnow(), reason=reason)


@router.post("/applications/{code}/screen", response=ApplicationOut)
@needs("decide")
def screen(request: HttpRequest, code: str, payload: NoteIn) -> Application:
    """Find it eligible."""
    return services.screen(application=_mine(request, code), by=signed_in(request), now=utcnow(), note=payload.note)


@router.post("/applications/{code}/return", response=ApplicationOut)
@needs("decide")
def send_back(request: HttpRequest, code: str, payload: ReasonIn) -> Application:
    """Ask the applicant to mend something."""
    return services.send_back(
        application=_mine(request, code), reason=payload.reason, by=signed_in(request), now=utcnow()
    )


@router.post("/applications/{code}/refuse", response=ApplicationOut)
@needs("decide")
def refuse(request: HttpRequest, code: str, payload: ReasonIn) -> Application:
    """Say no before it is assessed, with reasons; later it is refused with a decision, or on its appeal."""
    found = _mine(request, code)
    if found.state not in (State.SUBMITTED, State.SCREENED):
        raise Refused(
            "It is not refused like this any more.", why=f"It is {State(found.state).label.lower()}.",
            todo=f"Use /applications/{found.code}/decision/refuse, or /appeal/decision.",
        )  # fmt: skip
    return services.refuse(application=found, reason=payload.reason, by=signed_in(request), now=utcnow())
