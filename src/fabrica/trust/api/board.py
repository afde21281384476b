"""The API of the board: its cases, votes, questions and findings."""

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from fabrica.kit.paging import page_of
from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.trust.models import TEXT_LIMIT, Enquiry, Referral
from fabrica.trust.queries import board as queries
from fabrica.trust.services import board as services
from fabrica.trust.states import Finding, Vote
from fabrica.web.scopes import needs

router = Router()


class CaseOut(Schema):
    """A case of the board."""

    id: int
    subject: str
    title: str
    organisation: str
    state: str
    opened_at: datetime
    due_on: date
    finding: str
    reason: str
    how: str

    @staticmethod
    def resolve_organisation(referral: Referral) -> str:
        return referral.organisation.name


class CasePage(Schema):
    """Some cases, newest first."""

    rows: list[CaseOut]
    next_cursor: str


class EnquiryOut(Schema):
    """A question to the applicant; without an answer it was not answered, or was taken back."""

    id: int
    question: str
    asked_at: datetime
    due_on: date
    answer: str
    ended_at: datetime | None


class CaseDetailOut(CaseOut):
    """A case with its points, its questions, and how the votes stand."""

    points: list[Any]
    enquiries: list[EnquiryOut]
    votes: dict[str, int]
    quorum: int

    @staticmethod
    def resolve_points(referral: Referral) -> list[Any]:
        return list(referral.assessment.reasons)

    @staticmethod
    def resolve_enquiries(referral: Referral) -> list[Enquiry]:
        return list(referral.enquiries.all())

    @staticmethod
    def resolve_votes(referral: Referral) -> dict[str, int]:
        return {one.value: count for one, count in queries.tally_of(referral, utcnow()).counts.items()}

    @staticmethod
    def resolve_quorum(referral: Referral) -> int:
        return queries.tally_of(referral, utcnow()).quorum


class VoteIn(Schema):
    """A vote with its reason."""

    choice: Vote
    reason: str = Field(max_length=TEXT_LIMIT)


class FindingIn(Schema):
    """What the board finds, and the reason that the applicant reads."""

    finding: Finding
    reason: str = Field(max_length=TEXT_LIMIT)


class SaidIn(Schema):
    """A question, an answer, or a reason."""

    text: str = Field(max_length=TEXT_LIMIT)


@router.get("/board", response=CasePage)
@needs("read")
def cases(request: HttpRequest, cursor: str = "") -> Any:
    """The cases I may read, newest first."""
    return page_of(queries.visible_to(signed_in(request)), cursor)


@router.get("/board/{int:pk}", response=CaseDetailOut)
@needs("read")
def case(request: HttpRequest, pk: int) -> Referral:
    """One case."""
    return queries.referral_of(signed_in(request), pk)


@router.post("/board/{int:pk}/vote", response=CaseDetailOut)
@needs("decide")
def vote(request: HttpRequest, pk: int, payload: VoteIn) -> Referral:
    """Vote; again to replace it."""
    person = signed_in(request)
    found = queries.referral_of(person, pk)
    services.vote(referral=found, choice=payload.choice, reason=payload.reason, by=person, now=utcnow())
    return found


@router.post("/board/{int:pk}/interest", response={204: None})
@needs("decide")
def interest(request: HttpRequest, pk: int, payload: SaidIn) -> Status[None]:
    """Declare an interest: I neither read nor vote any more."""
    person = signed_in(request)
    found = queries.referral_of(person, pk)
    services.declare_interest(referral=found, what=payload.text, by=person, now=utcnow())
    return Status(204, None)


@router.post("/board/{int:pk}/questions", response={201: EnquiryOut})
@needs("decide")
def ask(request: HttpRequest, pk: int, payload: SaidIn) -> Status[Enquiry]:
    """Ask the applicant."""
    person = signed_in(request)
    found = queries.referral_of(person, pk)
    return Status(201, services.ask(referral=found, question=payload.text, by=person, now=utcnow()))


@router.post("/board/questions/{int:pk}/answer", response=EnquiryOut)
@needs("apply")
def answer(request: HttpRequest, pk: int, payload: SaidIn) -> Enquiry:
    """Answer a question of the board to my organisation."""
    person = signed_in(request)
    found = queries.enquiry_to(person, pk)
    return services.answer(enquiry=found, text=payload.text, by=person, now=utcnow())


@router.post("/board/{int:pk}/finding", response=CaseDetailOut)
@needs("decide")
def propose(request: HttpRequest, pk: int, payload: FindingIn) -> Referral:
    """Write what was found; a second person releases it."""
    person = signed_in(request)
    found = queries.referral_of(person, pk)
    return services.propose(referral=found, finding=payload.finding, reason=payload.reason, by=person, now=utcnow())


@router.post("/board/{int:pk}/release", response=CaseDetailOut)
@needs("decide")
def release(request: HttpRequest, pk: int) -> Referral:
    """Stand behind the finding as the second person."""
    person = signed_in(request)
    return services.release(referral=queries.referral_of(person, pk), by=person, now=utcnow())


@router.post("/board/{int:pk}/return", response=CaseDetailOut)
@needs("decide")
def send_back(request: HttpRequest, pk: int, payload: SaidIn) -> Referral:
    """Do not release the finding, and say why."""
    person = signed_in(request)
    found = queries.referral_of(person, pk)
    return services.send_back(referral=found, reason=payload.text, by=person, now=utcnow())
