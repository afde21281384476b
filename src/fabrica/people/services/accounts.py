"""Writes about persons, organisations, roles, tokens and SSH keys."""

from collections.abc import Collection
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, NotFound, Refused
from fabrica.kit.ids import digest, new_secret
from fabrica.people import queries, rules
from fabrica.people.engine import public_key
from fabrica.people.engine.numbers import checked_number, compact, name_key, vat_within
from fabrica.people.models import Member, Organisation, Person, RoleGrant, SshKey, Token
from fabrica.people.states import COUNTRIES, TERMS_VERSION, Kind, Language, MemberRole, Role, Scope

MAX_TOKENS = 20
MAX_SSH_KEYS = 10
NAME_LIMIT, NUMBER_LIMIT = 160, 40
MAX_TOKEN_DAYS = 365
ASK_TO_BE_ADDED = gettext_lazy("Ask its administrator to add you.")
TOUCH_EVERY = timedelta(minutes=5)


@transaction.atomic
def register_person(*, email: str, name: str, password: str, now: datetime, by: Person | None = None) -> Person:
    """Make a person whose e-mail address counts as verified: for operators and the first set-up, not for the public."""
    try:
        validate_email(email)
        validate_password(password)
    except ValidationError as error:
        raise Refused(_("This account cannot be made."), why=" ".join(error.messages)) from error
    if Person.objects.filter(email__iexact=email).exists():
        raise Refused(_("%(email)s has an account already.") % {"email": email})
    person = Person.objects.create_user(email, password, name=name)
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    record(verb="person.register", by=by or person, subject=f"person:{person.uid}", now=now)
    return person


@transaction.atomic
def accept_terms(*, by: Person, now: datetime) -> None:
    """Note that the person accepted the terms now in force; once is enough."""
    if by.has_accepted_terms:
        return
    by.terms_version, by.terms_accepted_at = TERMS_VERSION, now
    by.save(update_fields=["terms_version", "terms_accepted_at"])
    record(verb="person.accept_terms", by=by, subject=f"person:{by.uid}", now=now, version=TERMS_VERSION)


@transaction.atomic
def set_language(*, language: str, by: Person, now: datetime) -> None:
    """Keep the language in which the person is written to. Raises Refused for one the portal does not speak."""
    if language not in Language.values:
        raise Refused(
            _("%(language)s is not spoken here.") % {"language": language},
            todo=_("Use one of: %(known)s.") % {"known": ", ".join(Language.values)},
        )
    if Person.objects.filter(pk=by.pk).exclude(language=language).update(language=language):
        record(verb="person.set_language", by=by, subject=f"person:{by.uid}", now=now, language=language)


@transaction.atomic
def grant_role(*, person: Person, role: Role, by: Person | None, now: datetime) -> None:
    """Grant a role; None as `by` is the site's own set-up on the server. Raises NotAllowed for all but operators."""
    if by is not None and not rules.has_role(by, Role.OPERATOR):
        raise NotAllowed(_("Only an operator grants roles."))
    _grant, created = RoleGrant.objects.get_or_create(person=person, role=role, defaults={"granted_at": now})
    if created:
        record(verb="person.grant_role", by=by, subject=f"person:{person.uid}", now=now, role=role.value)


@transaction.atomic
def set_active(*, uid: str, active: bool, by: Person, now: datetime) -> None:
    """Lock a person out, or let them in again; their tokens stop or work with them.

    Raises NotAllowed, NotFound, Refused for oneself.
    """
    if not rules.has_role(by, Role.OPERATOR):
        raise NotAllowed(_("Only an operator locks people out."))
    if uid == by.uid:
        raise Refused(_("You cannot lock yourself out."), todo=_("Ask another operator."))
    found = Person.objects.filter(uid=uid)
    if not found.exists():
        raise NotFound(_("There is no such person."))
    if active and found.get().is_erased:
        raise Refused(_("Who is erased cannot be let in again."), todo=_("They sign up anew."))
    if found.filter(is_active=not active).update(is_active=active):
        record(verb="person.set_active", by=by, subject=f"person:{uid}", now=now, active=active)


