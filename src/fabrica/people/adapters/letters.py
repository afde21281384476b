"""Letters to addresses that have no account here yet."""

import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from fabrica.kit.errors import Unreachable
from fabrica.people.models import Invitation

log = logging.getLogger(__name__)


def send_invitation(invitation: Invitation) -> None:
    """Write to the invited address, in the language of the page it is sent from. Raises Unreachable."""
    context = {"invitation": invitation, "site": settings.FABRICA_SITE_NAME, "url": settings.FABRICA_URL}
    subject, _rest, body = render_to_string("people/invitation.txt", context).strip().partition("\n")
    try:
        send_mail(" ".join(subject.split())[:200], body.strip() + "\n", settings.DEFAULT_FROM_EMAIL, [invitation.email])
    except (OSError, SMTPException) as error:
        log.warning("invitation %s was not mailed: %s", invitation.pk, type(error).__name__)
        raise Unreachable(
            _("The invitation stands, but its letter could not be sent."), todo=_("Send it again in ten minutes.")
        ) from error
