"""The API of calls."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from fabrica.calls import queries
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
    gpu_hours_max: int
    months: list[int]
    access_working_days: int
    source: str


def _out(call: Call, now: datetime) -> dict[str, Any]:
    mode = call.mode
    return {
        "slug": call.slug, "title": call.title, "mode": mode.title, "for_whom": mode.for_whom,
        "machine": call.machine.slug, "site": call.machine.site.name, "is_open": call.is_open(now),
        "state": call.state, "pause_reason": call.pause_reason, "opens_at": call.opens_at,
        "closes_at": call.closes_at, "gpu_hours_max": mode.gpu_hours_max, "months": list(mode.months),
        "access_working_days": mode.access_working_days, "source": str(mode.source),
    }  # fmt: skip


@router.get("/calls", response=list[CallOut])
@needs("read")
def calls(request: HttpRequest) -> list[dict[str, Any]]:  # noqa: ARG001 - calls are public
    """The calls that are not closed."""
    now = utcnow()
    return [_out(call, now) for call in queries.listed()]


@router.get("/calls/{slug}", response=CallOut)
@needs("read")
def call(request: HttpRequest, slug: str) -> dict[str, Any]:  # noqa: ARG001 - calls are public
    """One call."""
    return _out(queries.call_by_slug(slug), utcnow())
