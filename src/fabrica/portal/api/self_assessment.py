"""The API of an application's self-assessment."""

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.translation import get_language
from ninja import Router, Schema
from pydantic import Field, StringConstraints

from fabrica.applications.services import self_assess
from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.portal.queries.self_assessment import Reading, reading_of
from fabrica.trust.engine.altai.telling import as_dict, list_as_dict
from fabrica.web.scopes import needs

router = Router(tags=["portal"])
MOST = 200
Word = Annotated[str, StringConstraints(max_length=20)]


class SelfAssessmentOut(Schema):
    """Answers, own ratings (0 to 5), and what they come to. `saves` counts saves by requirement."""

    version: str
    scope: str
    is_required: bool
    is_writable: bool
    handed_in_at: datetime | None
    answers: dict[str, str]
    ratings: dict[str, int]
    saves: dict[str, int]
    result: dict[str, Any]


class SelfAssessmentIn(Schema):
    """What is to be kept beside what is there; an empty answer, or null, takes one away.

    `seen` holds the `saves` you read: 409 where one of these requirements was saved since.
    """

    answers: dict[Word, Word] = Field(default_factory=dict, max_length=MOST)
    ratings: dict[Word, int | None] = Field(default_factory=dict, max_length=MOST)
    seen: dict[Word, int] = Field(default_factory=dict, max_length=MOST)


@router.get("/applications/{code}/self-assessment", response=SelfAssessmentOut)
@needs("read")
def self_assessment(request: HttpRequest, code: str) -> dict[str, Any]:
    """The self-assessment; who does not work for the applicant reads what was handed in."""
    return _out(reading_of(signed_in(request), code, utcnow()))


@router.patch("/applications/{code}/self-assessment", response=SelfAssessmentOut)
@needs("apply")
def save(request: HttpRequest, code: str, payload: SelfAssessmentIn) -> dict[str, Any]:
    """Keep answers and ratings, complete or not; they are handed in with the application."""
    person, now = signed_in(request), utcnow()
    found = reading_of(person, code, now)
    self_assess(application=found.application, by=person, now=now, **payload.dict())
    return _out(reading_of(person, code, now))


@router.get("/applications/{code}/self-assessment/items", response=dict[str, Any])
@needs("read")
def items(request: HttpRequest, code: str) -> dict[str, Any]:
    """The items that this application is asked, in the language that `Accept-Language` asks for."""
    found = reading_of(signed_in(request), code, utcnow())
    told, asked = list_as_dict(found.rules, get_language()), {one.id for one in found.scope.items(found.rules)}
    return {**told, "items": [one for one in told["items"] if one["id"] in asked]}


def _out(found: Reading) -> dict[str, Any]:
    return {
        "version": found.rules.version, "scope": found.scope.value, "is_required": found.is_required,
        "is_writable": found.is_writable, "handed_in_at": found.at, "answers": found.answers,
        "ratings": found.ratings, "saves": found.saves, "result": as_dict(found.result, get_language()),
    }  # fmt: skip
