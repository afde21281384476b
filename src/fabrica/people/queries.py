"""Reads of people. Lists start from what a person may see."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Protocol, cast

from allauth.account.models import EmailAddress
from django.db.models import Q, QuerySet

from fabrica.kit.errors import NotFound
from fabrica.kit.ids import digest
from fabrica.people.engine.domains import domain_of
from fabrica.people.models import Authorship, Domain, Identity, Invitation, Member, Organisation, Person, SshKey, Token
from fabrica.people.states import MemberRole, Proof, Role

Carrier = Callable[..., None]
_carriers: list[Carrier] = []


class HasUser(Protocol):
    """A request, as far as this context cares."""

    user: Any


def carry_through(carrier: Carrier) -> None:
    """Say who carries messages to people, as `notices.services.tell` does; called by `config.wiring` alone."""
    _carriers[:] = [carrier]


def carriers() -> list[Carrier]:
    """Who carries messages to people; nobody where no site is wired."""
    return list(_carriers)


def signed_in(request: HasUser) -> Person:
    """The person behind a request; pages and the API let nobody else in by default."""
    return cast("Person", request.user)


def alike(organisation: Organisation, most: int) -> list[Organisation]:
    """Other organisations that may be the same: of the same number in the same country, or of nearly the same name."""
    number = Q(country=organisation.country, number_key=organisation.number_key) & ~Q(number_key="")
    name = Q(name_key=organisation.name_key) & ~Q(name_key="")
    return list(Organisation.objects.filter(number | name).exclude(pk=organisation.pk).order_by("pk")[:most])


def organisations_of(person: Person) -> QuerySet[Organisation]:
    """The organisations the person works for, by name."""
    return Organisation.objects.filter(members__person=person).order_by("name")


def organisation_of(person: Person, uid: str) -> Organisation:
    """One of the person's organisations. Raises NotFound, also for others'."""
    found = organisations_of(person).filter(uid=uid).first()
    if found is None:
        raise NotFound("There is no such organisation among yours.", todo="Register it, or ask to be added to it.")
    return found


def tokens_of(person: Person) -> QuerySet[Token]:
    """The person's tokens that are not revoked, newest first."""
    return Token.objects.filter(person=person, revoked_at=None).order_by("-pk")


def usable_token(secret: str, now: datetime) -> Token | None:
    """The token with this secret, if it may be used now."""
    token = Token.objects.select_related("person").filter(digest=digest(secret)).first()
    return token if token and token.is_usable(now) else None


def with_role(role: Role) -> QuerySet[Person]:
    """The active persons with a role."""
    return Person.objects.filter(is_active=True, role_grants__role=role).order_by("pk")


def ssh_keys_of(person: Person) -> QuerySet[SshKey]:
    """The person's SSH keys, newest first."""
    return SshKey.objects.filter(person=person).order_by("-pk")


def ssh_key_of(person: Person, pk: int) -> SshKey:
    """One of the person's SSH keys. Raises NotFound, also for others'."""
    found = ssh_keys_of(person).filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such SSH key among yours.", todo="See those on your account page.")
    return found


def identities_of(person: Person) -> QuerySet[Identity]:
    """The identities with which the person signs in, oldest first."""
    return Identity.objects.filter(account__user=person).select_related("account").order_by("pk")


def identity_of(person: Person, pk: int) -> Identity:
    """One of the person's identities. Raises NotFound, also for others'."""
    found = identities_of(person).filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such identity among yours.", todo="See those among your sign-in methods.")
    return found


def owner_of(email: str) -> Person | None:
    """Whose address this is. One that somebody added beside theirs counts only once they confirmed it."""
    confirmed = EmailAddress.objects.filter(email__iexact=email, verified=True).values("user")
    return Person.objects.filter(Q(email__iexact=email) | Q(pk__in=confirmed)).order_by("pk").first()


def owns_address(person: Person, email: str) -> bool:
    """Whether the person confirmed that this address is theirs."""
    found: bool = EmailAddress.objects.filter(user=person, email__iexact=email, verified=True).exists()
    return found


def person_told_of(by: Person, uid: str) -> Person:
    """A person whose assurance this reader may see: officers and operators all, others their own. Raises NotFound."""
    may = by.uid == uid or by.role_grants.filter(role__in=(Role.OFFICER, Role.OPERATOR)).exists()
    found = Person.objects.filter(uid=uid).first() if may else None
    if found is None:
        raise NotFound("There is no such person, or it is not for you to see.")
    return found


def authorship_of(person: Person) -> Authorship | None:
    """What the person said of their ORCID iD and of those they write and apply with."""
    return Authorship.objects.filter(person=person).first()


def authorships_of(people: Iterable[int]) -> dict[int, Authorship]:
    """The same of several people, by their keys; for conflicts of interest. One statement."""
    return {one.person_id: one for one in Authorship.objects.filter(person__in=list(people))}


def addresses_of(person: Person) -> list[str]:
    """The addresses that the person confirmed, in lower case."""
    found = EmailAddress.objects.filter(user=person, verified=True).order_by("pk").values_list("email", flat=True)
    return [one.lower() for one in found]


def invitations_for(person: Person, now: datetime) -> QuerySet[Invitation]:
    """The invitations that the person may use now, by an address that they confirmed."""
    return (
        Invitation.objects.filter(email__in=addresses_of(person), used_at=None, revoked_at=None, expires_at__gt=now)
        .exclude(organisation__members__person=person)
        .select_related("organisation", "invited_by")
        .order_by("pk")
    )


def open_domains_for(person: Person, now: datetime) -> QuerySet[Domain]:
    """The proved domains of the person's confirmed addresses, whose organisation they may join."""
    return (
        Domain.objects.filter(name__in={domain_of(one) for one in addresses_of(person)}, ends_at__gt=now)
        .exclude(proof=Proof.NONE)
        .exclude(organisation__members__person=person)
        .select_related("organisation")
        .order_by("pk")
    )


def organisation_to_invite_to(by: Person, uid: str) -> Organisation:
    """An organisation that this person may invite people to: its administrators, and officers. Raises NotFound."""
    found = Organisation.objects.filter(uid=uid).first()
    administers = Member.objects.filter(organisation=found, person=by, role=MemberRole.ADMIN).exists()
    if found is None or not (administers or by.role_grants.filter(role=Role.OFFICER).exists()):
        raise NotFound("There is no such organisation among those you invite people to.")
    return found


def administrators_of(organisation: Organisation) -> QuerySet[Person]:
    """Who administers it."""
    return Person.objects.filter(
        is_active=True, memberships__organisation=organisation, memberships__role=MemberRole.ADMIN
    ).order_by("pk")
