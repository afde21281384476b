"""May this person ...? Pure questions about facts of this context."""

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings

from fabrica.people.models import Organisation, Person
from fabrica.people.states import PRIVILEGED, MemberRole, Role


def roles(person: Person) -> frozenset[str]:
    """The roles granted to a person; looked up once per loaded person."""
    cached: frozenset[str] | None = getattr(person, "_roles", None)
    if cached is None:
        cached = frozenset(person.role_grants.values_list("role", flat=True)) if person.pk else frozenset()
        person._roles = cached  # type: ignore[attr-defined]  # noqa: SLF001 - a cache on our own row
    return cached


def has_role(person: Person, *wanted: Role) -> bool:
    """Whether the person has one of these roles; an operator has no other role by that alone."""
    return bool(roles(person).intersection(wanted))


def is_staff_member(person: Person) -> bool:
    """Whether the person works for the factory on applications."""
    return has_role(person, Role.OFFICER, Role.ASSESSOR)


def judges(person: Person) -> bool:
    """Whether the person has a say in what becomes of applications."""
    return has_role(person, Role.OFFICER, Role.ASSESSOR, Role.EXPERT, Role.PANEL)


def works_for(person: Person, organisation: Organisation) -> bool:
    """Whether the person is a member of the organisation."""
    return organisation.members.filter(person=person).exists()


def can_manage(person: Person, organisation: Organisation) -> bool:
    """Whether the person administers the organisation."""
    return organisation.members.filter(person=person, role=MemberRole.ADMIN).exists()


def needs_second_factor(person: Person) -> bool:
    """Whether this person must set up a second factor before going on. The demo, on loopback only, asks nobody."""
    if settings.FABRICA_DEMO or not (person.is_staff or roles(person) & PRIVILEGED):
        return False
    return not is_mfa_enabled(person)
