"""What a person's home shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, QuerySet, Subquery

from fabrica.allocations.rules import can_audit
from fabrica.applications.models import Application
from fabrica.applications.queries import visible_to as applications_visible_to
from fabrica.calls.queries import listed
from fabrica.dataspaces.queries import mine as datasets_of
from fabrica.kit.paging import page_of
from fabrica.notices.models import Notice
from fabrica.notices.queries import visible_to as notices_visible_to
from fabrica.people.models import Person
from fabrica.people.queries import organisations_of
from fabrica.people.rules import has_role, is_staff_member, roles
from fabrica.people.states import Role
from fabrica.portal.engine import ApplicationFacts, Facts, Owed, Step, next_step
from fabrica.portal.queries.desk import Waiting, waiting_for
from fabrica.portal.queries.standings import Standing, standings
from fabrica.projects.models import Member
from fabrica.reviews.queries import invitation_for, to_rank, to_write
from fabrica.training.models import Run
from fabrica.training.queries import visible_to as runs_visible_to
from fabrica.training.states import OPEN
from fabrica.trust.queries.conditions import owed_before_award
from fabrica.trust.queries.impact import to_sign

MAX_APPLICATIONS = 20
MAX_RUNS = 10
MAX_NOTICES = 8
SHOWN = (
    "code",
    "title",
    "state",
    "due_on",
    "step_due_at",
    "saved_at",
    "decided_at",
    "organisation__name",
    "call__title",
)


@dataclass(frozen=True)
class Home:
    """Everything on the page. `step` is what to do next; `may_apply` is false for those who are here for a role.

    `projects` counts all that the person belongs to; `standings` are the most urgent of them. `looks_after`: whether
    the lists of the staff are linked here, for who has no queue to find them in.
    """

    step: Step
    applications: Sequence[Application]
    standings: Sequence[Standing]
    projects: int
    runs: Sequence[Run]
    notices: Sequence[Notice]
    unread: int
    waiting: Waiting
    may_apply: bool
    has_more_applications: bool
    looks_after: bool


def home_of(person: Person, now: datetime) -> Home:
    """The person's home at this moment: about a dozen queries, whatever the number of rows."""
    page = page_of(_applications(person), size=MAX_APPLICATIONS)
    applications, projects = page.rows, standings(person, now)
    waiting = waiting_for(person, now) if is_staff_member(person) else Waiting(0, 0)
    impact = to_sign(person).first()
    facts = Facts(
        roles=roles(person),
        has_organisation=bool(applications) or organisations_of(person).exists(),
        applications=_applied(person, applications),
        projects=tuple(one.facts for one in projects),
        impact=(impact.pk, str(impact)) if impact else None,
        due=waiting.due,
        overdue=waiting.overdue,
        to_review=to_write(person).count() if has_role(person, Role.EXPERT) else 0,
        to_rank=to_rank(person, now).count(),
        is_invited=not has_role(person, Role.EXPERT) and invitation_for(person, now) is not None,
        datasets=datasets_of(person).count() if has_role(person, Role.PROVIDER) else 0,
        open_calls=sum(call.is_open(now) for call in listed()),
    )
    notices = notices_visible_to(person)
    unread = notices.filter(read_at=None).order_by().values("person").annotate(n=Count("pk")).values("n")
    newest = list(notices.annotate(unread=Subquery(unread))[:MAX_NOTICES])
    return Home(
        step=next_step(facts),
        applications=applications,
        standings=projects,
        projects=Member.objects.filter(person=person).count(),
        runs=list(_runs(person)[:MAX_RUNS]),
        notices=newest,
        unread=(newest[0].unread or 0) if newest else 0,
        waiting=waiting,
        may_apply=not facts.roles and not facts.is_invited and not any(one.helps for one in facts.projects),
        has_more_applications=bool(page.next_cursor),
        looks_after=can_audit(person) and not is_staff_member(person),
    )


def _applied(person: Person, applications: Sequence[Application]) -> tuple[ApplicationFacts, ...]:
    owed = owed_before_award(person, [one.subject for one in applications])
    owes = {subject: Owed(one.pk, one.words.rstrip("."), one.due_on) for subject, one in owed.items()}
    return tuple(
        ApplicationFacts(one.code, one.title, one.state, one.due_on, owes.get(one.subject)) for one in applications
    )  # fmt: skip


def _runs(person: Person) -> QuerySet[Run]:
    """Those that go on in the projects the person works in; of what hangs on a run, only its project is shown."""
    rows = runs_visible_to(person).filter(state__in=OPEN, project__members__person=person)
    return rows.select_related(None).select_related("project")


def _applications(person: Person) -> QuerySet[Application]:
    """Those of the person's own organisations, newest first, as far as a line shows of them."""
    rows = applications_visible_to(person).filter(organisation__in=organisations_of(person))
    return rows.select_related(None).select_related("organisation", "call").only(*SHOWN)
