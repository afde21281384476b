"""Interests as they were declared, and lifted by an officer; what the rule of all who judge hears from here."""

from collections import defaultdict
from collections.abc import Collection

from django.db.models import QuerySet

from fabrica.people import rules as people_rules
from fabrica.people.models import Person
from fabrica.people.queries import Told
from fabrica.people.states import Role
from fabrica.reviews.models import Conflict, Expert, Link


def told_of(people: Collection[int]) -> Told:
    """What experts said of their employer, what anybody declared, what was lifted, what officers noted as linked."""
    employers = defaultdict[int, set[str]](set)
    for person, key in Expert.objects.filter(person__in=people).values_list("person", "affiliation_key"):
        employers[person] |= {key} - {""}
    declared, lifted = defaultdict[int, set[int]](set), defaultdict[int, set[int]](set)
    rows = Conflict.objects.filter(person__in=people).values_list("person", "organisation", "lifted_at")
    for person, organisation, lifted_at in rows:
        (declared if lifted_at is None else lifted)[person].add(organisation)
    return Told(employers, declared, lifted, lambda: list(Link.objects.values_list("one_id", "other_id")))


def interests_declared(person: Person) -> QuerySet[Conflict]:
    """What others declared, for officers, newest first; none for others, nor what the officer has an interest in."""
    if not people_rules.has_role(person, Role.OFFICER):
        return Conflict.objects.none()
    rows = Conflict.objects.select_related("person", "organisation", "lifted_by").order_by("-pk")
    return rows.exclude(person=person).exclude(organisation__in=people_rules.interests(person))
