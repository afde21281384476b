"""The API of calls."""

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field

from fabrica.calls import queries, rules, services, voice
from fabrica.calls.engine.answer import as_dict, mode_as_dict
from fabrica.calls.engine.own import told_by
from fabrica.calls.engine.profile import profile_from
from fabrica.calls.engine.routing import route
from fabrica.calls.models import Call
from fabrica.calls.services import NOTE_LIMIT
from fabrica.calls.states import State
from fabrica.clusters.queries import machine_by_slug
from fabrica.kit.paging import page_of
from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.web.scopes import needs

router = Router(tags=["calls"])


class CallOut(Schema):
    """A call and the facts of its mode, with their source."""

    slug: str
    title: str
    mode: str
    for_whom: str
    machine: str
    site: str
    is_open: bool
    state: str
    pause_reason: str
    alternatives: list[str]
    opens_at: datetime
    closes_at: datetime | None
    gpu_hours_min: int
    gpu_hours_max: int
    size: str
    cut_offs: list[datetime]
    next_cut_off: datetime | None
    access: str
    months: list[int]
    access_working_days: int
    source: str


class CallDetail(CallOut):
    """A call, and every rule and figure of the mode it was opened under, each with source, day and confidence."""

    rules: list[dict[str, Any]]
    figures: list[dict[str, Any]]


class ProfileIn(Schema):
    """Who asks for what; every answer may be left out (docs/applicant/route.md)."""

    organisation: str | None = None
    country: str | None = None
    sme: bool | None = None
    frame: str | None = None
    aim: str | None = None
    ai: bool | None = None
    civilian: bool | None = None
    experience: bool | None = None
    personal_data: bool | None = None
    hours: int | None = None
    unit: str | None = None
    gpus_per_node: int | None = None
    gpus_at_once: int | None = None
    months: int | None = None
    inference_percent: int | None = None


class OpenIn(Schema):
    """A call to open."""

    model_config = ConfigDict(extra="forbid")

    mode: str = Field(max_length=40)
    machine: str = Field(max_length=40)
    slug: str = Field(max_length=60, pattern=r"^[a-z0-9-]+$")
    title: str = Field(min_length=1, max_length=120)
    closes_at: datetime | None = None


class StateIn(Schema):
    """What a call is to be; a pause has its reason, and other calls by their slug."""

    model_config = ConfigDict(extra="forbid")

    state: State
    reason: str = Field("", max_length=200)
    alternatives: list[str] = Field([], max_length=10)


class ModeIn(Schema):
    """A mode, or a new version of one, in the form of the shipped data (docs/operator/modes.md)."""

    model_config = ConfigDict(extra="forbid")

    row: dict[str, Any]
    after: int = Field(0, ge=0, description="The number of the version it was written on; 0 for a new mode.")
    valid_from: date | None = None
    note: str = Field("", max_length=NOTE_LIMIT)


class FormIn(Schema):
    """What a form is to ask for, in the form of the shipped data (docs/operator/forms.md)."""

    model_config = ConfigDict(extra="forbid")

    row: dict[str, Any]
    after: int = Field(ge=0, description="The number of the version it was written on; 0 where there is none.")
    note: str = Field("", max_length=NOTE_LIMIT)


class FormOut(Schema):
    """What the form of a mode asks for now, and the number of the last version that was kept; 0: none was."""

    row: dict[str, Any]
    number: int


class FormVersionRow(Schema):
    """When a version of a form was kept, by whom (a person's uid; none: it came with Fabrica), and why."""

    number: int
    created_at: datetime
    by: str | None
    note: str

    @staticmethod
    def resolve_by(version: Any) -> str | None:
        return str(version.by.uid) if version.by else None


class FormVersionPage(Schema):
    """Some versions of a form, newest first."""

    rows: list[FormVersionRow]
    next_cursor: str


class FormVersionOut(FormVersionRow):
    """A version of a form, and what it asked for."""

    row: dict[str, Any]


class RetireIn(Schema):
    """Why a mode ends, for colleagues."""

    reason: str = Field(max_length=NOTE_LIMIT)


class VersionOut(Schema):
    """A version of a mode that the site kept; `by` is the person's uid."""

    number: int
    is_retired: bool
    valid_from: date
    note: str
    by: str | None
    created_at: datetime
    row: dict[str, Any]

    @staticmethod
    def resolve_by(version: Any) -> str | None:
        return str(version.by.uid) if version.by else None


class ModeOut(Schema):
    """A mode as it was written last, and its versions, newest first; none where it stands as it came."""

    row: dict[str, Any]
    versions: list[VersionOut]


def _out(call: Call, now: datetime) -> dict[str, Any]:
    mode = call.mode
    return {
        "slug": call.slug, "title": call.title, "mode": mode.title, "for_whom": mode.for_whom,
        "machine": call.machine.slug, "site": call.machine.site.name, "is_open": call.is_open(now),
        "state": call.state, "pause_reason": call.pause_reason,
        "alternatives": [one.slug for one in call.alternatives_open(now)], "opens_at": call.opens_at,
        "closes_at": call.closes_at, "gpu_hours_min": mode.gpu_hours_min,
        "gpu_hours_max": mode.gpu_hours_max, "size": call.size, "cut_offs": list(mode.cut_offs),
        "next_cut_off": mode.cut_off_after(now), "access": call.access, "months": list(mode.months),
        "access_working_days": mode.access_working_days, "source": str(mode.source),
    }  # fmt: skip


