"""Reading applications. Every list starts from `visible_to`."""

from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from fabrica.applications.engine import FIELDS, Gap, gaps
from fabrica.applications.models import Application
from fabrica.applications.states import WITH_THE_FACTORY, State
from fabrica.kit.errors import NotFound
from fabrica.people import rules as people_rules
from fabrica.people.models import Person


def visible_to(person: Person) -> QuerySet[Application]:
    """Those of the person's organisations; the factory's staff see what was submitted, never a draft. Newest first."""
    mine = Q(organisation__members__person=person)
    if people_rules.is_staff_member(person):
        mine |= Q(submitted_at__isnull=False)
    rows = Application.objects.select_related("call__machine__site", "organisation", "applicant", "gate")
    return rows.filter(mine).distinct().order_by("-pk")


def application_of(person: Person, code: str) -> Application:
    """An application by its code. Raises NotFound, also for one the person may not see."""
    found = visible_to(person).filter(code=code).first()
    if found is None:
        raise NotFound(f"There is no application {code} for you to see.", todo="See yours on your home page.")
    return found


def queue(person: Person) -> QuerySet[Application]:
    """What waits for the factory, most urgent first."""
    return visible_to(person).filter(state__in=WITH_THE_FACTORY).order_by("due_on", "pk")


def overdue(person: Person, today: date) -> QuerySet[Application]:
    """What should have been decided before today."""
    return queue(person).filter(due_on__lt=today)


def values(application: Application) -> dict[str, Any]:
    """The answers of an application, by field."""
    return {name: getattr(application, name) for name in FIELDS}


def gaps_of(application: Application) -> list[Gap]:
    """What keeps it from being submitted."""
    return gaps(values(application), application.call.mode)


def drafts_of(person: Person) -> QuerySet[Application]:
    """What waits for the person: drafts, and applications sent back."""
    return visible_to(person).filter(state__in=[State.DRAFT, State.RETURNED], organisation__members__person=person)
