"""May this person ...? Pure questions."""

from fabrica.applications import rules as application_rules
from fabrica.applications.models import Application
from fabrica.people import rules as people_rules
from fabrica.people.models import Person
from fabrica.people.states import Role
from fabrica.reviews.models import TechnicalAssessment


def has_conflict(person: Person, application: Application) -> bool:
    """Whether the person works for the organisation that applies."""
    return people_rules.works_for(person, application.organisation)


def can_assess(person: Person, application: Application) -> bool:
    """Whether the person may assess it: an assessor without a conflict of interest."""
    return people_rules.has_role(person, Role.ASSESSOR) and not has_conflict(person, application)


def can_decide(person: Person, application: Application) -> bool:
    """Whether the person may decide on it: an officer without a conflict of interest who did not assess it.

    Two persons see every application: nobody decides on their own assessment.
    """
    if not people_rules.has_role(person, Role.OFFICER) or has_conflict(person, application):
        return False
    return not TechnicalAssessment.objects.filter(application=application, assessor=person).exists()


def sees_assessor(person: Person, application: Application) -> bool:
    """Whether the person is told who assessed and what hours were recommended."""
    return application_rules.sees_assessor(person, application)
