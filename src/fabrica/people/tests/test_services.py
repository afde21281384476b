from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.test import override_settings
from fabrica.audit.models import Entry
from fabrica.audit.queries import about
from fabrica.conftest import PASSWORD, make_person
from fabrica.kit.errors import NotAllowed, NotFound, Refused
from fabrica.kit.ids import digest
from fabrica.people import queries, rules, services
from fabrica.people.models import Member, Organisation, Person, RoleGrant, Token
from fabrica.people.states import MEMBER_COUNTRIES, TERMS_VERSION, MemberRole, Role

pytestmark = pytest.mark.django_db


def told(subject):
    return [(one.verb, one.actor, one.facts) for one in about(subject)]


def person(now, email="Eva@Example.org", name="Eva", password=PASSWORD):
    return services.register_person(email=email, name=name, password=password, now=now)


def test_a_registered_person_can_sign_in_with_a_verified_address(now):
    made = person(now)
    assert (made.email, made.name, made.check_password(PASSWORD)) == ("eva@example.org", "Eva", True)
    assert list(made.emailaddress_set.values_list("email", "verified", "primary")) == [("eva@example.org", True, True)]
    assert told(f"person:{made.uid}") == [("person.register", made.uid, {})]
    assert PASSWORD not in made.password


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"email": "no address"}, "Enter a valid email address"),
        ({"password": "short"}, "at least 12 characters"),
        ({"password": "password1234"}, "too common"),
    ],
)
def test_a_person_with_a_bad_address_or_password_is_refused(now, wrong, why):
    with pytest.raises(Refused, match=why):
        person(now, **wrong)
    assert not Person.objects.exists()


def test_an_address_in_other_letters_is_the_same_address(now):
    person(now)
    with pytest.raises(Refused, match="has an account already"):
        person(now, email="EVA@example.ORG")


def test_the_terms_are_accepted_once_under_their_version(now):
    made = person(now)
    assert not made.has_accepted_terms
    services.accept_terms(by=made, now=now)
    services.accept_terms(by=made, now=now + timedelta(days=1))
    made.refresh_from_db()
    assert (made.has_accepted_terms, made.terms_version, made.terms_accepted_at) == (True, TERMS_VERSION, now)
    assert [verb for verb, _, _ in told(f"person:{made.uid}")] == ["person.register", "person.accept_terms"]


def test_older_terms_are_not_these_terms(now):
    made = make_person("eva", now)
    made.terms_version = "2020-01"
    assert not made.has_accepted_terms


def test_a_role_is_granted_once_by_an_operator(cast, now):
    for _ in range(2):
        services.grant_role(person=cast.mate, role=Role.ASSESSOR, by=cast.operator, now=now)
    assert RoleGrant.objects.filter(person=cast.mate).count() == 1
    assert told(f"person:{cast.mate.uid}")[-1] == ("person.grant_role", cast.operator.uid, {"role": "assessor"})
    assert rules.roles(Person.objects.get(pk=cast.mate.pk)) == {"assessor"}


@pytest.mark.parametrize("who", ["applicant", "officer", "assessor", "provider", "outsider"])
def test_nobody_else_grants_roles(cast, now, who):
    with pytest.raises(NotAllowed):
        services.grant_role(person=cast.mate, role=Role.OFFICER, by=getattr(cast, who), now=now)
    assert not rules.has_role(cast.mate, Role.OFFICER)


def register(cast, now, **changes):
    values = {"name": "Alba", "country": "ES", "kind": "sme", "registration_number": "ES 1", **changes}
    return services.register_organisation(**values, by=cast.applicant, now=now)


def test_who_registers_an_organisation_administers_it(cast, now):
    made = register(cast, now, name="  Alba ", registration_number=" ES 1 ")
    assert (made.name, made.registration_number) == ("Alba", "ES 1")
    assert rules.can_manage(cast.applicant, made)
    assert told(f"organisation:{made.uid}") == [
        ("organisation.register", cast.applicant.uid, {"country": "ES", "kind": "sme"})
    ]


