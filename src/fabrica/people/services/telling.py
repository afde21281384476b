"""Letters to a person about what lets them in."""

from datetime import datetime
from typing import Any

from fabrica.people import queries
from fabrica.people.models import Person

PAGE = "/account/sign-in-methods/"


def tell_person(person: Person, kind: str, now: datetime, about: object = "", page: str = PAGE, **facts: Any) -> None:
    """Write to them, through whoever carries messages; once for one event."""
    event = f"{kind}:{about or person.uid}:{now:%Y%m%dT%H%M%S}"
    for carry in queries.carriers():
        carry(person=person, kind=kind, event=event, now=now, path=page, **facts)
