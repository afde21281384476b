"""What the services of board and conditions have in common: what a text must be, and who is told."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from fabrica.kit.errors import Refused
from fabrica.notices.services import tell
from fabrica.people.models import Person
from fabrica.trust.models import TEXT_LIMIT


def said(text: str) -> str:
    """A text that somebody else reads, without blanks around it. Raises Refused where it is empty or too long."""
    text = text.strip()
    if not text or len(text) > TEXT_LIMIT:
        raise Refused(
            _("A reason is needed, of at most %(most)s letters.") % {"most": TEXT_LIMIT},
            todo=_("Write it in a sentence or two: somebody else reads it."),
        )
    return text


def tell_all(people: Iterable[Person], *, kind: str, event: str, now: datetime, path: str, **facts: Any) -> None:
    """Tell each of these people once."""
    for one in {person.pk: person for person in people}.values():
        tell(person=one, kind=kind, event=event, now=now, path=path, **facts)
