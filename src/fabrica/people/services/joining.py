"""Joining an organisation: by invitation to an address, or by an address in a domain that the organisation proved."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.kit.ids import new_secret
from fabrica.people import queries, rules
from fabrica.people.engine.domains import checked_domain
from fabrica.people.models import Domain, Invitation, Member, Organisation, Person
from fabrica.people.states import MemberRole, Proof, Role

INVITATION_LIFE = timedelta(days=14)
DOMAIN_LIFE = timedelta(days=365)
BETWEEN_LETTERS = timedelta(minutes=10)
MAX_OPEN, MAX_DOMAINS = 50, 10
MAX_A_DAY, MAX_A_DAY_TO_ONE = 100, 3  # nobody's mailbox is filled from here


@transaction.atomic
def invite(*, organisation: Organisation, email: str, by: Person, now: datetime) -> Invitation:
    """Let the owner of this address join, once, within two weeks. The caller sends the letter.

    Raises NotAllowed; Refused for no address, one invited already, a member's, or too many.
    """
    _check_may_invite(by, organisation)
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise Refused(_("This is not an e-mail address.")) from error
    Organisation.objects.select_for_update().get(pk=organisation.pk)
    waiting = organisation.invitations.filter(used_at=None, revoked_at=None)
    if organisation.members.filter(person__emailaddress__email__iexact=address).exists():
        raise Refused(_("Who has this address is a member already."))
    if waiting.filter(email=address).exists():
        raise Refused(_("This address is invited already."), todo=_("Send the letter again."))
    day = Invitation.objects.filter(invited_at__gt=now - timedelta(days=1))
    if day.filter(email=address).count() >= MAX_A_DAY_TO_ONE or day.filter(invited_by=by).count() >= MAX_A_DAY:
        raise Refused(_("Too many invitations in a day."), todo=_("Try again tomorrow."))
    if waiting.count() >= MAX_OPEN:
        raise Refused(_("Too many invitations wait for an answer."), todo=_("Revoke some first."))
    made = Invitation.objects.create(
        organisation=organisation, email=address, invited_by=by, invited_at=now, sent_at=now,
        expires_at=now + INVITATION_LIFE,
    )  # fmt: skip
    record(verb="organisation.invite", by=by, subject=f"organisation:{organisation.uid}", now=now, invitation=made.pk)
    return made


@transaction.atomic
def resend_invitation(*, invitation: Invitation, by: Person, now: datetime) -> None:
    """Let it hold two weeks from now; the caller sends the letter again. Raises NotAllowed, Refused when too soon."""
    _check_may_invite(by, invitation.organisation)
    waiting = Invitation.objects.filter(pk=invitation.pk, used_at=None, revoked_at=None)
    if not waiting.exists():
        raise Refused(_("This invitation was used or revoked."), todo=_("Invite the address again."))
    changed = waiting.filter(sent_at__lte=now - BETWEEN_LETTERS).update(sent_at=now, expires_at=now + INVITATION_LIFE)
    if not changed:
        raise Refused(_("The letter was sent a moment ago."), todo=_("Wait ten minutes."))
    subject = f"organisation:{invitation.organisation.uid}"
    record(verb="organisation.resend_invitation", by=by, subject=subject, now=now, invitation=invitation.pk)


@transaction.atomic
def revoke_invitation(*, invitation: Invitation, by: Person, now: datetime) -> None:
    """Let nobody join by it any more. Raises NotAllowed."""
    _check_may_invite(by, invitation.organisation)
    if Invitation.objects.filter(pk=invitation.pk, used_at=None, revoked_at=None).update(revoked_at=now):
        subject = f"organisation:{invitation.organisation.uid}"
        record(verb="organisation.revoke_invitation", by=by, subject=subject, now=now, invitation=invitation.pk)


@transaction.atomic
def join_by_invitation(*, invitation: Invitation, by: Person, now: datetime) -> Member:
    """Join the organisation. Raises NotAllowed for another's address, Refused for one that is over."""
    if not queries.owns_address(by, invitation.email):
        raise NotAllowed(
            _("This invitation is for another address."), todo=_("Confirm that address as yours, then come back.")
        )
    used = Invitation.objects.filter(pk=invitation.pk, used_at=None, revoked_at=None, expires_at__gt=now)
    if not used.update(used_at=now):
        raise Refused(_("This invitation is over."), todo=_("Ask for another one."))
    return _join(invitation.organisation, by, now, "invitation")


