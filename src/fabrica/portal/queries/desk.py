"""What waits for the factory's staff."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from fabrica.applications.engine.clocks import Clock, Step
from fabrica.applications.models import Application, Transition
from fabrica.applications.queries import UNSEEN, is_late, queue, visible_to
from fabrica.applications.states import WITH_THE_FACTORY, Standing, State
from fabrica.kit.errors import NotAllowed
from fabrica.kit.paging import PAGE_SIZE, Page, page_by
from fabrica.people import rules
from fabrica.people.models import Person
from fabrica.portal.engine import states_for
from fabrica.reviews.models import TechnicalAssessment
from fabrica.reviews.queries import visible_to as assessments_visible_to

MINE = "mine"
LATE = "late"
SHOWN = {
    "": (*WITH_THE_FACTORY,),
    State.SUBMITTED.value: (State.SUBMITTED,),
    State.SCREENED.value: (State.SCREENED,),
    State.ASSESSED.value: (State.ASSESSED,),
    State.EVALUATED.value: (State.EVALUATED,),
    State.RANKED.value: (State.RANKED,),
    State.OFFERED.value: (State.OFFERED,),
    State.APPEALED.value: (State.APPEALED,),
    State.RETURNED.value: (State.RETURNED,),
}


@dataclass(frozen=True)
class Waiting:
    """How many applications wait for a person, and how many of them are late."""

    due: int
    overdue: int


@dataclass(frozen=True)
class Timed:
    """An application with the step that runs, and how that step's clock stands at the moment it was looked at."""

    application: Application
    step: Step | None
    standing: Standing | None


def timed(application: Application, clock: Clock | None, now: datetime) -> Timed:
    """An application with its running step."""
    step = clock.step if clock else None
    return Timed(application, step, step.standing(now) if step else None)


def must_be_staff(person: Person) -> None:
    """Raises NotAllowed for all but officers and assessors."""
    if not rules.is_staff_member(person):
        raise NotAllowed(
            _("The desk is for officers and assessors."), todo=_("Your own applications are on your home page.")
        )


def due_for(person: Person) -> QuerySet[Application]:
    """What this person is to move on now, most urgent first: never for an organisation they have an interest in.

    Nor what was appealed against after they had refused it.
    """
    waiting = queue(person).filter(state__in=states_for(rules.roles(person)))
    refused = Transition.objects.filter(application=OuterRef("pk"), after=State.REFUSED, by=person)
    appealed = waiting.filter(appealed_at__isnull=False).filter(Exists(refused))
    return waiting.exclude(organisation__in=rules.interests(person)).exclude(pk__in=appealed.order_by().values("pk"))


def waiting_for(person: Person, now: datetime) -> Waiting:
    """How much waits for this person."""
    late = Count("pk", filter=is_late(now), distinct=True)
    told = due_for(person).aggregate(due=Count("pk", distinct=True), overdue=late)
    return Waiting(told["due"], told["overdue"])


def next_for(person: Person, after: Application | None = None) -> str | None:
    """The code of the most urgent that this person is to move on, other than `after`; None when the desk is clear."""
    rows = due_for(person).select_related(None)
    return (rows.exclude(pk=after.pk) if after else rows).values_list("code", flat=True).first()


def shown(person: Person, which: str, now: datetime) -> QuerySet[Application]:
    """The queue, or the part of it that `which` names (see `SHOWN`, `mine` and `late`), most urgent first.

    What waits for the applicant is a part of its own: its clock stands still.
    """
    if which == MINE:
        return due_for(person)
    if which == LATE:
        return visible_to(person).filter(is_late(now)).order_by("step_due_at", "pk")
    states = SHOWN.get(which, SHOWN[""])
    return visible_to(person).filter(state__in=states).order_by("step_due_at", "pk")


def counts(person: Person, now: datetime) -> dict[str, int]:
    """How many there are of each part of the queue."""
    rows = visible_to(person).filter(state__in=[one for states in SHOWN.values() for one in states])
    by_state = rows.order_by().values_list("state")
    late = Count("pk", filter=is_late(now), distinct=True)
    counted = {state: (n, n_late) for state, n, n_late in by_state.annotate(n=Count("pk", distinct=True), late=late)}
    told = {which: sum(counted.get(state, (0, 0))[0] for state in states) for which, states in SHOWN.items()}
    return {**told, LATE: sum(n_late for _, n_late in counted.values())}


def page_by_urgency(rows: QuerySet[Application], cursor: str = "", size: int = PAGE_SIZE) -> Page[Application]:
    """The page that `cursor` names, most urgent first; a bad cursor starts afresh."""
    return page_by(rows.defer(*UNSEEN), "step_due_at", cursor, size)


def assessments(person: Person, found: list[Application]) -> dict[int, TechnicalAssessment]:
    """The newest assessment of each of these applications, as far as the person may read it: one query."""
    rows = assessments_visible_to(person).filter(application__in=found).order_by("pk")
    rows = rows.select_related(None).select_related("assessor")
    return {one.application_id: one for one in rows}
