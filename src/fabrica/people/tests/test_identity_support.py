"""Support: an operator looks up a person's identities and takes one away; nobody sees a secret."""

import pytest
from django.test import Client
from fabrica.audit.models import Entry
from fabrica.kit.time import utcnow
from fabrica.notices.models import Notice
from fabrica.people import services
from fabrica.people.models import Identity, Person
from fabrica.people.tests.signing_in import come_back, is_in, sign_in_here, there  # noqa: F401 - fixture

pytestmark = pytest.mark.django_db
LINK = "/account/sign-in-methods/link/campus/"


@pytest.fixture
def linked(there, cast):
    """The applicant's identity, and a browser that came with it."""
    there.person["eduperson_assurance"] = ["https://refeds.org/assurance/IAP/medium"]
    come_back(sign_in_here(cast.applicant), there, path=LINK)
    came = Client()
    come_back(came, there)
    return Identity.objects.get(), came


def ask_as(person, *scopes):
    _token, secret = services.create_token(name="t", scopes=scopes, days=9, by=person, now=utcnow())
    return {"headers": {"Authorization": f"Bearer {secret}"}, "content_type": "application/json"}


def test_the_api_tells_officers_and_operators_which_identities_a_person_has(linked, cast, client):
    identity, _ = linked
    path = f"/api/people/{cast.applicant.uid}/identities"
    for reader, status in [(cast.officer, 200), (cast.operator, 200), (cast.applicant, 200), (cast.assessor, 404)]:
        assert client.get(path, **ask_as(reader)).status_code == status, reader
    (told,) = client.get(path, **ask_as(cast.operator)).json()
    assert (told["provider"], told["assurance"]) == ("campus", ["https://refeds.org/assurance/IAP/medium"])
    assert told["ends_at"] > told["told_at"]
    assert sorted(told) == [
        "acr", "affiliations", "assurance", "email", "ends_at", "home", "id", "issuer", "linked_at", "provider", "told_at",
    ]  # fmt: skip
    assert client.get("/api/people/nobody/identities", **ask_as(cast.operator)).status_code == 404
    assert identity.account.uid not in str(told)


def test_an_operator_unlinks_with_a_cause_and_what_was_begun_with_it_ends(linked, cast):
    identity, came = linked
    path = f"/people/{cast.applicant.uid}/identities/{identity.pk}/unlink/"
    operator = sign_in_here(cast.operator)
    assert operator.post(path, {"cause": "no reason"}).status_code == 409
    assert operator.post(path, {"cause": "left"})["Location"] == f"/people/{cast.applicant.uid}/identities/"
    assert (Identity.objects.exists(), is_in(came)) == (False, False)
    entry = Entry.objects.filter(verb="identity.unlink").last()
    assert (entry.actor, entry.facts) == (cast.operator.uid, {"provider": "campus", "sessions": 1, "cause": "left"})
    assert Notice.objects.filter(person=cast.applicant, kind="identity_unlinked").count() == 1


@pytest.mark.parametrize(("who", "status"), [("officer", 403), ("assessor", 404), ("mate", 404)])
def test_others_unlink_nobody_s_identity(linked, cast, who, status):
    identity, _ = linked
    path = f"/people/{cast.applicant.uid}/identities/{identity.pk}/unlink/"
    assert sign_in_here(getattr(cast, who)).post(path, {"cause": "left"}).status_code == status
    assert sign_in_here(cast.operator).post(path.replace(cast.applicant.uid, cast.mate.uid)).status_code == 404
    assert Identity.objects.exists()


def test_the_api_unlinks_and_ends_sessions_for_operators(linked, cast, client):
    identity, came = linked
    ask = ask_as(cast.operator, "decide")
    here = f"/api/people/{cast.applicant.uid}"
    assert client.post(f"{here}/sessions/end", {"cause": "x"}, **ask).status_code == 409
    assert client.post(f"{here}/sessions/end", {"cause": "incident"}, **ask).status_code == 204
    assert is_in(came) is False
    assert (
        client.delete(f"{here}/identities/{identity.pk}", {"cause": "asked"}, **ask_as(cast.operator)).status_code
        == 403
    )
    assert client.delete(f"{here}/identities/{identity.pk}", {"cause": "asked"}, **ask).status_code == 204
    assert not Identity.objects.exists()
    assert client.post("/api/people/nobody/sessions/end", {"cause": "lost"}, **ask).status_code == 404


def test_the_administration_shows_identities_and_no_secret(linked, cast, client):
    identity, _ = linked
    Person.objects.filter(pk=cast.operator.pk).update(is_staff=True, is_superuser=True)
    client.force_login(cast.operator, "allauth.account.auth_backends.AuthenticationBackend")
    found = client.get("/admin/people/identity/", {"q": cast.applicant.email})
    assert found.context["cl"].result_count == 1
    page = client.get(f"/admin/people/identity/{identity.pk}/change/").content.decode()
    assert "IAP/medium" in page
    assert identity.account.uid not in page
    assert client.get("/admin/people/opensession/").status_code == 404
    assert client.post(f"/admin/people/identity/{identity.pk}/delete/", {"post": "yes"}).status_code == 403
