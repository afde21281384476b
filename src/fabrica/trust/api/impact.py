"""The API of impact assessments: where one stands, and what was signed. They are written on pages."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from fabrica.kit.paging import page_of
from fabrica.people.queries import signed_in
from fabrica.trust import shown
from fabrica.trust.models import ImpactAssessment
from fabrica.trust.queries import impact as queries
from fabrica.web.scopes import needs

router = Router()


class ImpactOut(Schema):
    """Where one stands: missing, begun, signed (`number` is the version), or consult: prior consultation is needed."""

    id: int
    subject: str
    project: str
    organisation: str
    state: str
    number: int
    outcome: str
    signed_at: datetime | None

    @staticmethod
    def resolve_project(row: ImpactAssessment) -> str:
        return row.project.slug if row.project else ""

    @staticmethod
    def resolve_organisation(row: ImpactAssessment) -> str:
        return row.organisation.name


class ImpactPage(Schema):
    """Some of them, newest first."""

    rows: list[ImpactOut]
    next_cursor: str


class PartOut(Schema):
    """A section: questions with answers in words, and each risk the same way."""

    title: str
    rows: list[tuple[str, str]]
    risks: list[list[tuple[str, str]]]


class ImpactVersionOut(Schema):
    """A version as it was signed; `form` is the version of the questions."""

    number: int
    outcome: str
    digest: str
    signer_name: str
    signed_at: datetime
    form: str
    answers: dict[str, str]
    risks: list[dict[str, str]]
    sections: list[PartOut]


@router.get("/impact-assessments", response=ImpactPage)
@needs("read")
def impact_assessments(request: HttpRequest, cursor: str = "") -> Any:
    """The impact assessments I may read, newest first."""
    return page_of(queries.visible_to(signed_in(request)), cursor)


@router.get("/impact-assessments/{int:pk}", response=ImpactOut)
@needs("read")
def impact_assessment(request: HttpRequest, pk: int) -> ImpactAssessment:
    """Where one stands."""
    return queries.assessment_of(signed_in(request), pk)


@router.get("/impact-assessments/{int:pk}/versions/{int:number}", response=ImpactVersionOut)
@needs("read")
def impact_version(request: HttpRequest, pk: int, number: int) -> dict[str, Any]:
    """A version as it was signed."""
    return shown.as_dict(queries.version_of(queries.assessment_of(signed_in(request), pk), number))
