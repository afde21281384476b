"""Idle hours: an officer is asked, announces, hears the project, and only then takes them, or lets them stay.

Taking them is a move of the ledger: whoever calls `settle_reclaim` does both in one transaction.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.notices.queries import about_project
from fabrica.notices.services import tell
from fabrica.people.models import Person
from fabrica.projects import rules
from fabrica.projects.models import Project, ReclaimProposal
from fabrica.projects.queries import told
from fabrica.projects.services.reasons import kept_reason
from fabrica.projects.states import UNSETTLED, ProposalState, Right


@transaction.atomic
def propose_reclaim(*, project: Project, facts: Mapping[str, Any], now: datetime) -> None:
    """Ask the officers whether its hours go back; not again for the same idleness once one has answered."""
    mine = ReclaimProposal.objects.select_for_update().filter(project=project)
    answered = [one for one in mine.filter(state=ProposalState.KEPT) if one.facts["idle_since"] == facts["idle_since"]]
    if answered or mine.filter(state__in=UNSETTLED).exists():
        return
    ReclaimProposal.objects.create(project=project, made_at=now, facts=dict(facts))
    record(verb="project.propose_reclaim", by=None, subject=project.subject, now=now, idle_days=facts["idle_days"])


@transaction.atomic
def lapse_reclaim(*, project: Project, now: datetime, stays: bool = True) -> None:
    """Take the question back: its jobs run again, or its time is over. Who was told that hours go is told they stay.

    Where they went in another way (`stays` is False), nobody is told that they stay.
    """
    for one in ReclaimProposal.objects.filter(project=project, state__in=UNSETTLED):
        if _moved(one, (one.state,), state=ProposalState.LAPSED, decided_at=now):
            record(verb="project.lapse_reclaim", by=None, subject=project.subject, now=now)
            if stays and one.announced_at is not None:
                _tell(one, "hours_lapsed", "lapsed", now)


@transaction.atomic
def keep_hours(*, proposal: ReclaimProposal, reason: str, by: Person, now: datetime) -> None:
    """Answer that the hours stay, with the reason its people read. Raises NotAllowed, Refused."""
    _must_judge(by, proposal)
    kept = kept_reason(reason)
    if not _moved(proposal, UNSETTLED, state=ProposalState.KEPT, decided_at=now, decided_by=by, reason=kept):
        raise Refused(_("This question is answered already."))
    record(verb="project.keep_hours", by=by, subject=proposal.project.subject, now=now)
    _tell(proposal, "hours_kept", "kept", now, reason=kept)


@transaction.atomic
def announce_reclaim(
    *, proposal: ReclaimProposal, days: int, unused: str, reason: str, by: Person, now: datetime
) -> None:
    """Tell the project that its unused hours go back, why, and until when it can object. Nothing is taken yet.

    Raises NotAllowed, Refused.
    """
    _must_judge(by, proposal)
    kept, until = kept_reason(reason), now + timedelta(days=days)
    announced = {"announced_at": now, "announced_by": by, "objects_until": until, "reason": kept}
    if not _moved(proposal, (ProposalState.OPEN,), state=ProposalState.ANNOUNCED, **announced):
        raise Refused(_("This question is no longer where it was."), todo=_("Reload the page."))
    record(verb="project.announce_reclaim", by=by, subject=proposal.project.subject, now=now, days=days)
    _tell(proposal, "hours_announced", "announced", now, reason=kept, unused=unused, until=until)


@transaction.atomic
def object_to_reclaim(*, proposal: ReclaimProposal, objection: str, by: Person, now: datetime) -> None:
    """Say why the project needs its hours; until an officer has answered nothing is taken.

    Raises NotAllowed for who does not lead it, Refused.
    """
    project = proposal.project
    if not rules.may(by, project, Right.MANAGE):
        raise NotAllowed(_("Only those who lead the project object."))
    kept = kept_reason(objection)
    if not proposal.may_object(now):
        raise Refused(_("There is nothing that the project can object to now."), todo=_("Write to an officer."))
    objected = {"objected_at": now, "objected_by": by, "objection": kept}
    if not _moved(proposal, (ProposalState.ANNOUNCED,), state=ProposalState.OBJECTED, **objected):
        raise Refused(_("This question is no longer where it was."), todo=_("Reload the page."))
    record(verb="project.object_to_reclaim", by=by, subject=project.subject, now=now)
    for officer in rules.judges_of(project):
        tell(
            person=officer, kind="hours_objected", event=_event(proposal, "objected"), now=now,
            path="/desk/projects/", project=project, objection=kept,
        )  # fmt: skip


@transaction.atomic
def settle_reclaim(*, proposal: ReclaimProposal, reason: str, by: Person, now: datetime) -> None:
    """Note that the hours go back: after its time to object, or with an answer to what it objected.

    Raises NotAllowed, Refused: also where the time is not over, or nothing was announced.
    """
    _must_judge(by, proposal)
    kept = kept_reason(reason)
    if not proposal.may_be_taken(now):
        raise Refused(
            _("These hours cannot be taken now."),
            why=_("The project was not told yet, may still object, or somebody answered meanwhile."),
            todo=_("Reload the page."),
        )
    decided = {"decided_at": now, "decided_by": by, "reason": kept}
    if not _moved(proposal, (proposal.state,), state=ProposalState.RECLAIMED, **decided):
        raise Refused(_("This question is no longer where it was."), todo=_("Reload the page."))
    record(verb="project.reclaim", by=by, subject=proposal.project.subject, now=now)


def note_reclaimed(*, proposal: ReclaimProposal, gpu_seconds: int) -> None:
    """Keep beside the answer how much went back."""
    ReclaimProposal.objects.filter(pk=proposal.pk).update(reclaimed_gpu_seconds=gpu_seconds)


def _must_judge(by: Person, proposal: ReclaimProposal) -> None:
    if not rules.judges_reports(by, proposal.project):
        raise NotAllowed(_("Only an officer who stands outside the project answers this."))


def _moved(proposal: ReclaimProposal, before: tuple[str, ...], **fields: Any) -> bool:
    """Whether it stood where it was read, and stands elsewhere now."""
    rows = ReclaimProposal.objects.filter(pk=proposal.pk, state__in=before)
    is_mine = bool(rows.update(**fields))
    proposal.refresh_from_db()
    return is_mine


def _event(proposal: ReclaimProposal, what: str) -> str:
    return f"{proposal.project.subject}:{what}:{proposal.pk}"


def _tell(proposal: ReclaimProposal, kind: str, event: str, now: datetime, **facts: Any) -> None:
    project = proposal.project
    for person in told(project):
        tell(
            person=person, kind=kind, event=_event(proposal, event), now=now, path=project.page,
            about=about_project(project.slug), project=project, **facts,
        )  # fmt: skip