@transaction.atomic
def join_by_domain(*, domain: Domain, by: Person, now: datetime) -> Member:
    """Join the organisation whose domain one's address is in. Raises NotAllowed."""
    if not queries.open_domains_for(by, now).filter(pk=domain.pk).exists():
        raise NotAllowed(_("None of your confirmed addresses lets you join by this domain."))
    return _join(domain.organisation, by, now, "domain")


def _join(organisation: Organisation, person: Person, now: datetime, way: str) -> Member:
    if rules.judges(person):
        raise Refused(_("You judge applications here, so that you cannot join an organisation that applies."))
    member, created = Member.objects.get_or_create(
        organisation=organisation, person=person, defaults={"role": MemberRole.MEMBER, "joined_at": now}
    )
    if created:
        record(verb="organisation.join", by=person, subject=f"organisation:{organisation.uid}", now=now, way=way)
        _tell_administrators(organisation, person, member, now)
    return member


def _tell_administrators(organisation: Organisation, person: Person, member: Member, now: datetime) -> None:
    path = f"/organisations/{organisation.uid}/"
    for reader in queries.administrators_of(organisation):
        for carry in queries.carriers():
            carry(
                person=reader, kind="member_joined", event=f"member_joined:{member.pk}", now=now, path=path,
                organisation=organisation, joined=person,
            )  # fmt: skip


@transaction.atomic
def claim_domain(*, organisation: Organisation, name: str, by: Person, now: datetime) -> Domain:
    """Name a domain to prove. Raises NotAllowed; Refused for none, a shared one, one that is another's, or too many."""
    if not rules.can_manage(by, organisation):
        raise NotAllowed(_("Only an administrator of the organisation names its domains."))
    plain = checked_domain(name)
    Organisation.objects.select_for_update().get(pk=organisation.pk)
    if organisation.domains.exclude(name=plain).count() >= MAX_DOMAINS:
        raise Refused(_("There are as many domains as there may be."), todo=_("Remove one first."))
    made, created = Domain.objects.get_or_create(
        organisation=organisation, name=plain, defaults={"secret": new_secret(), "asked_at": now}
    )
    if created:
        subject = f"organisation:{organisation.uid}"
        record(verb="organisation.claim_domain", by=by, subject=subject, now=now, domain=plain)
    return made


def prove_domain(*, domain: Domain, records: Collection[str], by: Person, now: datetime) -> None:
    """Take the records that the DNS holds as proof. Raises NotAllowed, Refused."""
    if not rules.can_manage(by, domain.organisation):
        raise NotAllowed(_("Only an administrator of the organisation proves its domains."))
    if domain.record_text not in records:
        raise Refused(
            _("The record is not there yet."), why=_("A new record may take an hour to be seen everywhere."),
            todo=_("Check its name and text, and try again."),
        )  # fmt: skip
    _prove(domain, Proof.DNS, by, now)


def confirm_domain(*, domain: Domain, by: Person, now: datetime) -> None:
    """Take an officer's word as proof. Raises NotAllowed for others, and for who works there; Refused."""
    if not rules.has_role(by, Role.OFFICER) or rules.works_for(by, domain.organisation):
        raise NotAllowed(_("Only an officer who does not work there confirms a domain."))
    _prove(domain, Proof.OFFICER, by, now)


@transaction.atomic
def _prove(domain: Domain, proof: Proof, by: Person, now: datetime) -> None:
    Domain.objects.filter(name=domain.name, ends_at__lte=now).exclude(pk=domain.pk).update(proof=Proof.NONE)
    try:
        with transaction.atomic():
            Domain.objects.filter(pk=domain.pk).update(proof=proof, proved_at=now, ends_at=now + DOMAIN_LIFE)
    except IntegrityError as error:
        raise Refused(
            _("Another organisation proved this domain."), todo=_("Ask the site's officers, if it is yours.")
        ) from error
    subject = f"organisation:{domain.organisation.uid}"
    record(verb="organisation.prove_domain", by=by, subject=subject, now=now, domain=str(domain), proof=proof.value)


@transaction.atomic
def remove_domain(*, domain: Domain, by: Person, now: datetime) -> None:
    """Let nobody join by it any more; who joined stays. Raises NotAllowed."""
    _check_may_invite(by, domain.organisation)
    if Domain.objects.filter(pk=domain.pk).delete()[0]:
        subject = f"organisation:{domain.organisation.uid}"
        record(verb="organisation.remove_domain", by=by, subject=subject, now=now, domain=str(domain))


def _check_may_invite(by: Person, organisation: Organisation) -> None:
    if not (rules.can_manage(by, organisation) or rules.has_role(by, Role.OFFICER)):
        raise NotAllowed(_("Only an administrator of the organisation, or an officer, invites people."))
