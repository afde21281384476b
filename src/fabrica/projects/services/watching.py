"""Looking after projects: who is told that hours lie idle, and when an officer is asked about them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.notices.queries import about_project
from fabrica.notices.services import tell
from fabrica.people.models import Person
from fabrica.projects import rules
from fabrica.projects.models import TEXT_LIMIT, LifeWatch, Project, ReclaimProposal
from fabrica.projects.queries import told
from fabrica.projects.states import ProposalState

MOST_MADE = 1_000


def make_watches(*, now: datetime) -> bool:
    """See that some of the projects without a watch get one; True when there were any."""
    missing = Project.objects.exclude(pk__in=LifeWatch.objects.values("project")).order_by("pk")[:MOST_MADE]
    rows = [LifeWatch(project=one, next_look_at=now) for one in missing]
    if rows:
        LifeWatch.objects.bulk_create(rows, ignore_conflicts=True)
    return bool(rows)


def look_again(*, watch: LifeWatch, at: datetime | None) -> bool:
    """Give a watch back until a moment; until never where nothing is left to look for."""
    return watch.settle(next_look_at=at)


def warn_idle(*, project: Project, since: datetime, days: int, unused: str, now: datetime) -> None:
    """Write to the project's people that nothing has run since a moment; once for each time it falls idle."""
    event = f"{project.subject}:idle:{since.isoformat()}"
    for person in told(project):
        tell(
            person=person, kind="project_idle", event=event, now=now, path=project.page,
            about=about_project(project.slug), project=project, days=days, unused=unused,
        )  # fmt: skip


@transaction.atomic
def propose_reclaim(*, project: Project, facts: Mapping[str, Any], now: datetime) -> None:
    """Ask the officers whether its hours go back; not again for the same idleness once one has answered."""
    mine = ReclaimProposal.objects.select_for_update().filter(project=project)
    answered = [one for one in mine.filter(state=ProposalState.KEPT) if one.facts["idle_since"] == facts["idle_since"]]
    if answered or mine.filter(state=ProposalState.OPEN).exists():
        return
    ReclaimProposal.objects.create(project=project, made_at=now, facts=dict(facts))
    record(verb="project.propose_reclaim", by=None, subject=project.subject, now=now, idle_days=facts["idle_days"])


@transaction.atomic
def lapse_reclaim(*, project: Project, now: datetime) -> None:
    """Take the question back: its jobs run again, or its time is over."""
    rows = ReclaimProposal.objects.filter(project=project, state=ProposalState.OPEN)
    if rows.update(state=ProposalState.LAPSED, decided_at=now):
        record(verb="project.lapse_reclaim", by=None, subject=project.subject, now=now)


@transaction.atomic
def keep_hours(*, proposal: ReclaimProposal, reason: str, by: Person, now: datetime) -> None:
    """Answer that the hours stay, with the reason its people read. Raises NotAllowed, Refused."""
    project = proposal.project
    if not rules.judges_reports(by, project):
        raise NotAllowed(_("Only an officer who stands outside the project answers this."))
    kept = reason.strip()
    if not kept or len(kept) > TEXT_LIMIT:
        raise Refused(_("A reason is needed, of at most %(most)s letters.") % {"most": TEXT_LIMIT})
    rows = ReclaimProposal.objects.filter(pk=proposal.pk, state=ProposalState.OPEN)
    if not rows.update(state=ProposalState.KEPT, decided_at=now, decided_by=by, reason=kept):
        raise Refused(_("This question is answered already."))
    record(verb="project.keep_hours", by=by, subject=project.subject, now=now)
    for person in told(project):
        event = f"{project.subject}:kept:{proposal.pk}"
        tell(person=person, kind="hours_kept", event=event, now=now, path=project.page, project=project, reason=kept)
