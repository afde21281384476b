"""The API of projects."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status
from pydantic import Field

from fabrica.kit.errors import NotAllowed, NotFound
from fabrica.kit.paging import page_by, page_of
from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in
from fabrica.projects import queries, rules, services
from fabrica.projects.models import Handover, Invitation, Member, Publication
from fabrica.projects.states import InvitationState, Role
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
    role: Role


class ProjectMemberPage(Schema):
    """Some members of a project, who joined first comes first."""

    rows: list[MemberOut]
    next_cursor: str


class RoleIn(Schema):
    """As what a member belongs to the project from now on."""

    role: Role


class InvitationIn(Schema):
    """Whom to invite, and as what."""

    email: str = Field(max_length=254)
    role: Role = Role.MEMBER


class InvitationOut(Schema):
    """An invitation that was neither accepted nor revoked. Its link stands in its letter alone."""

    uid: str
    email: str
    role: Role
    invited_at: datetime
    expires_at: datetime
    state: InvitationState
    letters: int = Field(alias="serial")
    is_mailed: bool

    @staticmethod
    def resolve_state(obj: Invitation) -> InvitationState:
        return obj.state(utcnow())

    @staticmethod
    def resolve_is_mailed(obj: Invitation) -> bool:
        return obj.mail_at is None


class CodeIn(Schema):
    """What the link of an invitation ends in."""

    code: str = Field(max_length=200)


class ProposalIn(Schema):
    """Who should become principal investigator: the `uid` of a member."""

    uid: str = Field(max_length=32)


class ProposalOut(Schema):
    """The open proposal of another principal investigator."""

    to: str = Field(alias="to.uid")
    proposed_at: datetime
    expires_at: datetime
    state: str


class PublicationOut(Schema):
    """A publication by its DOI, in small letters, and where it can be read."""

    doi: str
    address: str
    added_at: datetime


class DoiIn(Schema):
    """A DOI, bare or as its address."""

    doi: str = Field(max_length=300)


class AnswerIn(Schema):
    """Whether I consent."""

    accept: bool


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


@router.get("/projects/{slug}/members", response=ProjectMemberPage)
@needs("read")
def members(request: HttpRequest, slug: str, cursor: str = "") -> Any:
    """Who works in it."""
    found = queries.project_of(signed_in(request), slug)
    return page_by(queries.members_of(found), "joined_at", cursor)


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
    """End a person's part in my project."""
    person = signed_in(request)
    project = queries.project_of(person, slug)
    member = queries.member_of(project, uid)
    services.remove_member(project=project, person=member.person, by=person, now=utcnow())
    return Status(204, None)


@router.put("/projects/{slug}/members/{uid}", response=MemberOut)
@needs("account")
def set_role(request: HttpRequest, slug: str, uid: str, payload: RoleIn) -> Member:
    """Change as what a person belongs to my project."""
    by = signed_in(request)
    project = queries.project_of(by, slug)
    person = queries.member_of(project, uid).person
    services.set_role(project=project, person=person, role=payload.role, by=by, now=utcnow())
    return queries.member_of(project, uid)


@router.post("/projects/{slug}/leave", response={204: None})
@needs("account")
def leave(request: HttpRequest, slug: str) -> Status[None]:
    """End my own part in a project."""
    person = signed_in(request)
    services.leave(project=queries.project_of(person, slug), by=person, now=utcnow())
    return Status(204, None)


@router.get("/projects/{slug}/invitations", response=list[InvitationOut])
@needs("read")
def invitations(request: HttpRequest, slug: str) -> Any:
    """The unanswered invitations to my project, newest first. 403 for those who do not lead it."""
    person = signed_in(request)
    project = queries.project_of(person, slug)
    if not rules.leads(person, project):
        raise NotAllowed(_("Only those who lead the project see who is invited."))
    return queries.unanswered(project)


@router.post("/projects/{slug}/invitations", response={201: InvitationOut})
@needs("account")
def invite(request: HttpRequest, slug: str, payload: InvitationIn) -> Status[Invitation]:
    """Invite somebody to my project by e-mail."""
    person = signed_in(request)
    project = queries.project_of(person, slug)
    made = services.invite(project=project, email=payload.email, role=payload.role, by=person, now=utcnow())
    return Status(201, made)


