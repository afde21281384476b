"""What is said of an organisation: who changes it, how its numbers are checked, and which others may be the same."""

import pytest
from django.test import Client
from fabrica.audit.models import Entry
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.people import queries, services
from fabrica.people.engine.legal_forms import legal_forms
from fabrica.people.engine.likeness import Marks, likenesses
from fabrica.people.engine.numbers import checked_number
from fabrica.people.models import Organisation
from fabrica.people.states import MEMBER_COUNTRIES

WHOLE = {
    "name": "Novalis Labs", "legal_form": "SAS", "kind": "startup", "sector": "health",
    "registration_number": "303 265 045 RCS Paris", "vat_number": "40 303 265 045", "pic": "999 999 999",
    "website": "www.novalis.example",
}  # fmt: skip


def signed_in(person):
    client = Client()
    client.force_login(person)
    return client


def address(organisation, rest=""):
    return f"/organisations/{organisation.uid}/{rest}"


@pytest.fixture
def path(cast):
    return address(cast.startup, "change/")


def test_an_administrator_says_all_of_it_and_its_people_and_officers_read_it(cast, path):
    assert signed_in(cast.applicant).post(path, WHOLE)["Location"] == address(cast.startup)
    row = Organisation.objects.get(pk=cast.startup.pk)
    assert {key: getattr(row, key) for key in WHOLE} == {
        **WHOLE, "vat_number": "FR40303265045", "pic": "999999999", "website": "https://www.novalis.example",
    }  # fmt: skip
    for person in (cast.mate, cast.officer):
        page = signed_in(person).get(address(cast.startup)).content.decode()
        assert [
            one for one in ("SAS", "FR40303265045", "999999999", "Health and life sciences") if one not in page
        ] == []
    assert signed_in(cast.outsider).get(address(cast.startup)).status_code == 404


def test_the_audit_knows_what_was_changed_and_not_to_what(cast, now):
    for _ in range(2):
        services.change_organisation(organisation=cast.startup, values=WHOLE, by=cast.applicant, now=now)
    entry = Entry.objects.get(verb="organisation.change")
    fields = ["legal_form", "pic", "registration_number", "sector", "vat_number", "website"]
    assert (entry.facts, entry.actor) == ({"fields": fields}, cast.applicant.uid)


@pytest.mark.parametrize("who", ["mate", "officer"])
def test_who_only_reads_changes_nothing(cast, path, now, who):
    assert signed_in(getattr(cast, who)).post(path, WHOLE).status_code == 403
    with pytest.raises(NotAllowed):
        services.change_organisation(organisation=cast.startup, values=WHOLE, by=getattr(cast, who), now=now)
    assert Organisation.objects.get(pk=cast.startup.pk).legal_form == ""


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"vat_number": "FR41303265045"}, "FR41303265045 is not a VAT number of this country."),
        ({"vat_number": "DE136695976"}, "DE136695976 is not a VAT number of this country."),
        ({"pic": "12345678"}, "12345678 is not a PIC."),
        ({"registration_number": "303265046"}, "303265046 is not a register number of this country."),
        ({"registration_number": "fr stranger things"}, "Another organisation has this number."),
    ],
)
def test_what_cannot_be_comes_back_with_the_reason_and_with_all_that_was_written(cast, path, change, told):
    page = signed_in(cast.applicant).post(path, {**WHOLE, **change})
    form = page.context["form"]
    assert [one.partition(".")[0] + "." for errors in form.errors.values() for one in errors] == [told]
    assert {key: form[key].value() for key in WHOLE} == {**WHOLE, **change}
    assert Organisation.objects.get(pk=cast.startup.pk).sector == ""


def test_a_website_is_one(cast, path):
    page = signed_in(cast.applicant).post(path, {**WHOLE, "website": "javascript://x"})
    assert list(page.context["form"].errors) == ["website"]


@pytest.mark.parametrize(("number", "country"), [("303265045", "FR"), ("30326504500011", "PL"), ("2077474-0", "FI")])
def test_a_register_number_is_checked_where_it_has_check_digits(number, country):
    assert checked_number(number, country) == number


