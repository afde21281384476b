"""The letter to somebody who is asked into the pool and has no account here. It names no application."""

import logging
from smtplib import SMTPException

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from fabrica.kit.errors import Unreachable
from fabrica.kit.letters import letter
from fabrica.reviews.models import Newcomer

log = logging.getLogger(__name__)


def write_to(newcomer: Newcomer) -> None:
    """In the language of the page it is sent from. Raises Unreachable."""
    context = {"newcomer": newcomer, "site": settings.FABRICA_SITE_NAME, "url": settings.FABRICA_URL}
    name = f"expert-invitation-{newcomer.pk}-{newcomer.sent_at:%Y%m%dT%H%M%S%f}"  # sent again: another letter
    made = letter(to=newcomer.email, text=render_to_string("reviews/newcomer.txt", context), name=name)
    try:
        made.send()
    except (OSError, SMTPException) as error:
        log.warning("the invitation %s of an expert was not mailed: %s", newcomer.pk, type(error).__name__)
        raise Unreachable(
            _("The invitation stands, but its letter could not be sent."), todo=_("Send it again in ten minutes.")
        ) from error
