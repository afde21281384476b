"""May this person ...? Pure questions."""

from django.utils.translation import gettext as _

from fabrica.applications.models import Application
from fabrica.applications.states import State
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.people import rules as people_rules
from fabrica.people.models import Person
from fabrica.people.states import Role


def can_edit(person: Person, application: Application) -> bool:
    """Whether the person may write in it and submit or withdraw it: a member of its organisation."""
    return people_rules.works_for(person, application.organisation)


def must_edit(person: Person, application: Application) -> None:
    """Raises NotAllowed for who may not write in it, Refused where nobody may now."""
    if not can_edit(person, application):
        raise NotAllowed(_("Only members of the organisation write in its application."))
    if not application.is_editable:
        raise Refused(_("This application cannot be changed now."), todo=_("Open its page to see where it stands."))


def has_interest(person: Person, application: Application) -> bool:
    """Whether the person has an interest in who applies."""
    return people_rules.has_interest(person, application.organisation)


def can_screen(person: Person, application: Application) -> bool:
    """Whether the person may screen it: an officer who has no interest in its organisation, nor refused it before."""
    if not people_rules.has_role(person, Role.OFFICER) or has_interest(person, application):
        return False
    return not refused_it(person, application)


def refused_it(person: Person, application: Application) -> bool:
    """Whether an appeal goes against a refusal of this person: somebody else decides then, whatever comes of it."""
    if application.appealed_at is None:
        return False
    return application.transitions.filter(after=State.REFUSED, by=person).exists()


def sees_assessor(person: Person, application: Application) -> bool:
    """Whether the person is told who assessed it: staff without an interest in its organisation."""
    return people_rules.is_staff_member(person) and not has_interest(person, application)
