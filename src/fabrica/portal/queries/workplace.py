"""What a project's page shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from fabrica.allocations.engine import Balance
from fabrica.allocations.models import Award, ClusterAccount, Phase
from fabrica.allocations.queries import award_of, balance, charged_as, cluster_account_of, in_flight, phases_of
from fabrica.allocations.rules import can_audit, can_top_up
from fabrica.clusters.queries import access_card, unix_names
from fabrica.dataspaces.models import Staging
from fabrica.dataspaces.queries import stagings_in
from fabrica.kit.errors import NotFound, Problem
from fabrica.kit.paging import Page, page_by
from fabrica.people.models import Person
from fabrica.portal.counted import counted, in_native
from fabrica.portal.queries.changing import Changed, changes_of
from fabrica.portal.queries.life import Life, life_of
from fabrica.portal.words import due
from fabrica.projects import rules
from fabrica.projects.models import (
    Handover,
    Invitation,
    Listing,
    Member,
    Project,
    Publication,
    ReclaimProposal,
    Report,
    Storage,
)
from fabrica.projects.queries import members_of, open_handover, project_of, storage_of, unanswered
from fabrica.projects.states import MAY, UNSETTLED, InvitationState, Right, Role
from fabrica.registry.models import ModelVersion
from fabrica.registry.queries import visible_to as models_visible_to
from fabrica.training.models import Run
from fabrica.training.queries import RunBill, bill, runs_in

MAX_RUNS = 10
MAX_MODELS = 10
MAX_STAGINGS = 20
ON_THIS_COMPUTER = "local"


@dataclass(frozen=True)
class Hours:
    """An award, where its GPU-seconds are, and its account on the machine. `bill` is None where none can be made.

    `in_flight` is what jobs that run used so far, in GPU-seconds: not booked as yet. `counted` says how the machine
    counts, and `free_there` what is free in its own hours; both empty where those are GPU-hours.
    """

    award: Award
    balance: Balance
    in_flight: int
    account: ClusterAccount
    bill: RunBill | None
    counted: str
    free_there: str
    changes: Sequence[Changed]
    phases: Sequence[Phase]
    life: Life | None

    @property
    def is_ready(self) -> bool:
        """Whether the account was read back from the machine, and nobody changed it by hand since."""
        return self.account.is_ready


@dataclass(frozen=True)
class Owed:
    """A report of the project, and its day in words with the tone of the badge."""

    report: Report
    due: tuple[str, str]
    is_barring: bool


@dataclass(frozen=True)
class Shown:
    """An unanswered invitation, and how it stands now."""

    invitation: Invitation
    state: InvitationState


@dataclass(frozen=True)
class Workplace:
    """A project as one person sees it: as what they belong to it, whether they work in it, and whether they lead it."""

    project: Project
    is_open: bool
    can_work: bool
    leads: bool
    is_pi: bool
    me: Member | None
    hours: Hours | None
    members: Page[Member]
    invitations: Sequence[Shown]
    proposal: Handover | None
    reports: Sequence[Owed]
    writes: bool
    publications: Sequence[Publication]
    listing: Listing | None  # what its principal investigator answered about the public list
    reclaim: ReclaimProposal | None  # the newest question about its idle hours, and its answer
    may_object: bool
    storage: Storage | None  # what the award lets it store
    stagings: Sequence[Staging]
    runs: Sequence[Run]
    models: Sequence[ModelVersion]
    may_top_up: bool
    sees_who_added: bool
    unix_name: str  # what the person is called on the machine; empty where nobody signs in, or not yet
    card: tuple[str, ...]  # what their own job scripts begin with there; empty likewise


def workplace_of(person: Person, slug: str, now: datetime, cursor: str = "") -> Workplace:
    """A project with all that belongs to it, and the page of its members that `cursor` names.

    Raises NotFound, also for a project that the person may not see.
    """
    project = project_of(person, slug)
    hours, can_work = _hours(person, project, now), rules.works_in(person, project)
    unix_name = _unix_name(person, hours.award) if hours and can_work else ""
    me = members_of(project).filter(person=person).first()
    leads = me is not None and Right.MANAGE in MAY[Role(me.role)]
    reclaim = ReclaimProposal.objects.filter(project=project).order_by("-pk").first()
    if reclaim is not None and reclaim.state in UNSETTLED and hours is not None and hours.award.revoked_at is not None:
        reclaim = None  # the hours went in another way: there is nothing to say about it
    return Workplace(
        project=project,
        is_open=now < project.ends_at,
        can_work=can_work,
        leads=leads,
        is_pi=me is not None and me.role == Role.PI,
        me=me,
        hours=hours,
        members=page_by(members_of(project), "joined_at", cursor),
        invitations=[Shown(one, one.state(now)) for one in unanswered(project)] if leads else [],
        proposal=open_handover(project, now),
        reports=owed_by(project, now),
        publications=list(project.publications.order_by("-pk")),
        listing=Listing.objects.filter(project=project).first(),
        writes=me is not None and Right.REPORT in MAY[Role(me.role)],
        reclaim=reclaim,
        storage=storage_of(project),
        may_object=leads and reclaim is not None and reclaim.may_object(now),
        stagings=list(stagings_in(person, project)[:MAX_STAGINGS]),
        runs=list(runs_in(person, project)[:MAX_RUNS]),
        models=list(models_visible_to(person).filter(model__project=project)[:MAX_MODELS]),
        may_top_up=hours is not None and now < hours.award.ends_at and can_top_up(person, hours.award),
        sees_who_added=can_audit(person),
        unix_name=unix_name,
        card=_card(hours.award) if hours and unix_name else (),
    )


def owed_by(project: Project, now: datetime) -> list[Owed]:
    """The reports of a project, the one due first."""
    today = timezone.localtime(now).date()
    rows = Report.objects.select_related("project").filter(project=project).order_by("due_on", "pk")
    return [Owed(one, due(one.due_on, today), one.is_barring(today)) for one in rows]


def _card(award: Award) -> tuple[str, ...]:
    try:
        return access_card(award.machine, award.account_name, charged_as(award)[0])
    except Problem:  # a machine's file that cannot be read must hide no page
        return ()


def _unix_name(person: Person, award: Award) -> str:
    if award.machine.adapter == ON_THIS_COMPUTER:
        return ""
    return unix_names(award.machine.site, [person.pk]).get(person.pk, "")


def _hours(person: Person, project: Project, now: datetime) -> Hours | None:
    try:
        award = award_of(project)
    except NotFound:
        return None
    has = balance(award)
    told, flying = (counted(award.machine), in_native(award.machine, has.free)), in_flight(award)
    return Hours(
        award,
        has,
        flying,
        cluster_account_of(award),
        _bill(award),
        *told,
        changes_of(award, names=can_audit(person)),
        list(phases_of(award)),
        life_of(award, now, used=has.used + flying),
    )


def _bill(award: Award) -> RunBill | None:
    """A machine or country without facts must not hide the project's page."""
    try:
        return bill(award)
    except NotFound:
        return None
