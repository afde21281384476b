"""Everything one needs to decide on an application, on one page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from fabrica.allocations.models import Offer
from fabrica.allocations.queries import offer_waiting, project_from
from fabrica.allocations.rules import can_use_reserve
from fabrica.applications.engine.asked import Advice, times_apart
from fabrica.applications.models import Application, Submission
from fabrica.applications.queries import (
    Change,
    application_of,
    changes,
    proposal_of,
    spread_of,
    submissions_of,
    summary_of,
    timeline_of,
    visible_to,
)
from fabrica.applications.rules import refused_it
from fabrica.applications.states import State
from fabrica.kit.errors import NotFound
from fabrica.people.models import Person, SmeDeclaration
from fabrica.people.queries import Twin, marks_of, sme_declaration_of, twins
from fabrica.people.rules import has_interest, has_role, roles
from fabrica.people.states import Role
from fabrica.planner import Plan, Proposal
from fabrica.portal.engine import Task, task_for
from fabrica.projects.models import Project
from fabrica.reviews.models import TechnicalAssessment
from fabrica.reviews.queries import assessments_of
from fabrica.reviews.rules import is_reviewer
from fabrica.web.components import Event

MAX_EARLIER = 10
MAX_ALIKE = 5
PLAIN_FROM = 10  # from here on a ratio needs no decimals


@dataclass(frozen=True)
class Case:
    """An application as the desk shows it to one person. `task` is what this person is to do, if anything.

    `apart` tells by how many times the request exceeds the planner's proposal, where the two lie far apart.
    """

    application: Application
    task: Task | None
    has_conflict: bool
    had_part: bool  # refused it before an appeal, or reviewed it: somebody else decides
    parts: Sequence[Any]
    trust: Sequence[Any]
    events: Sequence[Event]
    proposal: tuple[Plan, Proposal] | None
    apart: float | None
    spread: Sequence[Advice]
    submissions: Sequence[Submission]
    changes: Sequence[Change] | None  # what the last submission changed in the one before, if there was one
    assessments: Sequence[TechnicalAssessment]
    earlier: Sequence[Application]
    members: int
    alike: Sequence[Twin]  # others that may be the same, with the reasons
    sme: SmeDeclaration | None  # what its organisation declared last of its size
    project: Project | None  # what an award opened
    offer: Offer | None = None  # what waits for the applicant's answer
    may_read_reviews: bool = False
    may_use_reserve: bool = False

    @property
    def assessment(self) -> TechnicalAssessment | None:
        """The newest assessment, which a decision rests on."""
        return self.assessments[0] if self.assessments else None

    @property
    def sees_reviews(self) -> bool:
        """Whether there are reviews by experts that this person reads: an officer without a part in it."""
        return self.may_read_reviews and not (self.has_conflict or self.had_part)

    @property
    def asks_less(self) -> bool:
        """Whether the request stays far below the proposal."""
        return self.apart is not None and self.apart < 1

    @property
    def times(self) -> float | None:
        """How often the smaller of request and proposal goes into the larger, where they lie far apart."""
        if self.apart is None:
            return None
        ratio = 1 / self.apart if self.asks_less else self.apart
        return round(ratio, 1) if ratio < PLAIN_FROM else round(ratio)


def case_of(person: Person, code: str) -> Case:
    """The case of an application. Raises NotFound, also for a draft, which is nobody's case yet."""
    application = application_of(person, code)
    if application.submitted_at is None:
        raise NotFound(
            _("%(application)s is not submitted.") % {"application": code}, todo=_("See what waits in the queue.")
        )
    has_conflict = has_interest(person, application.organisation)
    had_part = refused_it(person, application) or is_reviewer(person, application)
    declared = sme_declaration_of(application.organisation)
    proposal, submissions = _proposal(application), submissions_of(application)
    *parts, (_title, trust) = summary_of(application)
    return Case(
        application=application,
        task=task_for(
            application.state,
            roles(person),
            has_conflict=has_conflict or had_part,
            experts=application.has_experts,
        ),
        has_conflict=has_conflict,
        had_part=had_part,
        parts=parts,
        trust=trust,
        events=timeline_of(application, person),
        proposal=proposal,
        apart=times_apart(application.gpu_seconds_requested or 0, proposal[1].gpu_seconds) if proposal else None,
        spread=spread_of(application),
        submissions=submissions,
        changes=changes(application, *submissions[-2:]) if len(submissions) > 1 else None,
        assessments=list(assessments_of(person, application)),
        earlier=list(_earlier(person, application)),
        members=application.organisation.members.count(),
        alike=twins(marks_of(application.organisation), MAX_ALIKE, but=application.organisation_id),
        sme=declared,
        project=project_from(application),
        offer=offer_waiting(application) if application.state == State.OFFERED else None,
        may_use_reserve=can_use_reserve(person),
        may_read_reviews=has_role(person, Role.OFFICER) and application.has_experts,
    )


def _proposal(application: Application) -> tuple[Plan, Proposal] | None:
    """A machine the planner knows nothing of must not keep anybody from deciding."""
    try:
        return proposal_of(application)
    except NotFound:
        return None


def _earlier(person: Person, application: Application) -> QuerySet[Application]:
    rows = visible_to(person).filter(organisation=application.organisation, submitted_at__isnull=False)
    return rows.exclude(pk=application.pk)[:MAX_EARLIER]
