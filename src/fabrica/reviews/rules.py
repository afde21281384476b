"""May this person ...? Pure questions."""

from fabrica.applications.models import Application
from fabrica.people import rules as people_rules
from fabrica.people.models import Person
from fabrica.people.states import Role


def has_conflict(person: Person, application: Application) -> bool:
    """Whether the person works for the organisation that applies."""
    return people_rules.works_for(person, application.organisation)


def can_assess(person: Person, application: Application) -> bool:
    """Whether the person may assess it: an assessor without a conflict of interest."""
    return people_rules.has_role(person, Role.ASSESSOR) and not has_conflict(person, application)


def can_decide(person: Person, application: Application) -> bool:
    """Whether the person may decide on it: an officer without a conflict of interest."""
    return people_rules.has_role(person, Role.OFFICER) and not has_conflict(person, application)


def sees_assessor(person: Person, application: Application) -> bool:
    """Whether the person is told who assessed and what hours were recommended: staff without a conflict."""
    return people_rules.is_staff_member(person) and not has_conflict(person, application)
