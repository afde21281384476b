"""Invitations into the pool of people without an account."""

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from fabrica.kit.errors import NotFound
from fabrica.people import rules as people_rules
from fabrica.people.models import Person
from fabrica.people.queries import confirmed
from fabrica.people.states import Role
from fabrica.reviews.models import Newcomer


def newcomers_for(person: Person, now: datetime) -> QuerySet[Newcomer]:
    """The invitations that the person may answer by an address that they confirmed."""
    rows = Newcomer.objects.filter(email__in=confirmed(person), answered_at=None, withdrawn_at=None)
    return rows.filter(expires_at__gt=now).order_by("-pk")


def newcomers(person: Person) -> QuerySet[Newcomer]:
    """For officers: the addresses that have not answered, newest first; some have expired. Nothing for others."""
    if not people_rules.has_role(person, Role.OFFICER):
        return Newcomer.objects.none()
    rows = Newcomer.objects.filter(answered_at=None, withdrawn_at=None)
    return rows.select_related("invited_by").order_by("-pk")


def newcomer_of(person: Person, pk: int) -> Newcomer:
    """One of those. Raises NotFound."""
    found = newcomers(person).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such invitation into the pool."))
    return found
