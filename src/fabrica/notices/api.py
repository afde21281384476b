"""The API of my notices."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status

from fabrica.kit.paging import page_of
from fabrica.kit.time import utcnow
from fabrica.notices import queries, services
from fabrica.notices.states import Rhythm
from fabrica.people.queries import signed_in
from fabrica.web.scopes import needs

router = Router(tags=["notices"])


class NoticeOut(Schema):
    """A message to me."""

    id: int
    kind: str
    subject: str
    body: str
    path: str
    created_at: datetime
    read_at: datetime | None


class NoticePage(Schema):
    """Some notices, newest first."""

    rows: list[NoticeOut]
    next_cursor: str


class MuteOut(Schema):
    """What I get no letters about."""

    about: str
    title: str
    path: str
    made_at: datetime


class LettersOut(Schema):
    """How often I am written to, and about what I am not."""

    rhythm: Rhythm
    muted: list[MuteOut]


class LettersIn(Schema):
    """How often I want to be written to."""

    rhythm: Rhythm


@router.get("/notices", response=NoticePage)
@needs("read")
def notices(request: HttpRequest, cursor: str = "") -> Any:
    """My notices."""
    return page_of(queries.visible_to(signed_in(request)), cursor)


@router.get("/notices/letters", response=LettersOut)
@needs("read")
def letters(request: HttpRequest) -> Any:
    """How often I am written to, and about what I am not."""
    person = signed_in(request)
    return {"rhythm": queries.rhythm_of(person), "muted": list(queries.mutes_of(person))}


@router.put("/notices/letters", response={204: None})
@needs("account")
def set_letters(request: HttpRequest, payload: LettersIn) -> Status[None]:
    """Write to me at once, once a day, or once a week."""
    services.set_rhythm(rhythm=payload.rhythm, by=signed_in(request), now=utcnow())
    return Status(204, None)


@router.post("/notices/read", response={204: None})
@needs("account")
def mark_read(request: HttpRequest) -> Status[None]:
    """I have seen everything so far."""
    services.mark_read(by=signed_in(request), now=utcnow())
    return Status(204, None)
