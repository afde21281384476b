"""Reads of people. Lists start from what a person may see."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, cast

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from fabrica.kit.errors import NotFound
from fabrica.kit.ids import digest
from fabrica.people.engine.domains import domain_of
from fabrica.people.engine.likeness import Marks, likenesses
from fabrica.people.engine.sme import Rules, current
from fabrica.people.engine.sme.draft import empty
from fabrica.people.models import (
    Authorship,
    Domain,
    Erasure,
    Identity,
    Invitation,
    Member,
    OpenSession,
    Organisation,
    Person,
    SmeDeclaration,
    SmeDraft,
    SshKey,
    Token,
)
from fabrica.people.queries.interests import Interest, Told, hear_of_interests, interests_of, noted
from fabrica.people.queries.ties import Tie, Ties, ties_of
from fabrica.people.states import ErasureCause, ErasureState, Likeness, MemberRole, Proof, Role

__all__ = ["Interest", "Tie", "Ties", "Told", "hear_of_interests", "interests_of", "noted", "ties_of"]

Carrier = Callable[..., None]
_carriers: list[Carrier] = []
ALIKE_START = 4  # letters with which near names begin alike
MOST_LOOKED_AT = 200
MOST_STATUSES = 5


class HasUser(Protocol):
    """A request, as far as this context cares."""

    user: Any


def carry_through(carrier: Carrier) -> None:
    """Say who carries messages to people, as `notices.services.tell` does; called by `config.wiring` alone."""
    _carriers[:] = [carrier]


def carriers() -> list[Carrier]:
    """Who carries messages to people; nobody where no site is wired."""
    return list(_carriers)


# What else a person must hand over before they are erased, and how they leave what the contexts above own.
Hindrance = Callable[[Person, datetime], list[str]]
Leaving = Callable[[Person, datetime], None]
_hindrances: list[Hindrance] = []
_leavings: list[Leaving] = []


def hinder_erasure_by(hindrance: Hindrance, leaving: Leaving) -> None:
    """Say what of a context above stands in the way, and how a person leaves it; called by `config.wiring` alone."""
    _hindrances[:], _leavings[:] = [hindrance], [leaving]


def leavings() -> list[Leaving]:
    """How a person leaves what contexts above own; nothing where no site is wired."""
    return list(_leavings)


def hindrances(person: Person, now: datetime) -> list[str]:
    """What must be handed over before this person is erased, a sentence each."""
    admins = Member.objects.filter(role=MemberRole.ADMIN, person__is_active=True).exclude(person=person)
    orphaned = Organisation.objects.filter(
        Exists(Member.objects.filter(organisation=OuterRef("pk"), person=person, role=MemberRole.ADMIN)),
        Exists(Member.objects.filter(organisation=OuterRef("pk"), person__is_active=True).exclude(person=person)),
        ~Exists(admins.filter(organisation=OuterRef("pk"))),
    )
    sentence = _("%(name)s would be without an administrator: make another member one first.")
    found = [sentence % {"name": one.name} for one in orphaned.order_by("pk")]
    operators = with_role(Role.OPERATOR)
    if operators.filter(pk=person.pk).exists() and not operators.exclude(pk=person.pk).exists():
        found.append(_("The site would be without an operator: grant the role to somebody first."))
    for ask in _hindrances:
        found += ask(person, now)
    return found


def erasure_of(person: Person) -> Erasure | None:
    """The erasure that waits for its day, or for a second person."""
    return Erasure.objects.filter(person=person, state=ErasureState.WAITING).first()


def erasures_due(now: datetime) -> QuerySet[Erasure]:
    """Those whose day has come, the longest waiting first; none that only one officer asked for."""
    behind = Q(cause=ErasureCause.OWN) | Q(confirmed_at__isnull=False)
    return Erasure.objects.filter(behind, state=ErasureState.WAITING, next_try_at__lte=now).order_by(
        "next_try_at", "pk"
    )


def signed_in(request: HasUser) -> Person:
    """The person behind a request; pages and the API let nobody else in by default."""
    return cast("Person", request.user)


@dataclass(frozen=True)
class Twin:
    """An organisation that may be the same as another, and why."""

    organisation: Organisation
    likenesses: tuple[Likeness, ...]

    @property
    def reasons(self) -> str:
        """In words."""
        return "; ".join(str(one.label) for one in self.likenesses)


def marks_of(one: Organisation) -> Marks:
    """What it is known by."""
    return Marks(one.country, one.name_key, one.number_key, one.vat_number, one.pic)


def _same(marks: Marks) -> Q:
    numbers = Q(number_key__in=marks.numbers) | Q(vat_number__in=marks.numbers)
    found = Q(country=marks.country) & numbers
    for key in ("name_key", "vat_number", "pic"):
        if value := getattr(marks, key):
            found |= Q(**{key: value})
    return found


def alike(organisation: Organisation, most: int) -> list[Organisation]:
    """Other organisations that may be the same: of the same number, or of the same name but for its spelling."""
    found = Organisation.objects.filter(_same(marks_of(organisation)))
    return list(found.exclude(pk=organisation.pk).order_by("pk")[:most])


def twins(marks: Marks, most: int, *, but: int = 0) -> list[Twin]:
    """Organisations that may be the same, also by a name that is near in the same country; those most alike first.

    A near name begins alike: others are not looked at, so that the answer costs the same however many there are.
    """
    near = Q(country=marks.country, name_key__startswith=marks.name_key[:ALIKE_START])
    same = Organisation.objects.filter(_same(marks)).exclude(pk=but).order_by("pk")[:MOST_LOOKED_AT]
    begun = Organisation.objects.filter(near).exclude(pk=but).order_by("pk")[:MOST_LOOKED_AT]
    rows = {one.pk: one for one in [*same, *(begun if len(marks.name_key) >= ALIKE_START else ())]}
    found = [Twin(one, tuple(Likeness(why) for why in likenesses(marks, marks_of(one)))) for one in rows.values()]
    order = {why: place for place, why in enumerate(("vat", "number", "pic", "name", "near"))}
    alike_ones = [one for one in found if one.likenesses]
    return sorted(alike_ones, key=lambda one: (order[one.likenesses[0].value], one.organisation.pk))[:most]


def organisation_to_read(by: Person, uid: str) -> Organisation:
    """An organisation that this person may look at: its people, officers and operators. Raises NotFound."""
    found = Organisation.objects.filter(uid=uid).first()
    works_there = Member.objects.filter(organisation=found, person=by).exists()
    if found is None or not (works_there or by.role_grants.filter(role__in=(Role.OFFICER, Role.OPERATOR)).exists()):
        raise NotFound(
            _("There is no such organisation among yours."), todo=_("Register it, or ask to be added to it.")
        )
    return found


def organisations_of(person: Person) -> QuerySet[Organisation]:
    """The organisations the person works for, by name."""
    return Organisation.objects.filter(members__person=person).order_by("name")


def organisation_of(person: Person, uid: str) -> Organisation:
    """One of the person's organisations. Raises NotFound, also for others'."""
    found = organisations_of(person).filter(uid=uid).first()
    if found is None:
        raise NotFound(
            _("There is no such organisation among yours."), todo=_("Register it, or ask to be added to it.")
        )
    return found


def members_of(organisation: Organisation) -> QuerySet[Member]:
    """Who works for it."""
    return organisation.members.select_related("person")


def sme_rules() -> Rules:
    """The SME rule of this site: its own file's where it names one, else ours."""
    return current(settings.FABRICA_SME_RULES)


