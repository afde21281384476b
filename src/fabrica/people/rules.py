"""May this person ...? Pure questions about facts of this context."""

from collections.abc import Iterable
from datetime import datetime

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from fabrica.kit.errors import NotAllowed
from fabrica.people import queries
from fabrica.people.engine.assurance import MFA, Assurance, proofing_of
from fabrica.people.models import Organisation, Person
from fabrica.people.states import PRIVILEGED, MemberRole, Role


def roles(person: Person) -> frozenset[str]:
    """The roles granted to a person; looked up once per loaded person."""
    cached: frozenset[str] | None = getattr(person, "_roles", None)
    if cached is None:
        cached = frozenset(person.role_grants.values_list("role", flat=True)) if person.pk else frozenset()
        person._roles = cached  # type: ignore[attr-defined]  # noqa: SLF001 - a cache on our own row
    return cached


def has_role(person: Person, *wanted: Role) -> bool:
    """Whether the person has one of these roles; an operator has no other role by that alone."""
    return bool(roles(person).intersection(wanted))


def is_staff_member(person: Person) -> bool:
    """Whether the person works for the factory on applications."""
    return has_role(person, Role.OFFICER, Role.ASSESSOR)


def judges(person: Person) -> bool:
    """Whether the person has a say in what becomes of applications."""
    return has_role(person, Role.OFFICER, Role.ASSESSOR, Role.EXPERT, Role.PANEL, Role.ETHICS, Role.BOARD)


def works_for(person: Person, organisation: Organisation) -> bool:
    """Whether the person is a member of the organisation."""
    return organisation.members.filter(person=person).exists()


def interests(person: Person) -> frozenset[int]:
    """The keys of the organisations the person has an interest in; looked up once per loaded person."""
    cached: frozenset[int] | None = getattr(person, "_interests", None)
    if cached is None:
        cached = queries.interests_of([person.pk])[person.pk].all if person.pk else frozenset()
        person._interests = cached  # type: ignore[attr-defined]  # noqa: SLF001 - a cache on our own row
    return cached


def look_up_again(person: Person) -> None:
    """Forget what was looked up of the person's interests: they declared another."""
    person.__dict__.pop("_interests", None)


def has_interest(person: Person, organisation: Organisation) -> bool:
    """Whether the person has an interest in it at this moment: works for it or for one that belongs to it, or said so.

    Looked up afresh, as what is decided needs it (decision 0051); lists ask `interests`.
    """
    return organisation.pk in queries.interests_of([person.pk])[person.pk].all


def without_interest(people: Iterable[Person], organisation: Organisation) -> list[Person]:
    """Those who have no interest in it, in their order: as many statements for many as for one."""
    found = list(people)
    interests_by_key = queries.interests_of([one.pk for one in found])
    return [one for one in found if organisation.pk not in interests_by_key[one.pk].all]


def must_have_no_interest(person: Person, organisation: Organisation) -> None:
    """Raises NotAllowed for who has an interest in it; it says who goes on."""
    if has_interest(person, organisation):
        raise NotAllowed(
            _("You have an interest in this organisation, so you do not judge for it."),
            why=_("You work for it or for one that belongs to it, or you said so yourself."),
            todo=_("Leave it to a colleague without one: another officer, assessor or member of the panel."),
        )


def can_manage(person: Person, organisation: Organisation) -> bool:
    """Whether the person administers the organisation."""
    return organisation.members.filter(person=person, role=MemberRole.ADMIN).exists()


def has_second_factor(person: Person) -> bool:
    """Whether the person is asked for a second factor here at each sign-in."""
    return bool(is_mfa_enabled(person))


def needs_second_factor(person: Person) -> bool:
    """Whether this person must set up a second factor before going on. The demo, on loopback only, asks nobody."""
    if settings.FABRICA_DEMO or not (person.is_staff or roles(person) & PRIVILEGED):
        return False
    return not has_second_factor(person)


def role_purposes(person: Person) -> list[str]:
    """What this person's roles are called where the site says which assurance they need."""
    return [f"role.{one}" for one in sorted(roles(person))] if settings.FABRICA_ASSURANCE else []


def shown_assurance(person: Person, now: datetime) -> Assurance:
    """What this person has shown: identity proofing that still counts, and a second factor, in this session if any.

    A second factor here is asked for at each sign-in; one at a provider counts for the session it was told of.
    """
    current = [one for one in queries.identities_of(person) if one.is_current(now)]
    told = getattr(person, "session_acr", None)
    is_told = told == MFA if told is not None else any(one.acr == MFA for one in current)
    found = Assurance(is_told or has_second_factor(person))
    for one in current:
        found |= Assurance(proofing=proofing_of(one.assurance))
    return found


def needed_assurance(purposes: Iterable[str]) -> Assurance:
    """What these purposes ask for together."""
    found = Assurance()
    for one in purposes:
        found |= settings.FABRICA_ASSURANCE.get(one, Assurance())
    return found


def missing_assurance(person: Person, purposes: Iterable[str], now: datetime) -> Assurance:
    """What is still to be shown for these purposes; asks nothing of the database where the site asks for nothing."""
    needed = needed_assurance(purposes)
    return needed - shown_assurance(person, now) if needed else needed


def must_be_assured(person: Person, *purposes: str, now: datetime) -> None:
    """Go on only for who has shown enough for these purposes. Raises NotAllowed, which says what and where."""
    if missing := missing_assurance(person, purposes, now):
        raise NotAllowed(
            _("It must be known more surely who you are."), why=" ".join(assurance_words(missing)),
            todo=_("See *Assurance* on your account page: it says what counts, and leads you there."),
            path=f"/account/assurance/?{urlencode({'for': purposes[0]})}",
        )  # fmt: skip


def assurance_words(wanted: Assurance) -> list[str]:
    """What is wanted, a sentence each."""
    steps = {"low": _("low"), "medium": _("medium"), "high": _("high")}
    words = [_("A second factor is needed, here or at your provider.")] if wanted.mfa else []
    if wanted.proofing:
        sentence = _("Your provider must have checked who you are, at the level %(step)s or above.")
        words.append(sentence % {"step": steps[wanted.proofing]})
    return words
