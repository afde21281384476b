"""The API of organisations and their members."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from fabrica.kit.paging import page_by
from fabrica.kit.time import utcnow
from fabrica.people import queries, services
from fabrica.people.models import Member, Organisation
from fabrica.people.queries import signed_in
from fabrica.web.scopes import needs

MOST_TWINS = 5
router = Router()


class OrganisationIn(Schema):
    """A new organisation."""

    name: str = Field(max_length=160)
    country: str = Field(max_length=2, examples=["FR"])
    kind: str = Field(examples=["startup"])
    registration_number: str = Field(max_length=40)


class OrganisationOut(Schema):
    """An organisation of mine."""

    uid: str
    name: str
    country: str
    kind: str


class OrganisationChange(Schema):
    """What changes; what is left out stays."""

    name: str | None = Field(None, max_length=160)
    kind: str | None = Field(None, max_length=20)
    registration_number: str | None = Field(None, max_length=40)
    legal_form: str | None = Field(None, max_length=80, examples=["SAS"])
    vat_number: str | None = Field(None, max_length=40, examples=["FR40303265045"])
    pic: str | None = Field(None, max_length=20, examples=["999999999"])
    website: str | None = Field(None, max_length=200)
    sector: str | None = Field(None, max_length=20, examples=["health"])


class OrganisationDetails(OrganisationOut):
    """All that is said of an organisation."""

    registration_number: str
    legal_form: str
    vat_number: str
    pic: str
    website: str
    sector: str
    registered_at: datetime


class TwinOut(Schema):
    """An organisation that may be the same, and why."""

    uid: str = Field(alias="organisation.uid")
    name: str = Field(alias="organisation.name")
    country: str = Field(alias="organisation.country")
    likenesses: list[str]


class MemberIn(Schema):
    """Somebody to add."""

    email: str = Field(max_length=254)


class MemberOut(Schema):
    """A member of an organisation."""

    uid: str = Field(alias="person.uid")
    name: str = Field(alias="person.name")
    role: str


class MemberPage(Schema):
    """Some members, who joined first comes first."""

    rows: list[MemberOut]
    next_cursor: str


@router.post("/organisations", response={201: OrganisationOut})
@needs("account")
def register_organisation(request: HttpRequest, payload: OrganisationIn) -> Status[Organisation]:
    """Register an organisation; I become its administrator."""
    return Status(201, services.register_organisation(**payload.dict(), by=signed_in(request), now=utcnow()))


@router.get("/organisations/{uid}", response=OrganisationDetails)
@needs("read")
def organisation(request: HttpRequest, uid: str) -> Organisation:
    """One of my organisations; officers may look at each."""
    return queries.organisation_to_read(signed_in(request), uid)


@router.patch("/organisations/{uid}", response=OrganisationDetails)
@needs("account")
def change_organisation(request: HttpRequest, uid: str, payload: OrganisationChange) -> Organisation:
    """Change what is said of an organisation that I administer."""
    person = signed_in(request)
    found = queries.organisation_to_read(person, uid)
    values = {key: value for key, value in payload.dict().items() if value is not None}
    return services.change_organisation(organisation=found, values=values, by=person, now=utcnow())


@router.get("/organisations/{uid}/alike", response=list[TwinOut])
@needs("read")
def alike(request: HttpRequest, uid: str) -> Any:
    """Organisations that may be the same as this one, for its administrators and officers."""
    person = signed_in(request)
    found = queries.organisation_to_invite_to(person, uid)
    return queries.twins(queries.marks_of(found), MOST_TWINS, but=found.pk)


@router.get("/organisations/{uid}/members", response=MemberPage)
@needs("read")
def members(request: HttpRequest, uid: str, cursor: str = "") -> Any:
    """The members of one of my organisations."""
    found = queries.organisation_of(signed_in(request), uid)
    return page_by(queries.members_of(found), "joined_at", cursor)


@router.post("/organisations/{uid}/members", response={201: MemberOut})
@needs("account")
def add_member(request: HttpRequest, uid: str, payload: MemberIn) -> Status[Member]:
    """Add a person who has an account."""
    organisation = queries.organisation_of(signed_in(request), uid)
    person = signed_in(request)
    made = services.add_member(organisation=organisation, email=payload.email, by=person, now=utcnow())
    return Status(201, made)
