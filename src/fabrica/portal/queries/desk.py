"""What waits for the factory's staff."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from fabrica.applications.models import Application
from fabrica.applications.queries import queue, visible_to
from fabrica.applications.states import WITH_THE_FACTORY, State
from fabrica.kit.errors import NotAllowed
from fabrica.kit.paging import PAGE_SIZE, Page
from fabrica.people import rules
from fabrica.people.models import Person
from fabrica.people.queries import organisations_of
from fabrica.portal.engine import states_for
from fabrica.reviews.models import TechnicalAssessment
from fabrica.reviews.queries import visible_to as assessments_visible_to

MINE = "mine"
SHOWN = {
    "": (*WITH_THE_FACTORY,),
    State.SUBMITTED.value: (State.SUBMITTED,),
    State.SCREENED.value: (State.SCREENED,),
    State.ASSESSED.value: (State.ASSESSED,),
    State.RETURNED.value: (State.RETURNED,),
}


@dataclass(frozen=True)
class Waiting:
    """How many applications wait for a person, and how many of them are late."""

    due: int
    overdue: int


def must_be_staff(person: Person) -> None:
    """Raises NotAllowed for all but officers and assessors."""
    if not rules.is_staff_member(person):
        raise NotAllowed("The desk is for officers and assessors.", todo="Your own applications are on your home page.")


def due_for(person: Person) -> QuerySet[Application]:
    """What this person is to move on now, most urgent first: never for an organisation of their own."""
    waiting = queue(person).filter(state__in=states_for(rules.roles(person)))
    return waiting.exclude(organisation__in=organisations_of(person))


def waiting_for(person: Person, now: datetime) -> Waiting:
    """How much waits for this person."""
    late = Q(due_on__lt=timezone.localdate(now))
    told = due_for(person).aggregate(due=Count("pk", distinct=True), overdue=Count("pk", filter=late, distinct=True))
    return Waiting(told["due"], told["overdue"])


def next_for(person: Person, after: Application | None = None) -> Application | None:
    """The most urgent that this person is to move on, other than `after`; None when the desk is clear."""
    rows = due_for(person)
    return (rows.exclude(pk=after.pk) if after else rows).first()


def shown(person: Person, which: str) -> QuerySet[Application]:
    """The queue, or the part of it that `which` names (see `SHOWN`, and `mine`), most urgent first."""
    if which == MINE:
        return due_for(person)
    states = SHOWN.get(which, SHOWN[""])
    return visible_to(person).filter(state__in=states).order_by("due_on", "pk")


def counts(person: Person) -> dict[str, int]:
    """How many there are of each part of the queue."""
    rows = visible_to(person).filter(state__in=[one for states in SHOWN.values() for one in states])
    counted = dict(rows.order_by().values_list("state").annotate(n=Count("pk", distinct=True)))
    return {which: sum(counted.get(state, 0) for state in states) for which, states in SHOWN.items()}


def page_by_urgency(rows: QuerySet[Application], cursor: str = "", size: int = PAGE_SIZE) -> Page[Application]:
    """The page after `cursor` (`2026-11-25_17`: due date and key), most urgent first; a bad cursor starts afresh."""
    after = _read(cursor)
    if after is not None:
        day, key = after
        rows = rows.filter(Q(due_on__gt=day) | Q(due_on=day, pk__gt=key))
    found = list(rows[: size + 1])
    last = found[size - 1] if len(found) > size else None
    return Page(found[:size], f"{last.due_on}_{last.pk}" if last else "")


def _read(cursor: str) -> tuple[date, int] | None:
    day, _, key = cursor.partition("_")
    try:
        return date.fromisoformat(day[:10]), int(key[:18])
    except ValueError:
        return None


def assessments(person: Person, found: list[Application]) -> dict[int, TechnicalAssessment]:
    """The newest assessment of each of these applications, as far as the person may read it: one query."""
    rows = assessments_visible_to(person).filter(application__in=found).order_by("pk")
    return {one.application_id: one for one in rows}
