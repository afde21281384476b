"""Writing notices, noting them read, and how people want to be written to."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import override

from fabrica.audit.services import record
from fabrica.kit.errors import Refused
from fabrica.notices.engine import next_letter_at
from fabrica.notices.models import ABOUT_LIMIT, Mute, Notice, Wish
from fabrica.notices.queries import is_muted, mutes_of, rhythm_of, visible_to
from fabrica.notices.states import Rhythm
from fabrica.people.models import Person

MOST_MUTED = 500


def tell(
    *, person: Person, kind: str, event: str, now: datetime, path: str = "", about: str = "", at_once: bool = False,
    **facts: Any,
) -> None:  # fmt: skip
    """Put a message into the outbox, in the transaction of the caller; the same event again does nothing.

    The first line of the template `notices/<kind>.txt` is the subject, the rest the body, both in the
    language of the reader, whoever does what it tells of. `about` names what the reader may have muted.
    What somebody must know `at_once` waits for no day on which they are written to. Nobody writes to who is erased.
    """
    if person.is_erased:
        return
    with override(person.language):
        text = render_to_string(f"notices/{kind}.txt", {"person": person, **facts}).strip()
    subject, _line, body = text.partition("\n")
    Notice.objects.get_or_create(
        person=person,
        event=event,
        defaults={
            "kind": kind,
            "about": about,
            "subject": " ".join(subject.split())[:200],  # a line end of any kind would be a second header of the mail
            "body": body.strip(),
            "path": path,
            "created_at": now,
            "is_muted": is_muted(person, about),
            "next_try_at": now if at_once else _leaves_at(rhythm_of(person), now),
        },
    )


def mark_read(*, by: Person, now: datetime) -> None:
    """Note that the person has seen everything so far."""
    visible_to(by).filter(read_at=None).update(read_at=now)


@transaction.atomic
def set_rhythm(*, rhythm: str, by: Person, now: datetime) -> None:
    """Keep how often the person wants to be written to; what waits leaves with the next letter of the new rhythm.

    Raises Refused for a rhythm there is not.
    """
    if rhythm not in Rhythm.values:
        raise Refused(
            _("Letters cannot be sent like that."), todo=_("Use one of: %s.") % ", ".join(map(str, Rhythm.values))
        )
    if rhythm_of(by) == rhythm:
        return
    Wish.objects.update_or_create(person=by, defaults={"rhythm": rhythm})
    visible_to(by).filter(sent_at=None, letter="", next_try_at__gt=now).update(
        next_try_at=_leaves_at(Rhythm(rhythm), now)
    )
    record(verb="person.set_rhythm", by=by, subject=f"person:{by.uid}", now=now, rhythm=rhythm)


@transaction.atomic
def mute(*, about: str, title: str, path: str, by: Person, now: datetime) -> None:
    """Send the person no more letters about something, those included that wait. Raises Refused for too many."""
    if not 0 < len(about) <= ABOUT_LIMIT or mutes_of(by).count() >= MOST_MUTED:
        raise Refused(
            _("This cannot be muted."), why=_("At most %d things can.") % MOST_MUTED, todo=_("Unmute another first.")
        )
    facts = {"title": title[:200], "path": path[:200], "made_at": now}
    if Mute.objects.get_or_create(person=by, about=about, defaults=facts)[1]:
        visible_to(by).filter(about=about, sent_at=None, letter="").update(is_muted=True)
        record(verb="person.mute", by=by, subject=f"person:{by.uid}", now=now, about=about)


@transaction.atomic
def unmute(*, about: str, by: Person, now: datetime) -> None:
    """Send letters about it again, from now on; what came meanwhile stands on the portal."""
    if mutes_of(by).filter(about=about).delete()[0]:
        record(verb="person.unmute", by=by, subject=f"person:{by.uid}", now=now, about=about)


def _leaves_at(rhythm: Rhythm, now: datetime) -> datetime:
    if rhythm is Rhythm.AT_ONCE:
        return now
    return next_letter_at(now, ZoneInfo(settings.TIME_ZONE), is_weekly=rhythm is Rhythm.WEEKLY)
