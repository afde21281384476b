"""Inviting into the pool who has no account yet: by address, for two weeks; sent again, withdrawn, answered."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.kit.errors import Refused
from fabrica.people.models import Person
from fabrica.reviews.engine.criteria import fields as known_fields
from fabrica.reviews.models import Newcomer
from fabrica.reviews.rules import must_invite
from fabrica.reviews.states import LANGUAGES

INVITED_FOR = timedelta(days=14)
BETWEEN_LETTERS = timedelta(minutes=10)
MOST_OPEN = 200
MOST_A_DAY, MOST_A_DAY_TO_ONE = 100, 3  # nobody's mailbox is filled from here


@transaction.atomic
def invite_newcomer(
    *, email: str, by: Person, now: datetime, fields: Sequence[str] = (), languages: Sequence[str] = ()
) -> Newcomer:
    """Ask the owner of an address into the pool; the caller writes the letter. Raises NotAllowed, Refused."""
    must_invite(by)
    address = email.strip().lower()
    _check(address, fields, languages)
    Newcomer.objects.filter(email=address, answered_at=None, withdrawn_at=None, expires_at__lte=now).update(
        withdrawn_at=now
    )
    _check_number(address, by, now)
    try:
        with transaction.atomic():
            made = Newcomer.objects.create(
                email=address, fields=sorted(set(fields)), languages=sorted(set(languages)), invited_by=by,
                invited_at=now, sent_at=now, expires_at=now + INVITED_FOR,
            )  # fmt: skip
    except IntegrityError as error:
        raise Refused(_("This address is invited already."), todo=_("Send the letter again.")) from error
    record(verb="expert.invite_address", by=by, subject=subject_of(made), now=now)
    return made


def _check(address: str, fields: Sequence[str], languages: Sequence[str]) -> None:
    try:
        validate_email(address)
    except ValidationError as error:
        raise Refused(_("This is not an e-mail address.")) from error
    if set(fields) - set(known_fields()) or set(languages) - set(LANGUAGES):
        raise Refused(_("Choose fields and languages of the list."))


def _check_number(address: str, by: Person, now: datetime) -> None:
    day = Newcomer.objects.filter(invited_at__gt=now - timedelta(days=1))
    if day.filter(email=address).count() >= MOST_A_DAY_TO_ONE or day.filter(invited_by=by).count() >= MOST_A_DAY:
        raise Refused(_("Too many invitations in a day."), todo=_("Try again tomorrow."))
    if Newcomer.objects.filter(answered_at=None, withdrawn_at=None).count() >= MOST_OPEN:
        raise Refused(_("Too many invitations wait for an answer."), todo=_("Withdraw some first."))


@transaction.atomic
def invite_newcomer_again(*, newcomer: Newcomer, by: Person, now: datetime) -> None:
    """Let it hold two weeks from now; the caller writes the letter again. Raises NotAllowed, Refused when too soon."""
    must_invite(by)
    waiting = Newcomer.objects.filter(pk=newcomer.pk, answered_at=None, withdrawn_at=None)
    if not waiting.exists():
        raise Refused(_("This invitation was answered or withdrawn."), todo=_("Invite the address again."))
    if not waiting.filter(sent_at__lte=now - BETWEEN_LETTERS).update(sent_at=now, expires_at=now + INVITED_FOR):
        raise Refused(_("The letter was sent a moment ago."), todo=_("Wait ten minutes."))
    newcomer.refresh_from_db()
    record(verb="expert.invite_again", by=by, subject=subject_of(newcomer), now=now)


@transaction.atomic
def withdraw_newcomer(*, newcomer: Newcomer, by: Person, now: datetime) -> None:
    """Let nobody answer it any more. Raises NotAllowed."""
    must_invite(by)
    if Newcomer.objects.filter(pk=newcomer.pk, answered_at=None, withdrawn_at=None).update(withdrawn_at=now):
        record(verb="expert.withdraw_invitation", by=by, subject=subject_of(newcomer), now=now)


def subject_of(newcomer: Newcomer) -> str:
    """How the audit names it: never by its address."""
    return f"expert-invitation-by-address:{newcomer.pk}"
