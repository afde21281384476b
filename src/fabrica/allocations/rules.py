"""May this person ...? Pure questions."""

from django.conf import settings
from django.utils.translation import gettext as _

from fabrica.allocations.models import Award
from fabrica.applications.models import Application
from fabrica.kit.errors import NotAllowed
from fabrica.people import rules as people_rules
from fabrica.people.models import Organisation, Person
from fabrica.people.states import Role
from fabrica.projects import rules as project_rules
from fabrica.reviews.rules import can_decide, has_interest


def can_award(person: Person, application: Application) -> bool:
    """Whether the person may award hours to it: whoever may decide on it."""
    return can_decide(person, application)


def can_top_up(person: Person, award: Award) -> bool:
    """Whether the person may add hours to an award: who may decide on its application, and operators; from outside."""
    if project_rules.belongs_to(person, award.project) or has_interest(person, award.application):
        return False
    return can_fund(person) or can_decide(person, award.application)


def can_change(person: Person, award: Award) -> bool:
    """Whether the person may extend an award or take it back: who may add hours to it."""
    return can_top_up(person, award)


def can_use_reserve(person: Person) -> bool:
    """Whether the person may give hours of the director's reserve: an officer whom the site names for it."""
    named = {one.casefold() for one in settings.FABRICA_RESERVE_OFFICERS}
    return people_rules.has_role(person, Role.OFFICER) and person.email.casefold() in named


def can_fund(person: Person) -> bool:
    """Whether the person may put hours into a machine's pool: an operator."""
    return people_rules.has_role(person, Role.OPERATOR)


def can_audit(person: Person) -> bool:
    """Whether the person may see pools and check the ledger: officers and operators."""
    return people_rules.has_role(person, Role.OFFICER, Role.OPERATOR)


def must_audit(person: Person) -> None:
    """Raises NotAllowed for others than officers and operators."""
    if not can_audit(person):
        raise NotAllowed(_("Pools and the ledger are for officers and operators."))


def can_bill(person: Person, award: Award) -> bool:
    """Whether the person may draw up, issue and cancel what an award pays: who may add hours to it."""
    return can_top_up(person, award)


def can_save_customer(person: Person, organisation: Organisation) -> bool:
    """Whether the person may say where an organisation's invoices go: its administrators, and officers."""
    return people_rules.can_manage(person, organisation) or people_rules.has_role(person, Role.OFFICER)
