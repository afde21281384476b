"""May this person ...? Pure questions."""

from fabrica.applications.models import Application
from fabrica.people import rules as people_rules
from fabrica.people.models import Person
from fabrica.people.states import Role


def can_award(person: Person, application: Application) -> bool:
    """Whether the person may award hours to it: an officer who does not work for its organisation."""
    is_officer = people_rules.has_role(person, Role.OFFICER)
    return is_officer and not people_rules.works_for(person, application.organisation)


def can_fund(person: Person) -> bool:
    """Whether the person may put hours into a machine's pool: an operator."""
    return people_rules.has_role(person, Role.OPERATOR)


def can_audit(person: Person) -> bool:
    """Whether the person may see pools and check the ledger: officers and operators."""
    return people_rules.has_role(person, Role.OFFICER, Role.OPERATOR)
