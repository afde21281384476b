import pytest
from django.test import Client
from fabrica.kit.paging import PAGE_SIZE
from fabrica.people.models import Member, Organisation, Person, Token

pytestmark = pytest.mark.django_db
NEW = {"name": "Alba", "country": "ES", "kind": "sme", "registration_number": "ES 1"}


@pytest.fixture
def sign_in():
    def sign_in(person):
        client = Client()
        client.force_login(person)
        return client

    return sign_in


def test_the_terms_are_shown_and_accepted_and_lead_on(cast, sign_in):
    Person.objects.filter(pk=cast.applicant.pk).update(terms_version="")
    client = sign_in(cast.applicant)
    assert client.get("/account/")["Location"] == "/terms/?next=/account/"
    page = client.get("/terms/?next=/account/")
    assert page.context["version"] == "2026-11"
    assert 'name="next" value="/account/"' in page.content.decode()
    assert client.post("/terms/", {"accept": "on", "next": "/account/"})["Location"] == "/account/"
    assert Person.objects.get(pk=cast.applicant.pk).has_accepted_terms


def test_the_terms_without_a_tick_stay_open(cast, sign_in):
    Person.objects.filter(pk=cast.applicant.pk).update(terms_version="")
    page = sign_in(cast.applicant).post("/terms/", {"next": "/account/"})
    assert page.status_code == 200
    assert list(page.context["form"].errors) == ["accept"]
    assert not Person.objects.get(pk=cast.applicant.pk).has_accepted_terms


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_the_terms_never_lead_to_another_site(cast, sign_in, elsewhere):
    answer = sign_in(cast.applicant).post("/terms/", {"accept": "on", "next": elsewhere})
    assert answer["Location"].startswith("/")
    assert "evil" not in answer["Location"]


@pytest.mark.parametrize(
    "heading",
    [
        "Civilian use", "No prohibited practices", "Licences and policies", "Metering and audit", "Reporting",
        "Your account", "Data protection", "No warranty",
    ],
)  # fmt: skip
def test_the_terms_speak_of(cast, sign_in, heading):
    assert f"<h2>{heading}</h2>" in sign_in(cast.applicant).get("/terms/").content.decode()


def test_the_account_lists_my_organisations_and_tokens(cast, sign_in):
    page = sign_in(cast.mate).get("/account/")
    assert list(page.context["organisations"]) == [cast.startup]
    assert list(page.context["tokens"]) == []
    assert f"/organisations/{cast.startup.uid}/" in page.content.decode()


def test_an_organisation_is_registered(cast, sign_in):
    answer = sign_in(cast.outsider).post("/organisations/new/", NEW)
    assert answer.status_code == 302
    assert list(Organisation.objects.filter(members__person=cast.outsider, name="Alba").values("country", "kind")) == [
        {"country": "ES", "kind": "sme"}
    ]


@pytest.mark.parametrize(
    ("change", "field"), [({"name": "Novalis Labs"}, "name"), ({"country": "XX"}, "country"), ({"kind": ""}, "kind")]
)
def test_an_organisation_that_cannot_be_comes_back_with_the_reason(cast, sign_in, change, field):
    page = sign_in(cast.outsider).post("/organisations/new/", {**NEW, **change})
    assert page.status_code == 200
    assert list(page.context["form"].errors) == [field]


def test_an_administrator_adds_a_member_and_a_member_sees_no_form(cast, sign_in):
    path = f"/organisations/{cast.startup.uid}/"
    assert sign_in(cast.applicant).post(path, {"email": cast.outsider.email})["Location"] == path
    assert cast.startup.members.filter(person=cast.outsider).exists()
    assert sign_in(cast.applicant).post(path, {"email": "no@example.org"}).context["form"].errors == {
        "email": ["Nobody can be added under this address. Invite it: its owner joins themselves."]
    }
    assert sign_in(cast.mate).get(path).context["form"] is None
    assert sign_in(cast.mate).post(path, {"email": cast.provider.email}).status_code == 403
    assert not cast.startup.members.filter(person=cast.provider).exists()


def test_a_member_of_the_second_page_is_made_administrator(cast, sign_in, now):
    crowd = Person.objects.bulk_create(Person(uid=f"{n:032x}", email=f"{n}@example.org") for n in range(PAGE_SIZE))
    Member.objects.bulk_create(
        Member(organisation=cast.startup, person=one, role="member", joined_at=now) for one in crowd
    )
    client, path = sign_in(cast.applicant), f"/organisations/{cast.startup.uid}/"
    first = client.get(path)
    second = client.get(path, {"cursor": first.context["page"].next_cursor})
    assert [len(one.context["page"].rows) for one in (first, second)] == [PAGE_SIZE, 2]
    last = crowd[-1].uid
    assert [f'value="{last}"' in one.content.decode() for one in (first, second)] == [False, True]
    assert client.post(f"{path}administrators/", {"person": last})["Location"] == path
    assert cast.startup.members.get(person=crowd[-1]).role == "admin"


def test_another_organisation_does_not_exist_for_me(cast, sign_in):
    assert sign_in(cast.outsider).get(f"/organisations/{cast.startup.uid}/").status_code == 404


def test_a_token_is_shown_once_and_revoked(cast, sign_in):
    client = sign_in(cast.applicant)
    wish = {"name": "laptop", "scopes": ["train"], "days": 30}
    assert client.post("/account/tokens/new/", wish)["Location"] == "/account/tokens/made/"
    page = client.get("/account/tokens/made/")
    secret, made = page.context["secret"], Token.objects.get()
    assert page.content.decode().count(secret) == 1
    assert "no-store" in page["Cache-Control"]
    assert client.get("/account/tokens/made/")["Location"] == "/account/"
    assert Token.objects.count() == 1
    assert secret not in client.get("/account/").content.decode()
    assert sign_in(cast.mate).post(f"/account/tokens/{made.pk}/revoke/").status_code == 404
    assert client.get(f"/account/tokens/{made.pk}/revoke/").status_code == 405
    assert client.post(f"/account/tokens/{made.pk}/revoke/")["Location"] == "/account/"
    assert list(client.get("/account/").context["tokens"]) == []


@pytest.mark.parametrize("change", [{"days": 0}, {"days": 400}, {"name": ""}, {"scopes": ["all"]}])
def test_a_token_that_cannot_be_comes_back_with_the_reason(cast, sign_in, change):
    wish = {"name": "laptop", "scopes": ["train"], "days": 30, **change}
    page = sign_in(cast.applicant).post("/account/tokens/new/", wish)
    assert list(page.context["form"].errors) == list(change)
    assert not Token.objects.exists()
