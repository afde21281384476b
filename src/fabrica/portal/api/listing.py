"""The API of the public list: what a project's principal investigator answers. The list itself is `/awarded.json`."""

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from django.utils.timezone import localtime
from ninja import Router, Schema
from pydantic import Field

from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.portal.queries.awarded import is_shown
from fabrica.projects import services as projects
from fabrica.projects.engine import consent_on
from fabrica.projects.models import ABSTRACT_LIMIT, Listing, Project
from fabrica.projects.queries import project_of
from fabrica.web.scopes import needs

router = Router(tags=["portal"])


class ListingOut(Schema):
    """Whether a project stands in the public list, and the wording of today that one agrees to before it does."""

    is_listed: bool
    sector: str
    abstract: str
    listed_at: datetime | None
    agreed_to: str
    version: str
    wording: str


class ListingIn(Schema):
    """The answer; `version` is that of the wording you read, and is needed to be listed."""

    decision: Literal["list", "unlist"]
    sector: str = Field(default="", max_length=20)
    abstract: str = Field(default="", max_length=ABSTRACT_LIMIT)
    version: str = Field(default="", max_length=20)


@router.get("/projects/{slug}/listing", response=ListingOut)
@needs("read")
def listing(request: HttpRequest, slug: str) -> dict[str, Any]:
    """Whether a project stands in the public list."""
    return _told(project_of(signed_in(request), slug))


@router.put("/projects/{slug}/listing", response=ListingOut)
@needs("account")
def answer(request: HttpRequest, slug: str, payload: ListingIn) -> dict[str, Any]:
    """List it, or take it off the list; the whole answer each time. 403 for all but the principal investigator."""
    person, now = signed_in(request), utcnow()
    project = project_of(person, slug)
    facts = {"sector": payload.sector, "abstract": payload.abstract}
    if payload.decision == "list":
        projects.list_project(project=project, version=payload.version, by=person, now=now, **facts)
    else:
        projects.unlist_project(project=project, by=person, now=now, **facts)
    return _told(project)


def _told(project: Project) -> dict[str, Any]:
    found, consent = Listing.objects.filter(project=project).first(), consent_on(localtime(utcnow()).date())
    return {
        "is_listed": is_shown(project, utcnow()),
        "sector": found.sector if found else "", "abstract": found.abstract if found else "",
        "listed_at": found.listed_at if found else None, "agreed_to": found.consent_version if found else "",
        "version": consent.version, "wording": consent.text,
    }  # fmt: skip
