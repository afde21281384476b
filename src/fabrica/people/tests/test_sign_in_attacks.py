"""Signing in elsewhere: what an attacker gets, who lies as a provider, steals an answer, or leads astray."""

import pytest
from django.test import Client
from fabrica.people.models import Person
from fabrica.people.tests.provider import KEY, OTHER_KEY, Provider, callback
from fabrica.people.tests.signing_in import come_back, know, leave, there, told, who  # noqa: F401 - fixture

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("lies", "why"),
    [
        ({"nonce": "another"}, "The ID token was not made for this sign-in."),
        ({"nonce": None}, "The ID token was not made for this sign-in."),
        ({"iss": "https://evil.example"}, "The ID token names another issuer."),
        ({"aud": "another"}, "The ID token is for another site."),
        ({"aud": ["fabrica", "another"]}, "The ID token is for another site."),
        ({"azp": "another"}, "The ID token is for another site."),
        ({"exp": 1_000}, "The ID token has expired."),
        ({"iat": 1_000}, "The ID token has expired."),
        ({"iat": 9_999_999_999}, "The ID token is from the future: a clock is wrong."),
        ({"exp": "soon"}, "The ID token does not say how long it holds."),
        ({"sub": ""}, "The ID token names nobody."),
        ({"sub": "7"}, "It spoke of two persons in one sign-in."),
    ],
)
def test_a_token_that_lies_lets_nobody_in(there, lies, why):
    there.lies = lies
    client = Client()
    assert told(come_back(client, there)) == (409, "Campus did not confirm who you are.", why)
    assert (who(client), Person.objects.count()) == (None, 0)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"key": OTHER_KEY}, "The signature of the ID token does not hold."),
        ({"key": OTHER_KEY, "kid": "k2"}, "The ID token is signed with a key that the provider does not publish."),
        ({"algorithm": "none"}, "The ID token is not signed with a public key."),
        ({"algorithm": "HS256"}, "The ID token is not signed with a public key."),
    ],
)
def test_a_token_that_the_provider_did_not_sign_lets_nobody_in(there, change, why):
    vars(there).update(change)
    client = Client()
    assert told(come_back(client, there)) == (409, "Campus did not confirm who you are.", why)
    assert who(client) is None
    assert KEY is not OTHER_KEY


@pytest.mark.parametrize("iss", ["https://evil.example", "", None])
def test_an_answer_of_another_issuer_is_not_followed(there, iss):
    client = Client()
    query = there.sign_in(leave(client))
    query = {**query, "iss": iss} if iss is not None else {name: query[name] for name in ("code", "state")}
    assert told(client.get(callback("campus", query)))[2] == "The answer came from another issuer."
    assert who(client) is None
    assert len(there.codes) == 1  # the code was not even sent to the provider


def test_a_provider_that_says_it_is_another_is_not_gone_to(there):
    there.discovery = {"issuer": "https://evil.example"}
    assert told(Client().post("/accounts/oidc/campus/login/"))[:2] == (503, "Campus does not answer as it should.")


def test_a_provider_that_sends_secrets_over_plain_http_is_not_gone_to(there):
    there.discovery = {"token_endpoint": "http://evil.example/token"}
    assert Client().post("/accounts/oidc/campus/login/").status_code == 503


def test_a_state_that_is_not_this_browser_s_or_was_used_is_refused(there):
    mine, another = Client(), Client()
    query = there.sign_in(leave(mine))
    not_begun = (409, "This sign-in cannot be finished.")
    assert told(another.get(callback("campus", query)))[:2] == not_begun
    assert told(mine.get(callback("campus", {**query, "state": "x"})))[:2] == not_begun
    assert mine.get(callback("campus", query)).status_code == 302
    assert told(mine.get(callback("campus", query)))[:2] == not_begun


def test_an_answer_to_nothing_asks_the_provider_nothing(there):
    there.stop()
    assert told(Client().get(callback("campus", {"state": "x", "code": "y"})))[:2] == (
        409, "This sign-in cannot be finished.",
    )  # fmt: skip


def test_a_state_of_one_provider_is_not_taken_for_another(there, settings):
    second = Provider()
    know(settings, campus=there.issuer, lab=second.issuer)
    client = Client()
    query = there.sign_in(leave(client))
    answer = client.get(callback("lab", {**query, "iss": second.issuer}))
    second.stop()
    assert told(answer)[:2] == (409, "This sign-in cannot be finished.")
    assert who(client) is None


def test_a_code_stolen_from_another_s_sign_in_is_worth_nothing(there):
    victim, thief = Client(), Client()
    stolen = there.sign_in(leave(victim))
    own = there.sign_in(leave(thief))
    answer = thief.get(callback("campus", {**own, "code": stolen["code"]}))
    assert told(answer)[:2] == (409, "Campus did not confirm who you are.")
    assert who(thief) is None


def test_the_session_gets_a_new_name_at_the_sign_in(there):
    client = Client()
    query = there.sign_in(leave(client))
    before = client.session.session_key
    client.get(callback("campus", query))
    assert who(client) == "eva@example.org"
    assert client.session.session_key != before


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)", r"\\evil.example"]
)
def test_the_sign_in_never_leads_to_another_site(there, elsewhere):
    assert come_back(Client(), there, next=elsewhere)["Location"] == "/home/"
    page = Client().get("/accounts/oidc/campus/login/", {"next": elsewhere})
    assert page.context["next"] == ""


def test_the_sign_in_leads_on_to_where_one_wanted_to_go(there):
    assert come_back(Client(), there, next="/calls/")["Location"] == "/calls/"
