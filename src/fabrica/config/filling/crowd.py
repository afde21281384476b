"""People and the organisations they work for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress

from fabrica.audit.models import Entry
from fabrica.config.filling import names
from fabrica.config.filling.ground import STAFF_TOTAL
from fabrica.config.filling.names import COUNTRIES, DOMAIN
from fabrica.config.filling.rows import entry
from fabrica.people.engine.numbers import compact, name_key
from fabrica.people.models import Member, Organisation, Person
from fabrica.people.states import TERMS_VERSION, Kind, MemberRole

PEOPLE_OF_A_FIRM = 4
KINDS = tuple(Kind)
JOINED = timedelta(days=800)


@dataclass(frozen=True)
class Firm:
    """An organisation by its key, and those who work for it; the first is its administrator."""

    pk: int
    people: tuple[Person, ...]


def count_people() -> int:
    """How many were made so far."""
    return Person.objects.filter(email__endswith=DOMAIN).count()


def add_people(numbers: range, now: datetime) -> None:
    """Persons who accepted the terms and whom no password lets in."""
    at = now - JOINED
    made = Person.objects.bulk_create(
        Person(
            uid=names.uid("person", one), email=names.email(one), name=names.person(one), password="!", joined_at=at,  # noqa: S106 - lets nobody in
            terms_version=TERMS_VERSION, terms_accepted_at=at,
        )
        for one in numbers
    )  # fmt: skip
    EmailAddress.objects.bulk_create(
        EmailAddress(user=one, email=one.email, verified=True, primary=True) for one in made
    )
    told = []
    for one in made:
        told.append(entry(at, one.uid, "person.register", f"person:{one.uid}"))
        told.append(entry(at, one.uid, "person.accept_terms", f"person:{one.uid}", version=TERMS_VERSION))
    Entry.objects.bulk_create(told)


def count_firms() -> int:
    """How many organisations were made so far."""
    return Organisation.objects.count()


def add_firms(numbers: range, now: datetime) -> None:
    """Organisations of four people each; of the staff nobody works for one."""
    at = now - JOINED
    made = Organisation.objects.bulk_create(_firm(one, at) for one in numbers)
    total = Person.objects.filter(email__endswith=DOMAIN).count() - STAFF_TOTAL
    wanted = {
        number: [STAFF_TOTAL + (PEOPLE_OF_A_FIRM * number + step) % total for step in range(PEOPLE_OF_A_FIRM)]
        for number in numbers
    }
    found = Person.objects.in_bulk([names.email(one) for ones in wanted.values() for one in ones], field_name="email")
    told, members = [], []
    for number, firm in zip(numbers, made, strict=True):
        admin, *others = (found[names.email(one)] for one in wanted[number])
        subject = f"organisation:{firm.uid}"
        told.append(entry(at, admin.uid, "organisation.register", subject, country=firm.country, kind=firm.kind))
        members.append(Member(organisation=firm, person=admin, role=MemberRole.ADMIN, joined_at=at))
        for one in others:
            told.append(entry(at, admin.uid, "organisation.add_member", subject, person=one.uid))
            members.append(Member(organisation=firm, person=one, role=MemberRole.MEMBER, joined_at=at))
    Member.objects.bulk_create(members)
    Entry.objects.bulk_create(told)


def _firm(number: int, at: datetime) -> Organisation:
    name, register = names.firm(number), f"REG {100_000 + number}"
    return Organisation(
        uid=names.uid("organisation", number), name=name, country=names.pick(COUNTRIES, number),
        kind=KINDS[number % len(KINDS)], registration_number=register, registered_at=at,
        number_key=compact(register), name_key=name_key(name),
    )  # fmt: skip


def members() -> Sequence[Firm]:
    """Every organisation with its people, in the order in which they were made."""
    found: dict[int, list[Person]] = {}
    for one in Member.objects.select_related("person").order_by("organisation", "pk"):
        found.setdefault(one.organisation_id, []).append(one.person)
    return [Firm(key, tuple(people)) for key, people in found.items()]