@pytest.mark.parametrize(
    "wrong",
    [{"name": " "}, {"registration_number": ""}, {"country": "XX"}, {"country": "fr"}, {"kind": "club"}, {"kind": ""}],
)
def test_an_organisation_that_makes_no_sense_is_refused(cast, now, wrong):
    with pytest.raises(Refused):
        register(cast, now, **wrong)
    assert Organisation.objects.count() == 3


def test_a_known_organisation_is_refused_and_says_whom_to_ask(cast, now):
    with pytest.raises(Refused, match="Ask its administrator to add you"):
        register(cast, now, name="Novalis Labs")
    assert not rules.works_for(cast.outsider, cast.startup)


def test_a_vat_number_is_checked_and_kept_plain(cast, now):
    made = register(cast, now, country="FR", registration_number="fr 40 303 265 045")
    assert (made.registration_number, made.number_key) == ("FR40303265045", "FR40303265045")
    with pytest.raises(Refused, match="FR 41 303 265 045 is not a VAT number of this country"):
        register(cast, now, name="Beta", country="FR", registration_number="FR 41 303 265 045")


def test_a_number_that_is_registered_is_refused_in_any_spelling_but_only_in_its_country(cast, now):
    register(cast, now, registration_number="B-12 34 56")
    with pytest.raises(Refused, match="An organisation with the number b123456 is registered already"):
        register(cast, now, name="Another", registration_number="b123456")
    assert register(cast, now, name="Another", country="PT", registration_number="b123456").name == "Another"


def test_others_of_nearly_the_same_name_are_found(cast, now):
    first = register(cast, now, name="Société Alba")
    second = register(cast, now, name="SOCIETE ALBA, S.L.", registration_number="ES 2")
    register(cast, now, name="Albatros", registration_number="ES 3")
    assert (queries.alike(first, 5), queries.alike(second, 5)) == ([second], [first])
    assert queries.alike(cast.startup, 5) == []


@pytest.mark.parametrize("change", [{"name": "x" * 161}, {"registration_number": "x" * 41}])
def test_names_are_bounded(cast, now, change):
    with pytest.raises(Refused, match="at most"):
        register(cast, now, **change)


def test_an_administrator_adds_a_colleague_once(cast, now):
    for _ in range(2):
        made = services.add_member(organisation=cast.startup, email="OTTO@example.org", by=cast.applicant, now=now)
    assert (made.person, made.role) == (cast.outsider, MemberRole.MEMBER)
    assert Member.objects.filter(organisation=cast.startup).count() == 3
    added = ("organisation.add_member", cast.applicant.uid, {"person": cast.outsider.uid})
    assert told(f"organisation:{cast.startup.uid}").count(added) == 1


@pytest.mark.parametrize("who", ["mate", "officer", "operator", "outsider"])
def test_only_administrators_add_members(cast, now, who):
    with pytest.raises(NotAllowed):
        services.add_member(organisation=cast.startup, email=cast.provider.email, by=getattr(cast, who), now=now)


@pytest.mark.parametrize("who", ["officer", "assessor"])
def test_nobody_makes_a_judge_partial_by_adding_them(cast, now, who):
    judge = getattr(cast, who)
    with pytest.raises(NotFound, match="Nobody can be added"):
        services.add_member(organisation=cast.startup, email=judge.email, by=cast.applicant, now=now)
    assert not Member.objects.filter(person=judge).exists()


def test_a_stranger_is_told_of_as_a_judge_is(cast, now):
    with pytest.raises(NotFound, match="Nobody can be added"):
        services.add_member(organisation=cast.startup, email="nobody@example.org", by=cast.applicant, now=now)
    Person.objects.filter(pk=cast.outsider.pk).update(is_active=False)
    with pytest.raises(NotFound):
        services.add_member(organisation=cast.startup, email=cast.outsider.email, by=cast.applicant, now=now)


def token(cast, now, **changes):
    return services.create_token(**{"name": "laptop", "scopes": ["train"], "by": cast.applicant, "now": now, **changes})


def test_a_token_always_reads_and_ends(cast, now):
    made, secret = token(cast, now, scopes=["train", "apply", "train"], days=7)
    assert (made.scopes, made.expires_at) == (["apply", "read", "train"], now + timedelta(days=7))
    assert secret.startswith("fab_")
    assert made.digest == digest(secret)
    assert told(f"token:{made.pk}") == [("token.create", cast.applicant.uid, {"scopes": ["apply", "read", "train"]})]


