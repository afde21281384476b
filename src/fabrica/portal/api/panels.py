"""The API of the panel: the ranking, and the decision on what is ranked."""

from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import AwareDatetime, Field

from fabrica.allocations.models import Offer
from fabrica.allocations.services import MOST_PHASES, Later
from fabrica.allocations.services.pricing import MOST_CENTS
from fabrica.applications.models import MOST
from fabrica.applications.models import TEXT_LIMIT as APPLICATION_TEXT_LIMIT
from fabrica.applications.queries import application_of
from fabrica.calls.queries import call_by_slug
from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.portal import services
from fabrica.portal.queries.panel import panel_of
from fabrica.reviews import services as reviews
from fabrica.web.scopes import needs

router = Router(tags=["portal"])


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


class LaterIn(Schema):
    """A later part of an award: usable from a moment, or once the progress report is accepted, or by an officer."""

    gpu_seconds: int = Field(gt=0, le=MOST["gpu_seconds"])
    opens_at: AwareDatetime | None = None
    on_report: bool = False


class ConcludeIn(Schema):
    """A decision on what the panel has ranked; `other_call` is the slug of an open call on another system."""

    kind: Literal["full", "partial", "conditional", "other_system"]
    gpu_seconds: int = Field(gt=0, le=MOST["gpu_seconds"])
    months: int = Field(ge=1, le=MOST["months"])
    conditions: str = Field("", max_length=APPLICATION_TEXT_LIMIT)
    note: str = Field("", max_length=APPLICATION_TEXT_LIMIT)
    other_call: str = Field("", max_length=60)
    phases: list[LaterIn] = Field([], max_length=MOST_PHASES)
    from_reserve: bool = False
    limit_cents: int | None = Field(None, gt=0, le=MOST_CENTS, description="Pay-per-use: the most that it may cost.")


class ConcludedOut(Schema):
    """The award that was made."""

    project: str = Field(alias="project.slug")
    machine: str = Field(alias="machine.slug")
    gpu_seconds: int
    months: int


class OfferedOut(Schema):
    """The award that waits for its applicant's answer."""

    application: str = Field(alias="application.code")
    machine: str = Field(alias="application.call.machine.slug")
    number: int
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


@router.post("/applications/{code}/conclusion", response={201: ConcludedOut, 202: OfferedOut})
@needs("decide")
def conclude(request: HttpRequest, code: str, payload: ConcludeIn) -> Status[Any]:
    """Award hours to what the panel has ranked: in full, in part, with conditions, on another system.

    202 where its applicant answers first: the hours are set aside until then.
    """
    person, told = signed_in(request), payload.dict()
    slug = told.pop("other_call")
    told["phases"] = [Later(**one) for one in told["phases"]]
    other = call_by_slug(slug) if slug else None
    application = application_of(person, code)
    made = services.conclude(application=application, other_call=other, by=person, now=utcnow(), **told)
    return Status(202 if isinstance(made, Offer) else 201, made)