@router.get("/calls", response=list[CallOut])
@needs("read")
def calls(request: HttpRequest) -> list[dict[str, Any]]:  # noqa: ARG001 - calls are public
    """The calls that are not closed."""
    now = utcnow()
    return [_out(call, now) for call in queries.listed().prefetch_related("alternatives")]


@router.get("/calls/{slug}", response=CallDetail)
@needs("read")
def call(request: HttpRequest, slug: str) -> dict[str, Any]:  # noqa: ARG001 - calls are public
    """One call."""
    return _detail(queries.call_by_slug(slug), utcnow())


def _detail(found: Call, now: datetime) -> dict[str, Any]:
    told = mode_as_dict(found.terms, voice.here())
    return {**_out(found, now), "rules": told["rules"], "figures": told["figures"]}


@router.post("/calls", response={201: CallDetail})
@needs("decide")
def open_call(request: HttpRequest, body: OpenIn) -> Status[dict[str, Any]]:
    """Open a mode on a machine. For operators."""
    now = utcnow()
    made = services.open_call(
        slug=body.slug, title=body.title, mode=body.mode, machine=machine_by_slug(body.machine), by=signed_in(request),
        now=now, closes_at=body.closes_at,
    )  # fmt: skip
    return Status(201, _detail(made, now))


@router.post("/calls/{slug}/state", response=CallDetail)
@needs("decide")
def set_state(request: HttpRequest, slug: str, body: StateIn) -> dict[str, Any]:
    """Open, pause or close a call. For operators."""
    found, now = queries.call_by_slug(slug), utcnow()
    others = [queries.call_by_slug(one) for one in body.alternatives]
    services.set_state(
        call=found, state=body.state, by=signed_in(request), now=now, reason=body.reason, alternatives=others
    )
    return _detail(queries.call_by_slug(slug), now)


@router.get("/modes/{key}/versions", response=ModeOut)
@needs("read")
def versions(request: HttpRequest, key: str) -> dict[str, Any]:
    """A mode as data to write a new version on, and every version of it. For operators."""
    rules.must_operate(signed_in(request))
    return {"row": told_by(queries.newest_row(key)), "versions": list(queries.versions_of(key))}


@router.post("/modes", response={201: VersionOut})
@needs("decide")
def keep_mode(request: HttpRequest, body: ModeIn) -> Status[Any]:
    """A new mode, or a new version of one. For operators."""
    kept = services.keep_mode(
        row=body.row, by=signed_in(request), now=utcnow(), valid_from=body.valid_from, note=body.note, after=body.after
    )
    return Status(201, kept)


@router.get("/modes/{key}/form", response=FormOut)
@needs("read")
def form(request: HttpRequest, key: str) -> dict[str, Any]:  # noqa: ARG001 - what is asked is public
    """What the application form of a mode asks for."""
    queries.newest_row(key)
    return _form_out(key)


@router.post("/modes/{key}/form", response={201: FormOut})
@needs("decide")
def keep_form(request: HttpRequest, key: str, body: FormIn) -> Status[dict[str, Any]]:
    """A new version of it; drafts go on with theirs. For operators."""
    services.keep_form(mode=key, row=body.row, by=signed_in(request), now=utcnow(), note=body.note, after=body.after)
    return Status(201, _form_out(key))


def _form_out(key: str) -> dict[str, Any]:
    last = queries.forms_of(key).first()
    return {"row": queries.form_row(key), "number": last.number if last else 0}


@router.get("/modes/{key}/forms", response=FormVersionPage)
@needs("read")
def form_versions(request: HttpRequest, key: str, cursor: str = "") -> Any:
    """The versions of its form, newest first; none while nobody applied or changed it. For operators."""
    rules.must_operate(signed_in(request))
    queries.newest_row(key)
    return page_of(queries.forms_of(key), cursor)


@router.get("/modes/{key}/forms/{number}", response=FormVersionOut)
@needs("read")
def form_version(request: HttpRequest, key: str, number: int) -> Any:
    """A version of its form, to keep again. For operators."""
    rules.must_operate(signed_in(request))
    queries.newest_row(key)
    return queries.form_version(key, number)


@router.post("/modes/{key}/retire", response=VersionOut)
@needs("decide")
def retire_mode(request: HttpRequest, key: str, body: RetireIn) -> Any:
    """Take a mode away from the route finder and from new calls. For operators."""
    return services.retire_mode(key=key, reason=body.reason, by=signed_in(request), now=utcnow())


@router.get("/modes", response=list[dict[str, Any]])
@needs("read")
def modes(request: HttpRequest) -> list[dict[str, Any]]:  # noqa: ARG001 - modes are public
    """Every access mode with its rules and figures, each with source, day and confidence."""
    return [mode_as_dict(one, voice.here()) for one in queries.modes(utcnow())]


@router.get("/route", response=dict[str, Any])
@needs("read")
def find_route(request: HttpRequest, profile: Query[ProfileIn]) -> dict[str, Any]:  # noqa: ARG001 - the same for all
    """Which access modes fit a profile, which do not, and why: what `fabrica modes --profile` prints."""
    now = utcnow()
    return as_dict(route(profile_from(profile.dict()), now, queries.modes(now)), voice.here())