@router.post("/projects/{slug}/invitations/{uid}/resend", response=InvitationOut)
@needs("account")
def invite_again(request: HttpRequest, slug: str, uid: str) -> Invitation:
    """Send another letter; the link of the one before is worthless from now on."""
    person = signed_in(request)
    found = queries.invitation_of(queries.project_of(person, slug), uid)
    return services.invite_again(invitation=found, by=person, now=utcnow())


@router.delete("/projects/{slug}/invitations/{uid}", response={204: None})
@needs("account")
def revoke_invitation(request: HttpRequest, slug: str, uid: str) -> Status[None]:
    """Revoke an invitation."""
    person = signed_in(request)
    found = queries.invitation_of(queries.project_of(person, slug), uid)
    services.revoke_invitation(invitation=found, by=person, now=utcnow())
    return Status(204, None)


@router.post("/invitations/accept", response=MemberOut)
@needs("account")
def accept_invitation(request: HttpRequest, payload: CodeIn) -> Member:
    """Join the project that I was invited to."""
    found = queries.invitation_by_code(payload.code)
    return services.accept_invitation(invitation=found, by=signed_in(request), now=utcnow())


@router.get("/projects/{slug}/publications", response=list[PublicationOut])
@needs("read")
def publications(request: HttpRequest, slug: str) -> Any:
    """What a project published, newest first."""
    return queries.project_of(signed_in(request), slug).publications.order_by("-pk")


@router.post("/projects/{slug}/publications", response={201: PublicationOut})
@needs("account")
def add_publication(request: HttpRequest, slug: str, payload: DoiIn) -> Status[Publication]:
    """Name a publication of my project."""
    person = signed_in(request)
    project = queries.project_of(person, slug)
    return Status(201, services.add_publication(project=project, doi=payload.doi, by=person, now=utcnow()))


@router.delete("/projects/{slug}/publications", response={204: None})
@needs("account")
def remove_publication(request: HttpRequest, slug: str, doi: str = "") -> Status[None]:
    """Take a publication away."""
    person = signed_in(request)
    found = queries.project_of(person, slug).publications.filter(doi=doi.lower()).first()
    if found is None:
        raise NotFound(_("This project names no such publication."))
    services.remove_publication(publication=found, by=person, now=utcnow())
    return Status(204, None)


@router.get("/projects/{slug}/proposal", response=ProposalOut)
@needs("read")
def proposal(request: HttpRequest, slug: str) -> Handover:
    """The proposal of another principal investigator that waits for consent; 404 where there is none."""
    return _proposal(request, slug)


@router.post("/projects/{slug}/proposal", response={201: ProposalOut})
@needs("account")
def propose_pi(request: HttpRequest, slug: str, payload: ProposalIn) -> Status[Handover]:
    """Propose another principal investigator; they have to consent."""
    by = signed_in(request)
    project = queries.project_of(by, slug)
    person = queries.member_of(project, payload.uid).person
    return Status(201, services.propose_pi(project=project, person=person, by=by, now=utcnow()))


@router.delete("/projects/{slug}/proposal", response={204: None})
@needs("account")
def withdraw_proposal(request: HttpRequest, slug: str) -> Status[None]:
    """Take my proposal back."""
    person = signed_in(request)
    services.withdraw_proposal(project=queries.project_of(person, slug), by=person, now=utcnow())
    return Status(204, None)


@router.post("/projects/{slug}/proposal/answer", response={204: None})
@needs("account")
def answer_proposal(request: HttpRequest, slug: str, payload: AnswerIn) -> Status[None]:
    """Consent to become principal investigator, or decline."""
    found = _proposal(request, slug)
    services.answer_proposal(handover=found, accept=payload.accept, by=signed_in(request), now=utcnow())
    return Status(204, None)


def _proposal(request: HttpRequest, slug: str) -> Handover:
    found = queries.open_handover(queries.project_of(signed_in(request), slug), utcnow())
    if found is None:
        raise NotFound(_("No other principal investigator is proposed."))
    return found
