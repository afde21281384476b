"""Reading notices."""

from datetime import datetime

from django.db.models import QuerySet

from fabrica.notices.models import Mute, Notice, Wish
from fabrica.notices.states import Rhythm
from fabrica.people.models import Person

MAX_TRIES = 8


def visible_to(person: Person) -> QuerySet[Notice]:
    """The person's own notices, newest first."""
    return Notice.objects.filter(person=person).order_by("-pk")


def due(now: datetime) -> QuerySet[Notice]:
    """What is to be mailed now, oldest first; after eight tries we stop, and the notice stands on the portal only."""
    waiting = Notice.objects.filter(sent_at=None, is_muted=False, next_try_at__lte=now, tries__lt=MAX_TRIES)
    return waiting.order_by("pk")


def with_it(notice: Notice, now: datetime) -> QuerySet[Notice]:
    """What goes into one letter with a notice that is due.

    All that were in it when it was tried before; else, for who does not want each at once, all that are due.
    """
    if notice.letter:
        return due(now).filter(letter=notice.letter)
    if rhythm_of(notice.person) == Rhythm.AT_ONCE:
        return due(now).filter(pk=notice.pk)
    return due(now).filter(person=notice.person_id, letter="")


def rhythm_of(person: Person) -> Rhythm:
    """How often the person wants to be written to."""
    found = Wish.objects.filter(person=person).values_list("rhythm", flat=True).first()
    return Rhythm(found) if found else Rhythm.AT_ONCE


def mutes_of(person: Person) -> QuerySet[Mute]:
    """What the person gets no letters about."""
    return Mute.objects.filter(person=person).order_by("title", "pk")


def is_muted(person: Person, about: str) -> bool:
    """Whether the person gets no letters about it."""
    return Mute.objects.filter(person=person, about=about).exists() if about else False


def about_project(slug: str) -> str:
    """What notices about a project are about."""
    return f"project:{slug}"
