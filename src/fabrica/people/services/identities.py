"""Identities: which of a person's accounts elsewhere let them in here, and what was told of them there."""

from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.kit.ids import digest
from fabrica.people import queries, rules
from fabrica.people.engine import Told
from fabrica.people.models import Identity, Person
from fabrica.people.services.sessions import end_sessions_of
from fabrica.people.services.telling import tell_person
from fabrica.people.states import Cause, Role

MAX_IDENTITIES = 10


def identity_key(*, told: Told) -> str:
    """What an identity is found by: issuer and subject together, for a subject says nothing without its issuer."""
    return digest(f"{told.issuer} {told.subject}")


@transaction.atomic
def link_identity(*, told: Told, by: Person, now: datetime) -> Identity:
    """Let the person sign in with this identity too; they are told by letter, should it have been another.

    Raises Refused where it lets somebody else in, or for too many.
    """
    key = identity_key(told=told)
    Person.objects.select_for_update().get(pk=by.pk)  # identities of a person are linked one by one
    found = SocialAccount.objects.filter(provider=told.provider, uid=key).first()
    if found is not None and found.user_id == by.pk:
        return note_identity(account=found, told=told, now=now)
    if found is None and queries.identities_of(by).count() >= MAX_IDENTITIES:
        raise Refused(_("You have linked as many identities as there may be."), todo=_("Unlink one first."))
    try:
        with transaction.atomic():
            account = SocialAccount.objects.create(user=by, provider=told.provider, uid=key, extra_data={})
    except IntegrityError as error:
        raise Refused(
            _("This identity is linked to another account here."), why=_("It lets in one person only."),
            todo=_("Sign in with it, and unlink it there first."),
        ) from error  # fmt: skip
    return keep_identity(account=account, told=told, now=now)


def drop_unconfirmed(*, email: str) -> None:
    """Take an address from whoever named it beside theirs and never confirmed it, now that its owner has come."""
    EmailAddress.objects.filter(email__iexact=email, verified=False).delete()


@transaction.atomic
def keep_identity(*, account: SocialAccount, told: Told, now: datetime) -> Identity:
    """Keep what was told with an account that was just made, and write to its person."""
    made = Identity.objects.create(account=account, linked_at=now, **_facts(told, now))
    person = account.user
    record(verb="identity.link", by=person, subject=f"person:{person.uid}", now=now, provider=told.provider)
    tell_person(person, "identity_linked", now, made.pk, identity=made)
    return made


@transaction.atomic
def note_identity(*, account: SocialAccount, told: Told, now: datetime) -> Identity:
    """Keep what the provider tells now, at another sign-in; what it no longer tells is gone."""
    made, _created = Identity.objects.update_or_create(
        account=account, defaults=_facts(told, now), create_defaults={**_facts(told, now), "linked_at": now}
    )
    return made


def _facts(told: Told, now: datetime) -> dict[str, object]:
    return {
        "issuer": told.issuer, "email": told.email if told.is_email_verified else "", "home": told.home,
        "acr": told.acr, "assurance": list(told.assurance), "affiliations": list(told.affiliations), "told_at": now,
    }  # fmt: skip


@transaction.atomic
def unlink_identity(*, identity: Identity, by: Person, now: datetime) -> None:
    """Let this identity in no more, and end what was begun with it.

    Raises NotAllowed for another's, Refused for the last way in.
    """
    if identity.account.user_id != by.pk:
        raise NotAllowed(_("This identity is not yours."))
    person = Person.objects.select_for_update().get(pk=by.pk)
    if not person.has_usable_password() and queries.identities_of(by).count() <= 1:
        raise Refused(_("This is your only way to sign in."), todo=_("Set a password or link another identity first."))
    _unlink(identity, person, by, now)


@transaction.atomic
def unlink_identity_of(*, identity: Identity, cause: str, by: Person, now: datetime) -> None:
    """Take an identity from somebody, for support: also their last, since a forgotten password still gets them in.

    Raises NotAllowed for all but operators, Refused for another cause.
    """
    if not rules.has_role(by, Role.OPERATOR):
        raise NotAllowed(_("Only an operator unlinks the identities of others."))
    if cause not in Cause.values:
        raise Refused(_("Say why."), todo=", ".join(Cause.values))
    person = Person.objects.select_for_update().get(pk=identity.account.user_id)
    _unlink(identity, person, by, now, cause=cause)


def _unlink(identity: Identity, person: Person, by: Person, now: datetime, **facts: str) -> None:
    tell_person(person, "identity_unlinked", now, identity.pk, identity=identity)
    ended = end_sessions_of(identity=identity)
    subject, provider = f"person:{person.uid}", identity.account.provider
    record(verb="identity.unlink", by=by, subject=subject, now=now, provider=provider, sessions=ended, **facts)
    identity.account.delete()
