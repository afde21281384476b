"""The API of conditions: the list, the evidence, and the two persons who close each."""

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Router, Schema, UploadedFile
from pydantic import Field

from fabrica.kit.paging import page_of
from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.trust.forms import read_upload
from fabrica.trust.models import TEXT_LIMIT, Condition
from fabrica.trust.queries import conditions as queries
from fabrica.trust.queries.evidence import content_of, file_of
from fabrica.trust.services import conditions as services
from fabrica.trust.services.conditions import LINK_LIMIT
from fabrica.web.downloads import download
from fabrica.web.scopes import needs

router = Router()


class ConditionOut(Schema):
    """A condition; `blocks` is the step that waits for it, from `run_gpu_seconds` on where that is a run."""

    id: int
    subject: str
    project: str
    organisation: str
    text: str
    source: str
    owner: str
    blocks: str
    run_gpu_seconds: int | None
    due_on: date
    state: str
    evidence: str
    evidence_link: str
    given_at: datetime | None
    reason: str
    settled_at: datetime | None

    @staticmethod
    def resolve_project(condition: Condition) -> str:
        return condition.project.slug if condition.project else ""

    @staticmethod
    def resolve_organisation(condition: Condition) -> str:
        return condition.organisation.name

    @staticmethod
    def resolve_text(condition: Condition) -> str:
        return condition.words


class ConditionPage(Schema):
    """Some conditions, newest first."""

    rows: list[ConditionOut]
    next_cursor: str


class EvidenceIn(Schema):
    """How it is met."""

    text: str = Field(max_length=TEXT_LIMIT)
    link: str = Field("", max_length=LINK_LIMIT)


class WhyIn(Schema):
    """Why it is sent back or waived."""

    reason: str = Field(max_length=TEXT_LIMIT)


@router.get("/conditions", response=ConditionPage)
@needs("read")
def conditions(request: HttpRequest, cursor: str = "") -> Any:
    """The conditions I may read, newest first."""
    return page_of(queries.visible_to(signed_in(request)), cursor)


@router.get("/conditions/{int:pk}", response=ConditionOut)
@needs("read")
def condition(request: HttpRequest, pk: int) -> Condition:
    """One condition."""
    return queries.condition_of(signed_in(request), pk)


@router.post("/conditions/{int:pk}/evidence", response=ConditionOut)
@needs("apply")
def give_evidence(request: HttpRequest, pk: int, payload: EvidenceIn) -> Condition:
    """Say how it is met."""
    person = signed_in(request)
    found = queries.condition_of(person, pk)
    return services.give_evidence(condition=found, text=payload.text, link=payload.link, by=person, now=utcnow())


@router.post("/conditions/{int:pk}/evidence/files", response=ConditionOut)
@needs("apply")
def give_file(
    request: HttpRequest, pk: int, file: File[UploadedFile], text: Form[str], link: Form[str] = ""
) -> Condition:  # fmt: skip
    """Say how it is met, with a file."""
    person = signed_in(request)
    found = queries.condition_of(person, pk)
    name, data = read_upload(file)
    return services.give_evidence(
        condition=found, text=text, link=link, name=name, data=data, by=person, now=utcnow()
    )  # fmt: skip


@router.get("/conditions/{int:pk}/files/{uid}", response={200: bytes}, url_name="evidence_file")
@needs("read")
def evidence_file(request: HttpRequest, pk: int, uid: str) -> HttpResponse:
    """The content of a file that was given as evidence."""
    found = file_of(queries.condition_of(signed_in(request), pk), uid)
    return download(content_of(found), found.name)


@router.post("/conditions/{int:pk}/met", response=ConditionOut)
@needs("decide")
def find_met(request: HttpRequest, pk: int, seen: datetime | None = None) -> Condition:
    """Find it met, as the first of two; `seen` is the `given_at` of the evidence that was read."""
    person = signed_in(request)
    return services.find_met(condition=queries.condition_of(person, pk), by=person, now=utcnow(), seen=seen)


@router.post("/conditions/{int:pk}/waive", response=ConditionOut)
@needs("decide")
def waive(request: HttpRequest, pk: int, payload: WhyIn) -> Condition:
    """Propose to waive it, as the first of two."""
    person = signed_in(request)
    found = queries.condition_of(person, pk)
    return services.waive(condition=found, reason=payload.reason, by=person, now=utcnow())


@router.post("/conditions/{int:pk}/settle", response=ConditionOut)
@needs("decide")
def settle(request: HttpRequest, pk: int) -> Condition:
    """Close or waive it as the second person."""
    person = signed_in(request)
    return services.settle(condition=queries.condition_of(person, pk), by=person, now=utcnow())


@router.post("/conditions/{int:pk}/return", response=ConditionOut)
@needs("decide")
def send_back(request: HttpRequest, pk: int, payload: WhyIn) -> Condition:
    """Say what is missing: it is open again."""
    person = signed_in(request)
    found = queries.condition_of(person, pk)
    return services.send_back(condition=found, reason=payload.reason, by=person, now=utcnow())
