"""May this person ...? Pure questions."""

from django.utils.translation import gettext as _

from fabrica.kit.errors import NotAllowed
from fabrica.people import rules as people_rules
from fabrica.people.models import Person
from fabrica.people.states import Role


def can_operate(person: Person) -> bool:
    """Whether the person opens and closes calls and writes modes."""
    return people_rules.has_role(person, Role.OPERATOR)


def must_operate(person: Person) -> None:
    """Raises NotAllowed for everybody but operators."""
    if not can_operate(person):
        raise NotAllowed(_("Only an operator opens and closes calls and writes modes."))
