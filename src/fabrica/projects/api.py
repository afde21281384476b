"""The API of projects."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from fabrica.kit.errors import NotFound
from fabrica.kit.paging import page_of
from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.projects import queries, services
from fabrica.projects.models import Member
from fabrica.web.scopes import needs

router = Router(tags=["projects"])


class ProjectOut(Schema):
    """A project."""

    slug: str
    title: str
    organisation: str = Field(alias="organisation.name")
    purpose: str
    gate_decision: str
    opened_at: datetime
    ends_at: datetime


class ProjectPage(Schema):
    """Some projects, newest first."""

    rows: list[ProjectOut]
    next_cursor: str


class MemberIn(Schema):
    """Somebody to add."""

    email: str = Field(max_length=254)


class MemberOut(Schema):
    """A member of a project."""

    uid: str = Field(alias="person.uid")
    name: str = Field(alias="person.name")
    role: str


@router.get("/projects", response=ProjectPage)
@needs("read")
def projects(request: HttpRequest, cursor: str = "") -> Any:
    """The projects I may see."""
    return page_of(queries.visible_to(signed_in(request)), cursor)


@router.get("/projects/{slug}", response=ProjectOut)
@needs("read")
def project(request: HttpRequest, slug: str) -> Any:
    """One project."""
    return queries.project_of(signed_in(request), slug)


@router.get("/projects/{slug}/members", response=list[MemberOut])
@needs("read")
def members(request: HttpRequest, slug: str) -> Any:
    """Who works in it."""
    return queries.project_of(signed_in(request), slug).members.select_related("person").order_by("pk")


@router.post("/projects/{slug}/members", response={201: MemberOut})
@needs("account")
def add_member(request: HttpRequest, slug: str, payload: MemberIn) -> Status[Member]:
    """Let a person work in my project."""
    person = signed_in(request)
    project = queries.project_of(person, slug)
    return Status(201, services.add_member(project=project, email=payload.email, by=person, now=utcnow()))


@router.delete("/projects/{slug}/members/{uid}", response={204: None})
@needs("account")
def remove_member(request: HttpRequest, slug: str, uid: str) -> Status[None]:
    """End a person's work in my project."""
    person = signed_in(request)
    project = queries.project_of(person, slug)
    member = project.members.select_related("person").filter(person__uid=uid).first()
    if member is None:
        raise NotFound("There is no such member.")
    services.remove_member(project=project, person=member.person, by=person, now=utcnow())
    return Status(204, None)