@transaction.atomic
def register_organisation(
    *, name: str, country: str, kind: str, registration_number: str, by: Person, now: datetime
) -> Organisation:
    """Register an organisation; whoever does becomes its administrator. Raises Refused for a bad or known one."""
    _check_organisation(name, country, kind, registration_number)
    number = checked_number(registration_number, country)
    key = compact(number)
    if Organisation.objects.filter(country=country, number_key=key).exclude(number_key="").exists():
        raise Refused(
            _("An organisation with the number %(number)s is registered already.") % {"number": number},
            todo=str(ASK_TO_BE_ADDED),
        )
    try:
        with transaction.atomic():
            made = Organisation.objects.create(
                name=name.strip(), country=country, kind=kind, registration_number=number, registered_at=now,
                number_key=key, name_key=name_key(name), vat_number=vat_within(key),
            )  # fmt: skip
    except IntegrityError as error:
        raise Refused(_("%(name)s is registered already.") % {"name": name}, todo=str(ASK_TO_BE_ADDED)) from error
    Member.objects.create(organisation=made, person=by, role=MemberRole.ADMIN, joined_at=now)
    record(verb="organisation.register", by=by, subject=f"organisation:{made.uid}", now=now, country=country, kind=kind)
    return made


def _check_organisation(name: str, country: str, kind: str, registration_number: str) -> None:
    if not name.strip() or not registration_number.strip():
        raise Refused(_("An organisation needs its legal name and its registration number."))
    if len(name.strip()) > NAME_LIMIT or len(registration_number.strip()) > NUMBER_LIMIT:
        raise Refused(
            _("A name has at most %(name)s characters, a registration number at most %(number)s.")
            % {"name": NAME_LIMIT, "number": NUMBER_LIMIT}
        )
    if country not in COUNTRIES:
        raise Refused(
            _("%(country)s is not a country this site knows.") % {"country": country},
            todo=_("Use the two-letter code, such as FR."),
        )
    if kind not in Kind.values:
        raise Refused(
            _("%(kind)s is not a kind of organisation.") % {"kind": kind},
            todo=_("Use one of: %(known)s.") % {"known": ", ".join(Kind.values)},
        )


@transaction.atomic
def add_member(*, organisation: Organisation, email: str, by: Person, now: datetime) -> Member:
    """Add a person who has an account to an organisation.

    Raises NotAllowed; NotFound for no account, and for an officer, assessor, expert or panel member, who could no
    longer judge its applications: nobody chooses their judges by adding the others.
    """
    if not rules.can_manage(by, organisation):
        raise NotAllowed(_("Only an administrator of the organisation adds members."))
    person = Person.objects.filter(email__iexact=email, is_active=True).first()
    if person is None or (rules.judges(person) and not rules.works_for(person, organisation)):
        # one answer for both: nobody learns by trying addresses who judges here, nor who has an account
        raise NotFound(_("Nobody can be added under this address."), todo=_("Invite it: its owner joins themselves."))
    member, created = Member.objects.get_or_create(
        organisation=organisation, person=person, defaults={"role": MemberRole.MEMBER, "joined_at": now}
    )
    if created:
        subject = f"organisation:{organisation.uid}"
        record(verb="organisation.add_member", by=by, subject=subject, now=now, person=person.uid)
    return member


@transaction.atomic
def appoint_administrator(*, organisation: Organisation, uid: str, by: Person, now: datetime) -> Member:
    """Let another member administer the organisation too. Raises NotAllowed; NotFound for who is no member."""
    if not rules.can_manage(by, organisation):
        raise NotAllowed(_("Only an administrator of the organisation appoints another."))
    member = organisation.members.filter(person__uid=uid, person__is_active=True).select_related("person").first()
    if member is None:
        raise NotFound(_("There is no such member in this organisation."))
    if organisation.members.filter(pk=member.pk, role=MemberRole.MEMBER).update(role=MemberRole.ADMIN):
        subject = f"organisation:{organisation.uid}"
        record(verb="organisation.appoint_administrator", by=by, subject=subject, now=now, person=uid)
    return member


