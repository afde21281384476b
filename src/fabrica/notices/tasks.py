"""The worker's part: mail what is due."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import send_mail

from fabrica.notices.models import Notice
from fabrica.notices.queries import due

log = logging.getLogger(__name__)


def send(now: datetime) -> bool:
    """Mail one notice; True when there was one. A failed try waits twice as long as the one before."""
    notice = Notice.claim(due(now), now)
    if notice is None:
        return False
    try:
        send_mail(notice.subject, _text(notice), settings.DEFAULT_FROM_EMAIL, [notice.person.email])
    except Exception as error:  # noqa: BLE001 - whatever it was, the try counts: else this notice is tried for ever
        log.warning("notice %s was not mailed: %s", notice.pk, error)
        wait = timedelta(minutes=2**notice.tries)
        notice.settle(tries=notice.tries + 1, next_try_at=now + wait)
    else:
        notice.settle(tries=notice.tries + 1, sent_at=now)
    return True


def _text(notice: Notice) -> str:
    link = f"\n\n{settings.FABRICA_URL}{notice.path}" if notice.path else ""
    return f"{notice.body}{link}\n\n-- \n{settings.FABRICA_SITE_NAME}\n"
