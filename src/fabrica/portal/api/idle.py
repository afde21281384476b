"""The API of idle hours: the question about a project's, what officers answer, what the project objects."""

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.portal import services
from fabrica.projects import services as projects
from fabrica.projects.models import TEXT_LIMIT, ReclaimProposal
from fabrica.projects.queries import project_of, unsettled_reclaim
from fabrica.projects.states import ProposalState
from fabrica.web.scopes import needs

router = Router(tags=["portal"])


class IdleOut(Schema):
    """The question whether a project's idle hours go back. `reason` is what the project was told last."""

    state: ProposalState
    made_at: datetime
    facts: dict[str, Any]
    announced_at: datetime | None
    objects_until: datetime | None
    objection: str
    reason: str
    reclaimed_gpu_seconds: int | None


class AnswerIn(Schema):
    """What an officer decides, and why; the project reads it."""

    decision: Literal["keep", "announce", "take_back"]
    reason: str = Field(max_length=TEXT_LIMIT)


class ObjectionIn(Schema):
    """Why the project needs its hours."""

    objection: str = Field(max_length=TEXT_LIMIT)


@router.get("/projects/{slug}/idle-hours", response=IdleOut)
@needs("read")
def idle_hours(request: HttpRequest, slug: str) -> ReclaimProposal:
    """The question about its idle hours that is not answered; 404 where there is none."""
    person = signed_in(request)
    return unsettled_reclaim(person, project_of(person, slug))


@router.post("/projects/{slug}/idle-hours", response=IdleOut)
@needs("decide")
def answer(request: HttpRequest, slug: str, payload: AnswerIn) -> ReclaimProposal:
    """Let the hours stay, announce that they go back, or take them once it may be. 403 for all but officers outside."""
    person = signed_in(request)
    proposal = unsettled_reclaim(person, project_of(person, slug))
    if payload.decision == "keep":
        projects.keep_hours(proposal=proposal, reason=payload.reason, by=person, now=utcnow())
    elif payload.decision == "announce":
        services.announce_reclaim(proposal=proposal, reason=payload.reason, by=person, now=utcnow())
    else:
        services.reclaim(proposal=proposal, reason=payload.reason, by=person, now=utcnow())
    proposal.refresh_from_db()
    return proposal


@router.post("/projects/{slug}/idle-hours/objection", response=IdleOut)
@needs("account")
def object_to(request: HttpRequest, slug: str, payload: ObjectionIn) -> ReclaimProposal:
    """Object to what was announced. 403 for all but those who lead the project."""
    person = signed_in(request)
    proposal = unsettled_reclaim(person, project_of(person, slug))
    projects.object_to_reclaim(proposal=proposal, objection=payload.objection, by=person, now=utcnow())
    return proposal
