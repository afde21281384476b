"""The worker's part: send the letters of invitations."""

import logging
from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils.translation import override

from fabrica.kit.letters import letter
from fabrica.people.models import Person
from fabrica.projects import services
from fabrica.projects.models import Invitation
from fabrica.projects.queries import code_of, letters_due

log = logging.getLogger(__name__)


def send_invitation(now: datetime) -> bool:
    """Send the letter of one invitation; True when there was one. Most who get one have no account here yet.

    It has its name from the invitation and the number of its letter: a worker that dies after sending it leaves it to
    the next, which sends the same under the same name.
    """
    invitation = Invitation.claim(letters_due(now), now)
    if invitation is None:
        return False
    sent = True
    try:
        _letter(invitation).send()
    except Exception as error:  # noqa: BLE001 - whatever it was, the try counts: else this letter is tried for ever
        log.warning("invitation %s was not mailed: %s", invitation.pk, error)
        sent = False
    services.note_letter(invitation=invitation, sent=sent, now=now)
    return True


def _letter(invitation: Invitation) -> EmailMessage:
    """In the language of whom we know by that address; else in that of who invites them."""
    known = Person.objects.filter(email__iexact=invitation.email).first()
    link = f"{settings.FABRICA_URL}/invitations/{code_of(invitation)}/"
    facts = {"invitation": invitation, "project": invitation.project, "link": link}
    with override((known or invitation.invited_by).language):
        text = render_to_string("notices/project_invitation.txt", {**facts, "site": settings.FABRICA_SITE_NAME})
    name = f"project-invitation-{invitation.uid}-{invitation.serial}"
    return letter(to=invitation.email, text=text, name=name)