@pytest.mark.parametrize(
    ("one", "other", "reasons"),
    [
        (Marks("FR", "novalis labs", "n1"), Marks("FR", "meridian", "n1"), ["number"]),
        (Marks("FR", "novalis labs", "n1"), Marks("BE", "meridian", "n1"), []),
        (Marks("FR", "a", "fr1", "fr1"), Marks("FR", "b", "n2", "fr1"), ["vat"]),
        (Marks("FR", "a", "n1", "fr1"), Marks("FR", "b", "fr1"), ["number"]),
        (Marks("FR", "a", pic="999999999"), Marks("BE", "b", pic="999999999"), ["pic"]),
        (Marks("FR", "novalis labs"), Marks("BE", "novalis labs"), ["name"]),
        (Marks("FR", "novalis labs"), Marks("FR", "novallis labs"), ["near"]),
        (Marks("FR", "novalis labs"), Marks("FR", "labs novalis"), ["near"]),
        (Marks("FR", "novalis labs"), Marks("BE", "novallis labs"), []),
        (Marks("FR", "novalis labs"), Marks("FR", "novartis ltd labs"), []),
        (Marks("FR", "alba"), Marks("FR", "albo"), []),
        (Marks("FR", ""), Marks("FR", ""), []),
    ],
)
def test_two_may_be_the_same_for(one, other, reasons):
    assert likenesses(one, other) == likenesses(other, one) == reasons


NEW = {"name": "Novallis Labs SAS", "country": "FR", "kind": "startup", "registration_number": "Paris 7"}


def test_who_registers_is_asked_whether_it_is_one_that_is_here_and_may_say_no(cast):
    page = signed_in(cast.outsider).post("/organisations/new/", NEW)
    assert [(one.organisation, one.reasons) for one in page.context["twins"]] == [
        (cast.startup, "nearly the same name in the same country")
    ]
    text = page.content.decode()
    assert "Is it this one?" in text
    assert cast.startup.registration_number not in text
    assert not Organisation.objects.filter(name=NEW["name"]).exists()
    assert signed_in(cast.outsider).post("/organisations/new/", {**NEW, "is_new": "yes"}).status_code == 302
    assert queries.alike(cast.startup, 5) == []
    officer = signed_in(cast.officer).get(address(cast.startup)).content.decode()
    assert [one for one in ("It may be registered twice", "Novallis Labs SAS", "Paris 7") if one not in officer] == []


def test_the_same_number_is_never_registered_again_whatever_is_said(cast):
    again = {**NEW, "name": "Quite Another", "registration_number": cast.startup.registration_number, "is_new": "yes"}
    page = signed_in(cast.outsider).post("/organisations/new/", again)
    assert page.context["form"].errors["__all__"]
    assert [one.organisation for one in page.context["twins"]] == [cast.startup]


def test_the_answer_costs_the_same_however_many_there_are(cast, now, django_assert_num_queries):
    rows = [
        Organisation(
            name=f"Novalis Labs {n}", country="FR", kind="sme", registered_at=now, name_key=f"novalis labs {n}"
        )
        for n in range(300)
    ]
    Organisation.objects.bulk_create(rows)
    with django_assert_num_queries(2):
        assert len(queries.twins(queries.marks_of(cast.startup), 5, but=cast.startup.pk)) == 5


def test_the_api_changes_what_is_given_and_tells_who_may_be_the_same(cast, now):
    client, path = signed_in(cast.applicant), f"/api/organisations/{cast.startup.uid}"
    client.patch(path, {"pic": "999999999"}, content_type="application/json")
    told = client.get(path).json()
    assert (told["pic"], told["name"], told["legal_form"]) == ("999999999", "Novalis Labs", "")
    services.change_organisation(organisation=cast.stranger, values={"pic": "999999999"}, by=cast.outsider, now=now)
    found = {"uid": cast.stranger.uid, "name": "Stranger Things", "country": "FR", "likenesses": ["pic"]}
    assert client.get(f"{path}/alike").json() == [found]
    assert signed_in(cast.mate).get(f"{path}/alike").status_code == 404
    assert signed_in(cast.mate).patch(path, {"pic": ""}, content_type="application/json").status_code == 403
    assert signed_in(cast.outsider).get(path).status_code == 404


def test_every_country_has_legal_forms_to_choose_from():
    assert set(legal_forms().by_country) == set(MEMBER_COUNTRIES)
    assert [country for country in MEMBER_COUNTRIES if len(set(legal_forms().of(country))) < 4] == []


def test_what_is_no_fact_of_it_is_refused(cast, now):
    with pytest.raises(Refused, match="country cannot be changed"):
        services.change_organisation(organisation=cast.startup, values={"country": "BE"}, by=cast.applicant, now=now)
