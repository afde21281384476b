"""The letter to somebody who is asked into the pool and has no account here. It names no application."""

import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from fabrica.kit.errors import Unreachable
from fabrica.reviews.models import Newcomer

log = logging.getLogger(__name__)


def write_to(newcomer: Newcomer) -> None:
    """In the language of the page it is sent from. Raises Unreachable."""
    context = {"newcomer": newcomer, "site": settings.FABRICA_SITE_NAME, "url": settings.FABRICA_URL}
    subject, _rest, body = render_to_string("reviews/newcomer.txt", context).strip().partition("\n")
    try:
        send_mail(" ".join(subject.split())[:200], body.strip() + "\n", settings.DEFAULT_FROM_EMAIL, [newcomer.email])
    except (OSError, SMTPException) as error:
        log.warning("the invitation %s of an expert was not mailed: %s", newcomer.pk, type(error).__name__)
        raise Unreachable(
            _("The invitation stands, but its letter could not be sent."), todo=_("Send it again in ten minutes.")
        ) from error
