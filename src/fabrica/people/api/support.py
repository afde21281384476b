"""The API with which a site helps its people, or locks them out."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from fabrica.kit.time import utcnow
from fabrica.people import queries, services
from fabrica.people.queries import signed_in
from fabrica.web.scopes import needs

router = Router()


class ActiveIn(Schema):
    """Whether the person may sign in and use tokens."""

    active: bool


@router.post("/people/{uid}/active", response={204: None})
@needs("decide")
def set_active(request: HttpRequest, uid: str, payload: ActiveIn) -> Status[None]:
    """Lock a person out, or let them in again (operators)."""
    services.set_active(uid=uid, active=payload.active, by=signed_in(request), now=utcnow())
    return Status(204, None)


class IdentityOut(Schema):
    """How a provider knows a person, what it told, and until when that counts. Its subject is not shown."""

    id: int = Field(alias="pk")
    provider: str = Field(alias="account.provider")
    issuer: str
    email: str
    home: str
    acr: str
    assurance: list[str]
    affiliations: list[str]
    linked_at: datetime
    told_at: datetime
    ends_at: datetime


class CauseIn(Schema):
    """Why it is done."""

    cause: str = Field(max_length=20, examples=["incident"])


@router.get("/people/{uid}/identities", response=list[IdentityOut])
@needs("read")
def identities(request: HttpRequest, uid: str) -> Any:
    """The identities of a person: mine, or anybody's for officers and operators. At most ten."""
    return queries.identities_of(queries.person_told_of(signed_in(request), uid))


@router.delete("/people/{uid}/identities/{identity_id}", response={204: None})
@needs("decide")
def unlink_identity(request: HttpRequest, uid: str, identity_id: int, payload: CauseIn) -> Status[None]:
    """Take an identity from somebody, and end the sessions begun with it (operators)."""
    by = signed_in(request)
    identity = queries.identity_told_of(by, uid, identity_id)
    services.unlink_identity_of(identity=identity, cause=payload.cause, by=by, now=utcnow())
    return Status(204, None)


@router.post("/people/{uid}/sessions/end", response={204: None})
@needs("decide")
def end_sessions(request: HttpRequest, uid: str, payload: CauseIn) -> Status[None]:
    """Sign a person out everywhere, after an incident (officers and operators). Tokens go on working."""
    services.end_sessions(uid=uid, cause=payload.cause, by=signed_in(request), now=utcnow())
    return Status(204, None)
