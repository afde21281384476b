"""An identity that waits in a session until its person has proved who they are here."""

from datetime import datetime, timedelta
from typing import Final

from django.http import HttpRequest

from fabrica.people import queries
from fabrica.people.engine import Told
from fabrica.people.models import Person

KEY: Final = "identity_to_link"
LIFE: Final = timedelta(minutes=15)


def remember(request: HttpRequest, told: Told, person: Person, now: datetime) -> None:
    """Let it wait for this one person."""
    request.session[KEY] = {"told": told.as_dict(), "person": person.uid, "ends_at": (now + LIFE).isoformat()}


def waiting(request: HttpRequest, person: Person, now: datetime) -> Told | None:
    """What waits for this person; nothing for another one, or once it is too old."""
    kept = request.session.get(KEY)
    if not kept or kept["person"] != person.uid or now >= datetime.fromisoformat(kept["ends_at"]):
        return None
    told = Told.from_dict(kept["told"])
    return told if queries.owns_address(person, told.email) else None


def forget(request: HttpRequest) -> None:
    """Let it wait no longer."""
    request.session.pop(KEY, None)
