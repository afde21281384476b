"""The API of reviews."""

from datetime import date, datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from fabrica.applications.queries import application_of
from fabrica.kit.paging import page_of
from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.reviews import queries, rules, services
from fabrica.reviews.models import COMMENT_LIMIT, TechnicalAssessment
from fabrica.web.scopes import needs

router = Router(tags=["reviews"])


class WaitingOut(Schema):
    """An application that waits for me."""

    code: str
    title: str
    organisation: str = Field(alias="organisation.name")
    gpu_seconds_requested: int
    months: int
    submitted_at: datetime
    due_on: date


class WaitingPage(Schema):
    """Some of them, newest first."""

    rows: list[WaitingOut]
    next_cursor: str


class AssessmentIn(Schema):
    """What I found."""

    verdict: Literal["fit", "fit_with_changes", "unfit"]
    comment: str = Field(max_length=COMMENT_LIMIT)
    gpu_seconds_recommended: int = Field(ge=0, le=10**12)
    has_conflict: bool = False


class AssessmentOut(Schema):
    """An assessment; who wrote it and what hours it recommends only for those who decide."""

    verdict: str
    comment: str
    submitted_at: datetime
    gpu_seconds_recommended: int | None
    assessor: str | None


def _out(made: TechnicalAssessment, *, whole: bool) -> dict[str, Any]:
    return {
        "verdict": made.verdict,
        "comment": made.comment,
        "submitted_at": made.submitted_at,
        "gpu_seconds_recommended": made.gpu_seconds_recommended if whole else None,
        "assessor": made.assessor.name if whole else None,
    }


@router.get("/reviews/to-assess", response=WaitingPage)
@needs("read")
def to_assess(request: HttpRequest, cursor: str = "") -> Any:
    """What waits for my technical assessment."""
    return page_of(queries.to_assess(signed_in(request)), cursor)


@router.post("/applications/{code}/assessment", response={201: AssessmentOut})
@needs("decide")
def assess(request: HttpRequest, code: str, payload: AssessmentIn) -> Status[Any]:
    """Hand in my technical assessment."""
    person = signed_in(request)
    application = application_of(person, code)
    made = services.assess(application=application, by=person, now=utcnow(), **payload.dict())
    return Status(201, _out(made, whole=True))


@router.get("/applications/{code}/assessments", response=list[AssessmentOut])
@needs("read")
def assessments(request: HttpRequest, code: str) -> Any:
    """What I may read of its assessments."""
    person = signed_in(request)
    application = application_of(person, code)
    whole = rules.sees_assessor(person, application)
    return [_out(made, whole=whole) for made in queries.assessments_of(person, application)]
