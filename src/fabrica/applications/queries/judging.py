"""What roles let somebody see of applications, and the answer to who has an interest in one."""

from functools import reduce
from operator import or_

from django.db.models import Q

from fabrica.applications.models import Application
from fabrica.applications.states import State
from fabrica.people import rules as people_rules
from fabrica.people.models import Person
from fabrica.people.states import Role
from fabrica.trust.queries.board import codes_read_by


def judged_by(person: Person) -> Q | None:
    """What the person's roles let them see; None for who has none of these."""
    found = []
    if people_rules.is_staff_member(person):
        found.append(Q(submitted_at__isnull=False))
    if people_rules.has_role(person, Role.PANEL):
        found.append(Q(state__in=[State.EVALUATED, State.RANKED]))
    if people_rules.has_role(person, Role.ETHICS, Role.BOARD):
        found.append(Q(code__in=codes_read_by(person, "application"), submitted_at__isnull=False))
    return reduce(or_, found) if found else None


def must_have_no_interest(person: Person, code: str) -> None:
    """Raises NotAllowed for who would see it by a role, and has an interest in it."""
    judged = judged_by(person)
    if judged is None:
        return
    if found := Application.objects.select_related("organisation").filter(judged, code=code).first():
        people_rules.must_have_no_interest(person, found.organisation)
