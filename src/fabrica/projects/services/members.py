"""Who belongs to a project, and as what."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, NotFound, Refused
from fabrica.people import rules as people_rules
from fabrica.people.models import Person
from fabrica.projects import rules
from fabrica.projects.models import Handover, Member, Project
from fabrica.projects.states import HandoverState, Right, Role


@transaction.atomic
def add_member(*, project: Project, email: str, by: Person, now: datetime) -> Member:
    """Let a person who has an account work in the project. Raises NotAllowed for all but its leaders, NotFound."""
    must_manage(by=by, project=project)
    person = Person.objects.filter(email__iexact=email, is_active=True).first()
    if person is None:
        raise NotFound(
            _("Nobody here has the address %(email)s.") % {"email": email}, todo=_("Ask them to sign up first.")
        )
    if people_rules.judges(person) and not rules.belongs_to(person, project):
        raise Refused(_("This person cannot be added."), todo=_("Invite them; they join themselves."))
    member, created = Member.objects.get_or_create(
        project=project, person=person, defaults={"role": Role.MEMBER, "joined_at": now}
    )
    if created:
        record(verb="project.add_member", by=by, subject=project.subject, now=now, person=person.uid)
    return member


@transaction.atomic
def remove_member(*, project: Project, person: Person, by: Person, now: datetime) -> None:
    """End a person's part in the project; the principal investigator stays. Raises NotAllowed."""
    must_manage(by=by, project=project)
    lock(project)
    if rules.is_pi(person, project):
        raise NotAllowed(_("The principal investigator answers for the project, and stays."))
    must_appoint(by, project, *project.members.filter(person=person).values_list("role", flat=True))
    if project.members.filter(person=person).delete()[0]:
        revoke_letters_of(person, project, now)
        record(verb="project.remove_member", by=by, subject=project.subject, now=now, person=person.uid)


@transaction.atomic
def set_role(*, project: Project, person: Person, role: Role, by: Person, now: datetime) -> None:
    """Change as what a member belongs to the project; a new principal investigator must consent. Raises a Problem."""
    must_manage(by=by, project=project)
    member = project.members.select_for_update().filter(person=person).first()
    if member is None:
        raise NotFound(_("There is no such member in this project."))
    before = Role(member.role)
    if Role.PI in (before, role):
        raise Refused(
            _("The principal investigator is not changed like this."),
            todo=_("Propose another one; they have to consent."),
        )
    must_appoint(by, project, before, role)
    if before != role:
        project.members.filter(person=person).update(role=role)
        if not rules.leads(person, project):
            revoke_letters_of(person, project, now)
        facts = {"person": person.uid, "before": before.value, "after": role.value}
        record(verb="project.set_role", by=by, subject=project.subject, now=now, **facts)


@transaction.atomic
def leave(*, project: Project, by: Person, now: datetime) -> None:
    """End one's own part in the project. Raises NotFound, and Refused for the principal investigator."""
    lock(project)
    if rules.is_pi(by, project):
        raise Refused(
            _("The principal investigator cannot leave the project."),
            todo=_("Propose another one first; when they consent, you may leave."),
        )
    if not project.members.filter(person=by).delete()[0]:
        raise NotFound(_("You do not belong to this project."))
    revoke_letters_of(by, project, now)
    project.handovers.filter(to=by, state=HandoverState.OPEN).update(state=HandoverState.DECLINED, settled_at=now)
    record(verb="project.leave", by=by, subject=project.subject, now=now)


def leave_all(*, person: Person, now: datetime) -> None:
    """Take a person who is being erased out of every project; who erases them writes the entry of the audit."""
    for project in Project.objects.filter(members__person=person).order_by("pk"):
        lock(project)
        revoke_letters_of(person, project, now)
    waiting = Handover.objects.filter(Q(to=person) | Q(proposed_by=person), state=HandoverState.OPEN)
    waiting.update(state=HandoverState.DECLINED, settled_at=now)
    Member.objects.filter(person=person).delete()


def lock(project: Project) -> None:
    """Be alone with who belongs to a project until the transaction ends."""
    Project.objects.select_for_update().get(pk=project.pk)


def revoke_letters_of(person: Person, project: Project, now: datetime) -> None:
    """Let nobody join by an invitation of somebody who no longer leads the project."""
    project.invitations.filter(invited_by=person, accepted_at=None, revoked_at=None).update(
        revoked_at=now, mail_at=None
    )


def must_manage(*, by: Person, project: Project) -> None:
    """Raises NotAllowed for all but those who lead the project."""
    if not rules.leads(by, project):
        raise NotAllowed(_("Only those who lead the project change who belongs to it."))


def must_appoint(by: Person, project: Project, *roles: Role | str) -> None:
    """Raises NotAllowed where a co-principal investigator is made or unmade by another than the principal one."""
    if Role.CO_PI in roles and not rules.may(by, project, Right.HAND_OVER):
        raise NotAllowed(_("Only the principal investigator appoints and dismisses co-principal investigators."))
