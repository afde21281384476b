"""The worker's part: mail what is due."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils.translation import override

from fabrica.kit.ids import new_uid
from fabrica.kit.letters import letter
from fabrica.notices.models import Notice
from fabrica.notices.queries import due, with_it

MOST_IN_A_LETTER = 50
log = logging.getLogger(__name__)


def send(now: datetime) -> bool:
    """Mail one letter; True when there was something to mail. A failed try waits twice as long as the one before.

    The letter gets its name before it is sent. A worker that dies in between leaves it to the next, which sends the
    same notices under the same name: whoever got both sees one. Each notice is in one letter alone.
    """
    first = due(now).filter(Notice.free_at(now)).select_related("person").first()
    if first is None:
        return False
    notices = Notice.claim_batch(with_it(first, now), now, most=MOST_IN_A_LETTER)
    if not notices or not (name := _named(notices)):
        return True  # another worker was faster
    try:
        _letter(notices, name).send()
    except Exception as error:  # noqa: BLE001 - whatever it was, the try counts: else this letter is tried for ever
        log.warning("letter %s was not mailed: %s", name, error)
        outcome = {"next_try_at": now + timedelta(minutes=2 ** notices[0].tries)}
    else:
        outcome = {"sent_at": now}
    tries = notices[0].tries + 1
    Notice.objects.filter(claim_token=notices[0].claim_token, pk__in=[one.pk for one in notices]).update(
        tries=tries, claim_token="", claim_expires_at=None, **outcome
    )
    return True


def _named(notices: Sequence[Notice]) -> str:
    """The name of a letter, kept with each of its notices; empty where the claim was lost."""
    name = notices[0].letter or new_uid()
    mine = Notice.objects.filter(claim_token=notices[0].claim_token, pk__in=[one.pk for one in notices])
    return name if mine.update(letter=name) == len(notices) else ""


def _letter(notices: Sequence[Notice], name: str) -> EmailMessage:
    person = notices[0].person
    facts = {"notices": notices, "site": settings.FABRICA_SITE_NAME, "url": settings.FABRICA_URL}
    with override(person.language):
        text = render_to_string("letters/letter.txt", facts)
    return letter(to=person.email, text=text, name=name)