@transaction.atomic
def create_token(*, name: str, scopes: Collection[str], by: Person, now: datetime, days: int = 90) -> tuple[Token, str]:
    """Make a token; returns it with its secret, which is never shown again. Raises Refused on bad input."""
    if unknown := sorted(set(scopes) - set(Scope.values)):
        raise Refused(
            _("Unknown scope: %(names)s.") % {"names": ", ".join(unknown)},
            todo=_("Use some of: %(known)s.") % {"known": ", ".join(Scope.values)},
        )
    if not name.strip() or not 1 <= days <= MAX_TOKEN_DAYS:
        raise Refused(_("A token needs a name and a life of 1 to %(days)s days.") % {"days": MAX_TOKEN_DAYS})
    if rules.needs_second_factor(by):
        raise Refused(_("Set up your second factor first."), why=_("Your role can decide about others."))
    if Token.objects.filter(person=by, revoked_at=None, expires_at__gt=now).count() >= MAX_TOKENS:
        raise Refused(
            _("You have %(most)s tokens already.") % {"most": MAX_TOKENS}, todo=_("Revoke one you no longer use.")
        )
    secret = f"fab_{new_secret()}"
    token = Token.objects.create(
        person=by, name=name.strip()[:60], start=secret[:8], digest=digest(secret),
        scopes=sorted({*scopes, Scope.READ.value}), created_at=now, expires_at=now + timedelta(days=days),
    )  # fmt: skip
    record(verb="token.create", by=by, subject=f"token:{token.pk}", now=now, scopes=token.scopes)
    return token, secret


@transaction.atomic
def revoke_token(*, token: Token, by: Person, now: datetime) -> None:
    """End a token at once. Raises NotAllowed for another's."""
    if token.person_id != by.pk:
        raise NotAllowed(_("This token is not yours."))
    if Token.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now):
        record(verb="token.revoke", by=by, subject=f"token:{token.pk}", now=now)


def touch_token(*, token: Token, now: datetime) -> None:
    """Note that a token was used, at most every five minutes: reads stay reads."""
    if token.last_used_at is None or now - token.last_used_at > TOUCH_EVERY:
        Token.objects.filter(pk=token.pk).update(last_used_at=now)


@transaction.atomic
def add_ssh_key(*, name: str, text: str, by: Person, now: datetime) -> SshKey:
    """Let the person enter machines with this public key; they are told by mail, should it have been another.

    Raises Refused for a bad, weak or known one, for too many, and before a second factor that the role needs.
    """
    key = public_key(text)
    if not name.strip():
        raise Refused(_("An SSH key needs a name."), todo=_("Say where you use it, such as: my laptop."))
    if rules.needs_second_factor(by):
        raise Refused(_("Set up your second factor first."), why=_("Your role can decide about others."))
    Person.objects.select_for_update().get(pk=by.pk)  # keys of a person are added one by one
    if SshKey.objects.filter(person=by).count() >= MAX_SSH_KEYS:
        raise Refused(
            _("You have %(most)s SSH keys already.") % {"most": MAX_SSH_KEYS}, todo=_("Remove one you no longer use.")
        )
    try:
        with transaction.atomic():
            made = SshKey.objects.create(
                person=by, name=name.strip()[:60], kind=key.kind, blob=key.blob, fingerprint=key.fingerprint,
                added_at=now,
            )  # fmt: skip
    except IntegrityError as error:
        raise Refused(
            _("This SSH key is registered already."), why=_("A key opens the account of one person only."),
            todo=_("Make another with `ssh-keygen -t ed25519`."),
        ) from error  # fmt: skip
    record(verb="ssh_key.add", by=by, subject=f"person:{by.uid}", now=now, kind=key.kind, fingerprint=key.fingerprint)
    event = f"ssh_key:{made.pk}:{key.fingerprint}"
    for carry in queries.carriers():
        carry(person=by, kind="ssh_key_added", event=event, now=now, path="/account/ssh-keys/", key=made)
    return made


@transaction.atomic
def remove_ssh_key(*, key: SshKey, by: Person, now: datetime) -> None:
    """Let nobody enter a machine with this key any more; who is in stays in. Raises NotAllowed for another's."""
    if key.person_id != by.pk:
        raise NotAllowed(_("This SSH key is not yours."))
    if SshKey.objects.filter(pk=key.pk).delete()[0]:
        record(verb="ssh_key.remove", by=by, subject=f"person:{by.uid}", now=now, fingerprint=key.fingerprint)
