"""The API of what an organisation declares of its size."""

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from django.utils.timezone import localdate
from ninja import Router, Schema, Status
from pydantic import Field

from fabrica.kit.time import utcnow
from fabrica.people import queries, rules, services, shown
from fabrica.people.engine.sme.draft import draft_from
from fabrica.people.models import Organisation, Person, SmeDeclaration
from fabrica.people.queries import signed_in
from fabrica.web.scopes import needs

MOST_DECLARATIONS = 20
router = Router()


class DeclarationOut(Schema):
    """What an organisation declared of its size."""

    number: int
    category: str
    digest: str
    rule_version: str
    signer_name: str
    signer_role: str
    signed_at: datetime
    valid_until: date


class SmeOut(Schema):
    """What was declared last, and for its own people what follows of the figures entered so far."""

    declared: DeclarationOut | None
    is_valid: bool
    answer: dict[str, Any] | None


class DeclareIn(Schema):
    """Signing: `digest` is the one of the answer that was looked at."""

    digest: str = Field(max_length=64)
    name: str = Field(max_length=120)
    role: str = Field(max_length=120)


@router.get("/organisations/{uid}/sme", response=SmeOut)
@needs("read")
def sme(request: HttpRequest, uid: str) -> dict[str, Any]:
    """Whether one of my organisations is an SME; officers see what is declared of each."""
    person = signed_in(request)
    return _sme(queries.organisation_to_read(person, uid), person)


def _sme(organisation: Organisation, person: Person) -> dict[str, Any]:
    declared, answer, now = queries.sme_declaration_of(organisation), None, utcnow()
    if rules.works_for(person, organisation):
        answer = shown.live(organisation, queries.sme_draft_of(organisation).content, localdate(now))
    is_valid = declared is not None and declared.is_valid(now)
    return {"declared": declared, "is_valid": is_valid, "answer": answer and answer.as_dict()}


@router.put("/organisations/{uid}/sme", response=SmeOut)
@needs("account")
def enter_sme(request: HttpRequest, uid: str) -> dict[str, Any]:
    """Enter figures and owners: the body is the file that `fabrica sme` reads. Nothing is declared by it."""
    person = signed_in(request)
    found = queries.organisation_to_read(person, uid)
    services.save_sme_draft(organisation=found, content=draft_from(request.body), by=person, now=utcnow())
    return _sme(found, person)


@router.get("/organisations/{uid}/sme/declarations", response=list[DeclarationOut])
@needs("read")
def sme_declarations(request: HttpRequest, uid: str) -> Any:
    """What the organisation declared, the twenty newest."""
    found = queries.organisation_to_read(signed_in(request), uid)
    return queries.sme_declarations_of(found).defer("content", "printed")[:MOST_DECLARATIONS]


@router.post("/organisations/{uid}/sme/declarations", response={201: DeclarationOut})
@needs("account")
def declare_sme(request: HttpRequest, uid: str, payload: DeclareIn) -> Status[SmeDeclaration]:
    """Declare what is entered. I sign it with my name and position."""
    person = signed_in(request)
    found = queries.organisation_to_read(person, uid)
    return Status(201, services.declare_sme(organisation=found, **payload.dict(), by=person, now=utcnow()))