@pytest.mark.parametrize("wrong", [{"days": 0}, {"days": 366}, {"days": -1}, {"name": "  "}, {"scopes": ["all"]}])
def test_a_token_that_makes_no_sense_is_refused(cast, now, wrong):
    with pytest.raises(Refused):
        token(cast, now, **wrong)
    assert not Token.objects.exists()


def test_twenty_tokens_are_enough(cast, now):
    made = [token(cast, now)[0] for _ in range(services.MAX_TOKENS)]
    with pytest.raises(Refused, match="20 tokens already"):
        token(cast, now)
    services.revoke_token(token=made[0], by=cast.applicant, now=now)
    assert token(cast, now)


def test_a_token_is_usable_until_the_instant_it_ends(cast, now):
    _, secret = token(cast, now, days=1)
    end = now + timedelta(days=1)
    assert queries.usable_token(secret, end - timedelta(microseconds=1)) is not None
    assert queries.usable_token(secret, end) is None
    assert queries.usable_token(secret + "x", now) is None


def test_a_revoked_token_is_over_at_once_and_told_once(cast, now):
    made, secret = token(cast, now)
    for _ in range(2):
        services.revoke_token(token=made, by=cast.applicant, now=now)
    assert queries.usable_token(secret, now) is None
    assert [verb for verb, _, _ in told(f"token:{made.pk}")] == ["token.create", "token.revoke"]


def test_another_persons_token_is_not_mine_to_revoke(cast, now):
    made, secret = token(cast, now)
    with pytest.raises(NotAllowed):
        services.revoke_token(token=made, by=cast.mate, now=now)
    assert queries.usable_token(secret, now) == made
    assert list(queries.tokens_of(cast.mate)) == []


def test_the_use_of_a_token_is_noted_at_most_every_five_minutes(cast, now):
    made, _ = token(cast, now)
    for minutes, noted in ((0, 0), (5, 0), (6, 6)):
        services.touch_token(token=made, now=now + timedelta(minutes=minutes))
        made.refresh_from_db()
        assert made.last_used_at == now + timedelta(minutes=noted)


@override_settings(FABRICA_DEMO=False)
def test_outside_the_demo_who_decides_about_others_needs_a_second_factor_for_a_token(cast, now):
    with override_settings(FABRICA_DEMO=False), pytest.raises(Refused, match="second factor"):
        token(cast, now, by=cast.officer)


def test_mine_are_the_organisations_i_work_for(cast):
    assert list(queries.organisations_of(cast.mate)) == [cast.startup]
    assert queries.organisation_of(cast.mate, cast.startup.uid) == cast.startup
    with pytest.raises(NotFound):
        queries.organisation_of(cast.outsider, cast.startup.uid)


def test_with_a_role_are_the_active_ones(cast):
    assert list(queries.with_role(Role.OFFICER)) == [cast.officer]
    Person.objects.filter(pk=cast.officer.pk).update(is_active=False)
    assert list(queries.with_role(Role.OFFICER)) == []


def test_an_organisation_of_any_country_of_the_list_is_registered(cast, now):
    made = register(cast, now, name="Säntis AI", country="CH", registration_number="CHE-107.787.577")
    assert (len(MEMBER_COUNTRIES), made.get_country_display(), made.registration_number) == (
        27, "Switzerland", "CHE-107.787.577",
    )  # fmt: skip


def test_a_person_can_be_erased_and_the_entries_stay(cast, now):
    before = Entry.objects.count()
    cast.provider.memberships.all().delete()
    cast.provider.delete()
    assert Entry.objects.count() == before


def test_what_was_registered_before_is_found_again_too(cast, now):
    made = register(cast, now, name="Alba S.A.", registration_number="B 12")
    Organisation.objects.filter(pk=made.pk).update(number_key="", name_key="")
    import_module("fabrica.people.migrations.0005_numbers_known").fill(apps, None)
    made.refresh_from_db()
    assert (made.number_key, made.name_key) == ("B12", "alba")