def sme_draft_of(organisation: Organisation) -> SmeDraft:
    """What it entered so far; an empty one that is not kept yet, where it entered nothing."""
    found = SmeDraft.objects.filter(organisation=organisation).first()
    return found or SmeDraft(organisation=organisation, content=empty(), version=0)


def sme_declarations_of(organisation: Organisation) -> QuerySet[SmeDeclaration]:
    """All it declared, newest first."""
    return SmeDeclaration.objects.filter(organisation=organisation).order_by("-number")


def sme_declaration_of(organisation: Organisation) -> SmeDeclaration | None:
    """What it declared last, valid still or not."""
    return sme_declarations_of(organisation).defer("content", "printed").first()


def sme_statuses(person: Person, now: datetime) -> list[SmeDeclaration]:
    """What the person's organisations declared last and may still be relied on, by name of the organisation."""
    found = [sme_declaration_of(one) for one in organisations_of(person)[:MOST_STATUSES]]
    return [one for one in found if one is not None and one.is_valid(now)]


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
        raise NotFound(_("There is no such SSH key among yours."), todo=_("See those on your account page."))
    return found


def identities_of(person: Person) -> QuerySet[Identity]:
    """The identities with which the person signs in, oldest first."""
    return Identity.objects.filter(account__user=person).select_related("account").order_by("pk")


def identity_of(person: Person, pk: int) -> Identity:
    """One of the person's identities. Raises NotFound, also for others'."""
    found = identities_of(person).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such identity among yours."), todo=_("See those among your sign-in methods."))
    return found


def sessions_of(person: Person, now: datetime) -> QuerySet[OpenSession]:
    """The person's sessions that still let somebody in, newest first."""
    alive = Session.objects.filter(expire_date__gt=now).values("session_key")
    return OpenSession.objects.filter(person=person, session_key__in=alive).order_by("-pk")


def session_of(person: Person, uid: str, now: datetime) -> OpenSession:
    """One of the person's sessions. Raises NotFound, also for others'."""
    found = sessions_of(person, now).filter(uid=uid).first()
    if found is None:
        raise NotFound(_("There is no such session among yours."), todo=_("See those among your sign-in methods."))
    return found


def was_begun_with(uid: str, identity: Identity) -> bool:
    """Whether the session of this name was begun with an identity."""
    return OpenSession.objects.filter(uid=uid, account=identity.account).exists()


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
        raise NotFound(_("There is no such person, or it is not for you to see."))
    return found


def identity_told_of(by: Person, uid: str, pk: int) -> Identity:
    """One identity of a person whose assurance this reader may see. Raises NotFound."""
    return identity_of(person_told_of(by, uid), pk)


def authorship_of(person: Person) -> Authorship | None:
    """What the person said of their ORCID iD and of those they write and apply with."""
    return Authorship.objects.filter(person=person).first()


def authorships_of(people: Iterable[int]) -> dict[int, Authorship]:
    """The same of several people, by their keys; for conflicts of interest. One statement."""
    return {one.person_id: one for one in Authorship.objects.filter(person__in=list(people))}


def addresses_of(person: Person) -> list[str]:
    """The addresses that the person confirmed, in lower case."""
    return list(confirmed(person).order_by("pk"))


def confirmed(person: Person) -> QuerySet[EmailAddress, str]:
    """The same, to be asked for within another statement."""
    rows = EmailAddress.objects.filter(user=person, verified=True)
    found: QuerySet[EmailAddress, str] = rows.annotate(lower=Lower("email")).values_list("lower", flat=True)
    return found


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
        raise NotFound(_("There is no such organisation among those you invite people to."))
    return found


def administrators_of(organisation: Organisation) -> QuerySet[Person]:
    """Who administers it."""
    return Person.objects.filter(
        is_active=True, memberships__organisation=organisation, memberships__role=MemberRole.ADMIN
    ).order_by("pk")
