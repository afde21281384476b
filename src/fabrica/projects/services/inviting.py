"""Inviting people by e-mail: a link that works once, until a day."""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator, MaxLengthValidator
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.kit.errors import Refused
from fabrica.notices.queries import about_project
from fabrica.notices.services import tell
from fabrica.people.models import Person
from fabrica.projects.facts import stands
from fabrica.projects.models import Invitation, Member, Project
from fabrica.projects.queries import unanswered
from fabrica.projects.services.members import must_appoint, must_manage
from fabrica.projects.states import InvitationState, Right, Role, holders

MOST_OPEN = 50
MOST_A_DAY, MOST_A_DAY_TO_ONE = 100, 3
MOST_LETTERS = 10  # of one invitation: nobody's mailbox is filled from here


@transaction.atomic
def invite(*, project: Project, email: str, role: Role, by: Person, now: datetime) -> Invitation:
    """Invite an address to a project that has not ended; a worker sends the letter. Raises NotAllowed, Refused."""
    must_manage(by=by, project=project)
    must_appoint(by, project, role)
    kept = _address(email)
    _must_be_invitable(project, kept, role, now)
    _must_be_few(kept, by, now)
    project.invitations.filter(email=kept, accepted_at=None, revoked_at=None, expires_at__lte=now).update(
        revoked_at=now
    )
    try:
        with transaction.atomic():
            made = Invitation.objects.create(
                project=project, email=kept, role=role, invited_by=by, invited_at=now,
                expires_at=now + stands("invitation").time, mail_at=now,
            )  # fmt: skip
    except IntegrityError as error:
        raise Refused(
            _("%(email)s is invited already.") % {"email": kept}, todo=_("Send that invitation again, or revoke it.")
        ) from error
    record(verb="project.invite", by=by, subject=project.subject, now=now, invitation=made.uid, role=role.value)
    return made


def _address(email: str) -> str:
    kept = email.strip().lower()
    try:
        EmailValidator()(kept)
        MaxLengthValidator(254)(kept)
    except ValidationError as error:
        raise Refused(_("This is no e-mail address."), todo=_("Write one such as name@example.org.")) from error
    return kept


def _must_be_invitable(project: Project, email: str, role: Role, now: datetime) -> None:
    if now >= project.ends_at:
        raise Refused(_("The project has ended."), todo=_("Nobody can join it any more."))
    if role == Role.PI:
        raise Refused(
            _("Nobody is invited as principal investigator."), todo=_("Invite them as a member, then propose them.")
        )
    if project.members.filter(person__email__iexact=email).exists():
        raise Refused(_("%(email)s belongs to the project already.") % {"email": email})
    if unanswered(project).count() >= MOST_OPEN:
        raise Refused(
            _("%(most)s invitations are open already.") % {"most": MOST_OPEN}, todo=_("Revoke some of them first.")
        )


def _must_be_few(email: str, by: Person, now: datetime) -> None:
    day = Invitation.objects.filter(invited_at__gt=now - timedelta(days=1))
    if day.filter(email=email).count() >= MOST_A_DAY_TO_ONE or day.filter(invited_by=by).count() >= MOST_A_DAY:
        raise Refused(_("Too many invitations in a day."), todo=_("Try again tomorrow."))


@transaction.atomic
def invite_again(*, invitation: Invitation, by: Person, now: datetime) -> Invitation:
    """Send another letter: a new link, the whole time again; the old link is dead. Raises NotAllowed, Refused."""
    project = invitation.project
    must_manage(by=by, project=project)
    must_appoint(by, project, invitation.role)
    if now >= project.ends_at or invitation.serial >= MOST_LETTERS:
        raise Refused(_("No further letter is sent for this invitation."), todo=_("Revoke it, and invite anew."))
    rows = _unanswered(invitation).filter(serial=invitation.serial)
    time = stands("invitation").time
    if not rows.update(
        serial=invitation.serial + 1, expires_at=now + time, mail_at=now, mail_tries=0, claim_token="",
        claim_expires_at=None,
    ):  # fmt: skip
        raise Refused(_("Somebody else dealt with this invitation meanwhile."), todo=_("Reload the page."))
    record(verb="project.invite_again", by=by, subject=project.subject, now=now, invitation=invitation.uid)
    invitation.refresh_from_db()
    return invitation


@transaction.atomic
def revoke_invitation(*, invitation: Invitation, by: Person, now: datetime) -> None:
    """Make its link worthless. Raises NotAllowed, and Refused once it was accepted."""
    must_manage(by=by, project=invitation.project)
    if not _unanswered(invitation).update(revoked_at=now, mail_at=None):
        raise Refused(_("Somebody else dealt with this invitation meanwhile."), todo=_("Reload the page."))
    record(
        verb="project.revoke_invitation", by=by, subject=invitation.project.subject, now=now, invitation=invitation.uid
    )


@transaction.atomic
def accept_invitation(*, invitation: Invitation, by: Person, now: datetime) -> Member:
    """Join by an invitation; its link works once. Raises Refused for one that is no longer open.

    Whoever has the letter may join, under whatever address they signed in: those who lead the project are told who did.
    """
    project, state = invitation.project, invitation.state(now)
    if state != InvitationState.OPEN or now >= project.ends_at:
        raise Refused(_("This invitation is no longer open."), why=str(state.label), todo=_("Ask for another one."))
    if project.members.filter(person=by).exists():
        raise Refused(_("You belong to this project already."))
    if (
        not _unanswered(invitation)
        .filter(serial=invitation.serial)
        .update(accepted_by=by, accepted_at=now, mail_at=None)
    ):
        raise Refused(_("This invitation is no longer open."), todo=_("Ask for another one."))
    member = Member.objects.create(project=project, person=by, role=invitation.role, joined_at=now)
    facts = {"invitation": invitation.uid, "role": invitation.role}
    record(verb="project.join", by=by, subject=project.subject, now=now, **facts)
    event = f"{project.subject}:joined:{invitation.uid}"
    for leader in project.members.select_related("person").filter(role__in=holders(Right.MANAGE)).exclude(person=by):
        tell(
            person=leader.person, kind="project_joined", event=event, now=now, path=project.page,
            about=about_project(project.slug), project=project, newcomer=by, email=invitation.email,
            role=member.get_role_display(),
        )  # fmt: skip
    return member


def note_letter(*, invitation: Invitation, sent: bool, now: datetime) -> bool:
    """Keep whether its letter went out; a failed try waits twice as long as the one before."""
    wait = None if sent else now + timedelta(minutes=2**invitation.mail_tries)
    return invitation.settle(mail_at=wait, mail_tries=invitation.mail_tries + 1)


def _unanswered(invitation: Invitation) -> QuerySet[Invitation]:
    return Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None)
