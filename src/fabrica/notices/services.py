"""Writing notices and noting them read."""

from datetime import datetime
from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import override

from fabrica.notices.models import Notice
from fabrica.notices.queries import visible_to
from fabrica.people.models import Person


def tell(*, person: Person, kind: str, event: str, now: datetime, path: str = "", **facts: Any) -> None:
    """Put a message into the outbox, in the transaction of the caller; the same event again does nothing.

    The first line of the template `notices/<kind>.txt` is the subject, the rest the body, both in the
    language of the reader, whoever does what it tells of.
    """
    with override(person.language):
        text = render_to_string(f"notices/{kind}.txt", {"person": person, **facts}).strip()
    subject, _, body = text.partition("\n")
    Notice.objects.get_or_create(
        person=person,
        event=event,
        defaults={
            "kind": kind,
            "subject": " ".join(subject.split())[:200],  # a line end of any kind would be a second header of the mail
            "body": body.strip(),
            "path": path,
            "created_at": now,
            "next_try_at": now,
        },
    )


def mark_read(*, by: Person, now: datetime) -> None:
    """Note that the person has seen everything so far."""
    visible_to(by).filter(read_at=None).update(read_at=now)
