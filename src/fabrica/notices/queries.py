"""Reading notices."""

from datetime import datetime

from django.db.models import QuerySet

from fabrica.notices.models import Notice
from fabrica.people.models import Person

MAX_TRIES = 8


def visible_to(person: Person) -> QuerySet[Notice]:
    """The person's own notices, newest first."""
    return Notice.objects.filter(person=person).order_by("-pk")


def due(now: datetime) -> QuerySet[Notice]:
    """What is to be mailed now, oldest first; after eight tries we stop, and the notice stands on the portal only."""
    return Notice.objects.filter(sent_at=None, next_try_at__lte=now, tries__lt=MAX_TRIES).order_by("pk")
