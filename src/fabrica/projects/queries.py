"""Reading projects."""

from collections.abc import Iterable
from datetime import datetime

from django.core.signing import BadSignature, Signer
from django.db.models import QuerySet

from fabrica.kit.errors import NotFound
from fabrica.people import rules as people_rules
from fabrica.people.models import Person
from fabrica.people.states import Role
from fabrica.projects.models import Handover, Invitation, Member, Project
from fabrica.projects.states import HandoverState, Right, holders

MAX_LETTER_TRIES = 8
_SIGNER = Signer(salt="fabrica.projects.invitation", sep=".")


def visible_to(person: Person) -> QuerySet[Project]:
    """The projects the person belongs to; officers and operators see all. Newest first."""
    rows = Project.objects.select_related("organisation").order_by("-pk")
    if people_rules.has_role(person, Role.OFFICER, Role.OPERATOR):
        return rows
    return rows.filter(pk__in=Member.objects.filter(person=person).values("project"))


def project_of(person: Person, slug: str) -> Project:
    """A project by its slug. Raises NotFound, also for one the person may not see."""
    found = visible_to(person).filter(slug=slug).first()
    if found is None:
        raise NotFound(f"There is no project {slug} among yours.", todo="See your projects on your home page.")
    return found


def working() -> QuerySet[Member]:
    """Those who work in their project, and so have a name on its machine."""
    return Member.objects.filter(role__in=holders(Right.WORK))


def told(project: Project) -> list[Person]:
    """Those who are written to about a project's life."""
    rows = project.members.filter(role__in=holders(Right.TOLD), person__is_active=True)
    return [one.person for one in rows.select_related("person").order_by("pk")]


def member_of(project: Project, uid: str) -> Member:
    """A member of a project. Raises NotFound."""
    found = project.members.select_related("person").filter(person__uid=uid).first()
    if found is None:
        raise NotFound("There is no such member in this project.")
    return found


def unanswered(project: Project) -> QuerySet[Invitation]:
    """The invitations to a project that were neither accepted nor revoked, newest first; some have expired."""
    rows = Invitation.objects.filter(project=project, accepted_at=None, revoked_at=None)
    return rows.select_related("invited_by").order_by("-pk")


def invitation_of(project: Project, uid: str) -> Invitation:
    """One of the unanswered invitations to a project. Raises NotFound."""
    found = unanswered(project).filter(uid=uid).first()
    if found is None:
        raise NotFound("There is no such invitation to this project.")
    return found


def code_of(invitation: Invitation) -> str:
    """What the link of its last letter ends in; only the site's secret can make it."""
    return _SIGNER.sign(f"{invitation.uid}-{invitation.serial}")


def invitation_by_code(code: str) -> Invitation:
    """The invitation whose last letter carries this code. Raises NotFound, the same for all that is wrong with it."""
    found = None
    try:
        uid, _, serial = _SIGNER.unsign(code).partition("-")
    except BadSignature:
        pass
    else:
        rows = Invitation.objects.select_related("project__organisation", "invited_by")
        found = rows.filter(uid=uid, serial=int(serial)).first()
    if found is None:
        raise NotFound(
            "This invitation is not known.",
            why="Its link is incomplete, or a newer letter took its place.",
            todo="Open the link of the newest letter, or ask who invited you for another.",
        )
    return found


def letters_due(now: datetime) -> QuerySet[Invitation]:
    """The invitations whose letter is to be sent now; after eight tries we stop, and the page says so."""
    rows = Invitation.objects.select_related("project__organisation", "invited_by")
    return rows.filter(mail_at__lte=now, mail_tries__lt=MAX_LETTER_TRIES).order_by("mail_at", "pk")


def open_handover(project: Project, now: datetime) -> Handover | None:
    """The change of the principal investigator that waits for consent."""
    rows = Handover.objects.select_related("to", "proposed_by")
    return rows.filter(project=project, state=HandoverState.OPEN, expires_at__gt=now).first()


def roles_of(person: Person, projects: Iterable[Project]) -> dict[int, str]:
    """As what a person belongs to each of some projects, by the project's key."""
    rows = Member.objects.filter(person=person, project__in=[one.pk for one in projects])
    return dict(rows.values_list("project", "role"))
