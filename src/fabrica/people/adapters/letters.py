"""Letters to addresses that have no account here yet."""

import logging
from smtplib import SMTPException

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from fabrica.kit.errors import Unreachable
from fabrica.kit.letters import letter
from fabrica.people.models import Invitation

log = logging.getLogger(__name__)


def send_invitation(invitation: Invitation) -> None:
    """Write to the invited address, in the language of the page it is sent from. Raises Unreachable."""
    context = {"invitation": invitation, "site": settings.FABRICA_SITE_NAME, "url": settings.FABRICA_URL}
    # one that is sent again has another time, so that it is another letter
    name = f"organisation-invitation-{invitation.pk}-{invitation.sent_at:%Y%m%dT%H%M%S%f}"
    made = letter(to=invitation.email, text=render_to_string("people/invitation.txt", context), name=name)
    try:
        made.send()
    except (OSError, SMTPException) as error:
        log.warning("invitation %s was not mailed: %s", invitation.pk, type(error).__name__)
        raise Unreachable(
            _("The invitation stands, but its letter could not be sent."), todo=_("Send it again in ten minutes.")
        ) from error
