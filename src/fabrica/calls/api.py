"""The API of calls."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from fabrica.calls import queries, voice
from fabrica.calls.engine import terms
from fabrica.calls.engine.answer import as_dict, mode_as_dict
from fabrica.calls.engine.profile import profile_from
from fabrica.calls.engine.routing import route
from fabrica.calls.models import Call
from fabrica.kit.time import utcnow
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


def _out(call: Call, now: datetime) -> dict[str, Any]:
    mode = call.mode
    return {
        "slug": call.slug, "title": call.title, "mode": mode.title, "for_whom": mode.for_whom,
        "machine": call.machine.slug, "site": call.machine.site.name, "is_open": call.is_open(now),
        "state": call.state, "pause_reason": call.pause_reason, "opens_at": call.opens_at,
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
    return [_out(call, now) for call in queries.listed()]


@router.get("/calls/{slug}", response=CallDetail)
@needs("read")
def call(request: HttpRequest, slug: str) -> dict[str, Any]:  # noqa: ARG001 - calls are public
    """One call."""
    found = queries.call_by_slug(slug)
    told = mode_as_dict(found.terms, voice.here())
    return {**_out(found, utcnow()), "rules": told["rules"], "figures": told["figures"]}


@router.get("/modes", response=list[dict[str, Any]])
@needs("read")
def modes(request: HttpRequest) -> list[dict[str, Any]]:  # noqa: ARG001 - modes are public
    """Every access mode with its rules and figures, each with source, day and confidence."""
    return [mode_as_dict(one, voice.here()) for one in terms()]


@router.get("/route", response=dict[str, Any])
@needs("read")
def find_route(request: HttpRequest, profile: Query[ProfileIn]) -> dict[str, Any]:  # noqa: ARG001 - the same for all
    """Which access modes fit a profile, which do not, and why: what `fabrica modes --profile` prints."""
    return as_dict(route(profile_from(profile.dict()), utcnow(), terms()), voice.here())
