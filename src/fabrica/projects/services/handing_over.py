"""Changing the principal investigator, with the consent of the new one."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, NotFound, Refused
from fabrica.notices.queries import about_project
from fabrica.notices.services import tell
from fabrica.people.models import Person
from fabrica.projects import rules
from fabrica.projects.facts import stands
from fabrica.projects.models import Handover, Project
from fabrica.projects.states import HandoverState, Right, Role


@transaction.atomic
def propose_pi(*, project: Project, person: Person, by: Person, now: datetime) -> Handover:
    """Ask a member who works in the project to answer for it from now on. Raises NotAllowed, Refused.

    A proposal that was open is withdrawn by this one.
    """
    if not rules.may(by, project, Right.HAND_OVER):
        raise NotAllowed(_("Only the principal investigator proposes another one."))
    if not rules.works_in(person, project) or by == person:
        raise Refused(
            _("Only another member who works in the project can become its principal investigator."),
            todo=_("Invite them first, or change their role."),
        )
    _settle(project, HandoverState.WITHDRAWN, now)
    ends = now + stands("handover").time
    made = Handover.objects.create(project=project, to=person, proposed_by=by, proposed_at=now, expires_at=ends)
    record(verb="project.propose_pi", by=by, subject=project.subject, now=now, person=person.uid)
    _tell(made, person, "pi_proposed", now)
    return made


@transaction.atomic
def withdraw_proposal(*, project: Project, by: Person, now: datetime) -> None:
    """Take back the open proposal. Raises NotAllowed, NotFound."""
    if not rules.may(by, project, Right.HAND_OVER):
        raise NotAllowed(_("Only the principal investigator takes back the proposal."))
    if not _settle(project, HandoverState.WITHDRAWN, now):
        raise NotFound(_("Nothing is proposed."))
    record(verb="project.withdraw_pi", by=by, subject=project.subject, now=now)


@transaction.atomic
def answer_proposal(*, handover: Handover, accept: bool, by: Person, now: datetime) -> None:
    """Consent to answer for the project, or decline. Who led it stays as co-principal investigator.

    Raises NotAllowed for all but the one who was asked, Refused where it is no longer open.
    """
    if by != handover.to:
        raise NotAllowed(_("Only the one who was asked answers."))
    project = Project.objects.select_for_update().get(pk=handover.project_id)
    state = HandoverState.ACCEPTED if accept else HandoverState.DECLINED
    rows = Handover.objects.filter(pk=handover.pk, state=HandoverState.OPEN, expires_at__gt=now)
    if not rows.update(state=state, settled_at=now) or not rules.works_in(by, project):
        raise Refused(_("This proposal is no longer open."), todo=_("Ask for another one."))
    if accept:
        project.members.filter(role=Role.PI).update(role=Role.CO_PI)
        project.members.filter(person=by).update(role=Role.PI)
        record(verb="project.accept_pi", by=by, subject=project.subject, now=now, person=handover.proposed_by.uid)
    else:
        record(verb="project.decline_pi", by=by, subject=project.subject, now=now, person=handover.proposed_by.uid)
    _tell(handover, handover.proposed_by, "pi_accepted" if accept else "pi_declined", now)


def _settle(project: Project, state: HandoverState, now: datetime) -> int:
    return Handover.objects.filter(project=project, state=HandoverState.OPEN).update(state=state, settled_at=now)


def _tell(handover: Handover, person: Person, kind: str, now: datetime) -> None:
    project = handover.project
    event = f"{project.subject}:{kind}:{handover.pk}"
    tell(
        person=person, kind=kind, event=event, now=now, path=project.page, about=about_project(project.slug),
        project=project, handover=handover,
    )  # fmt: skip
