"""What the site's own command does to people and machines: the same services, done by the site's operator."""

from datetime import datetime

from django.db import transaction

from fabrica.kit.errors import NotFound, Refused
from fabrica.kit.time import utcnow
from fabrica.people import services
from fabrica.people.models import Person
from fabrica.people.queries import with_role
from fabrica.people.states import Role


@transaction.atomic
def grant(email: str, role: str) -> None:
    """Give a role to a person. Raises NotFound, Refused."""
    if role not in Role.values:
        raise Refused(f"{role} is no role.", todo=f"Use one of: {', '.join(Role.values)}.")
    person = person_by_email(email)
    services.grant_role(person=person, role=Role(role), by=None, now=utcnow())
    if role == Role.OPERATOR:
        Person.objects.filter(pk=person.pk).update(is_staff=True, is_superuser=True)


def person_by_email(email: str) -> Person:
    """The person with this address. Raises NotFound."""
    person = Person.objects.filter(email__iexact=email).first()
    if person is None:
        raise NotFound(f"Nobody has the address {email}.", todo="Sign up on the portal first.")
    return person


def operator() -> tuple[Person, datetime]:
    """The person in whose name the server's commands act, and the moment. Raises Refused before there is one."""
    person = with_role(Role.OPERATOR).first()
    if person is None:
        raise Refused("This site has no operator yet.", todo="Sign up, then run `fabrica-site grant EMAIL operator`.")
    return person, utcnow()
