"""The API of proposed awards: what the engine proposes for a call, and the confirmation of some of it."""

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from fabrica.allocations.models import Offer
from fabrica.applications.models import MOST
from fabrica.applications.models import TEXT_LIMIT as APPLICATION_TEXT_LIMIT
from fabrica.calls.queries import call_by_slug
from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.portal import services
from fabrica.portal.proposing import MOST_SYSTEMS
from fabrica.portal.queries.proposing import Proposed, Row, known_of, must_propose, proposed_of
from fabrica.web.scopes import needs

router = Router(tags=["portal"])


class ProposedOut(Schema):
    """An application in its place. `why_not` and `held` are sentences; without an award its hours are 0."""

    code: str
    place: int
    is_mine: bool = Field(description="Whether you may decide on it; of others you are told no more than this.")
    recommended_gpu_seconds: int | None
    gpu_seconds: int | None
    call: str
    machine: str
    is_fixed: bool
    can_confirm: bool
    why_not: str
    held: str


class LimitOut(Schema):
    """A pool or a cap: what is free now, and what would stay free."""

    machine: str
    name: str
    is_cap: bool
    free_gpu_seconds: int
    left_gpu_seconds: int | None  # None where it would tell what one gets in whom the reader has an interest


class ProposalOut(Schema):
    """Who would get what, in the panel's order, and what binds."""

    applications: list[ProposedOut]
    limits: list[LimitOut]
    ties: list[str]
    undecided: int = Field(description="Questions left open at the bound of the search.")
    problem: str


class ChosenIn(Schema):
    """An award to confirm, as it was proposed."""

    code: str = Field(max_length=20)
    call: str = Field(max_length=60, description="The call that pays: the application's own, or one elsewhere.")
    gpu_seconds: int = Field(gt=0, le=MOST["gpu_seconds"])


class ConfirmIn(Schema):
    """Awards to confirm, best first; the note goes to those who get other than what was recommended."""

    awards: list[ChosenIn] = Field(min_length=1, max_length=services.MOST_AT_ONCE)
    note: str = Field("", max_length=APPLICATION_TEXT_LIMIT)


class ToldOut(Schema):
    """What became of one: `awarded`, `offered`, `before` (it has its hours already) or `open`, with the reason."""

    code: str
    outcome: str
    words: str


@router.get("/calls/{slug}/proposal", response=ProposalOut)
@needs("read")
def proposal(
    request: HttpRequest, slug: str,
    system: list[str] = Query([], max_length=MOST_SYSTEMS - 1),  # type: ignore[type-arg]  # noqa: B008 - how the library declares a list
) -> Any:  # fmt: skip
    """What the engine proposes for what the panel has ranked. 403 for others than officers.

    `system`, as often as needed: the slug of an open call of the same mode whose machine may be used as well.
    """
    now = utcnow()
    return _told(proposed_of(known_of(signed_in(request), slug, now), now, systems=system))


@router.post("/calls/{slug}/proposal", response=list[ToldOut])
@needs("decide")
def confirm(request: HttpRequest, slug: str, payload: ConfirmIn) -> Any:
    """Award, or offer, each of these as its own decision. One that is refused is told, and the next goes on."""
    person = signed_in(request)
    must_propose(person)
    chosen = [services.Chosen(one.code, one.call, one.gpu_seconds) for one in payload.awards]
    told = services.confirm(call=call_by_slug(slug), chosen=chosen, note=payload.note, by=person, now=utcnow())
    return [{"code": one.chosen.code, "outcome": _outcome(one), "words": one.words} for one in told]


def _outcome(one: services.Told) -> str:
    if one.made:
        return "offered" if isinstance(one.made, Offer) else "awarded"
    return "before" if one.is_done else "open"


def _told(found: Proposed) -> dict[str, Any]:
    limits = [
        {"machine": system.call.machine.slug, "name": one.name, "is_cap": one.is_cap, "free_gpu_seconds": one.free,
         "left_gpu_seconds": one.left if found.tells_sums else None}
        for system in found.systems for one in system.limits
    ]  # fmt: skip
    problem = found.problem or " ".join(one.problem for one in found.systems if one.problem)
    rows = [_row(one) for one in found.rows]
    return {"applications": rows, "limits": limits, "ties": found.ties, "undecided": found.undecided,
            "problem": problem}  # fmt: skip


def _row(one: Row) -> dict[str, Any]:
    gets, call = (None, None) if one.is_hidden else (one.gets, one.call)
    seconds = gets.gpu_seconds if gets else 0
    return {
        "code": one.code, "place": one.place, "is_mine": one.is_mine,
        "recommended_gpu_seconds": None if one.is_hidden else one.gpu_seconds,
        "gpu_seconds": None if one.is_hidden else seconds, "call": call.slug if call else "",
        "machine": call.machine.slug if call else "", "is_fixed": bool(gets and gets.is_fixed),
        "can_confirm": one.can_confirm, "why_not": one.why, "held": one.held,
    }  # fmt: skip
