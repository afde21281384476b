"""The API of awards that applicants answer."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Schema
from pydantic import Field

from fabrica.allocations import queries, services
from fabrica.allocations.models import Offer
from fabrica.applications.models import TEXT_LIMIT, Application
from fabrica.applications.queries import application_of
from fabrica.applications.services import extend_answer
from fabrica.calls.engine.figures import MOST_ANSWER
from fabrica.kit.errors import NotFound
from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.web.scopes import needs

router = Router(tags=["awards"])


class OfferedPhaseOut(Schema):
    """A later part of an award that is offered."""

    gpu_seconds: int
    opens_at: datetime | None
    on_report: bool


class OfferOut(Schema):
    """Hours that are offered, set aside until the applicant answers: until when, and what became of them."""

    application: str = Field(alias="application.code")
    number: int
    machine: str = Field(alias="application.call.machine.slug")
    gpu_seconds: int
    months: int
    phases: list[OfferedPhaseOut]
    note: str
    offered_at: datetime = Field(alias="at")
    answer: str
    answered_at: datetime | None
    answer_due_at: datetime | None = Field(None, alias="application.step_due_at")


class DeclineIn(Schema):
    """Why an award is declined; with `number`, only the offer that was read."""

    reason: str = Field(min_length=1, max_length=TEXT_LIMIT)
    number: int | None = Field(None, ge=1)


class MoreTimeIn(Schema):
    """How many working days from now the applicant has, and why; the applicant reads it."""

    working_days: int = Field(ge=1, le=MOST_ANSWER)
    reason: str = Field(min_length=1, max_length=TEXT_LIMIT)


class TakeBackIn(Schema):
    """Why an offer is taken back; the applicant reads it."""

    reason: str = Field(min_length=1, max_length=TEXT_LIMIT)


def newest(application: Application) -> Offer:
    """What was offered last. Raises NotFound."""
    rows = queries.offers_of(application).select_related("application__call__machine")
    found = rows.first()
    if found is None:
        raise NotFound(
            _("Nothing was offered to %(application)s.") % {"application": application.code},
            todo=_("See its state and its timeline."),
        )
    return found


@router.get("/applications/{code}/offer", response=OfferOut)
@needs("read")
def offer(request: HttpRequest, code: str) -> Any:
    """What was offered to it last, in a mode whose applicants answer."""
    return newest(application_of(signed_in(request), code))


@router.post("/applications/{code}/offer/decline", response=OfferOut)
@needs("apply")
def decline(request: HttpRequest, code: str, payload: DeclineIn) -> Any:
    """Decline the award that is offered, for good: its hours go back to their pool."""
    person = signed_in(request)
    found = application_of(person, code)
    services.decline(application=found, by=person, now=utcnow(), **payload.dict())
    return newest(found)


@router.post("/applications/{code}/offer/extend", response=OfferOut)
@needs("decide")
def extend(request: HttpRequest, code: str, payload: MoreTimeIn) -> Any:
    """Give the applicant more time for an answer."""
    person = signed_in(request)
    found = application_of(person, code)
    extend_answer(application=found, by=person, now=utcnow(), **payload.dict())
    return newest(found)


@router.post("/applications/{code}/offer/withdraw", response=OfferOut)
@needs("decide")
def withdraw(request: HttpRequest, code: str, payload: TakeBackIn) -> Any:
    """Take the offer back: a refusal, against which there is an appeal."""
    person = signed_in(request)
    found = application_of(person, code)
    services.withdraw_offer(application=found, reason=payload.reason, by=person, now=utcnow())
    return newest(found)
