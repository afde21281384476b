"""Signing out: here, also at the provider, and because the provider says so."""

import time
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.cache import cache
from django.test import Client
from fabrica.audit.models import Entry
from fabrica.people.adapters.openid.provider import Exchange
from fabrica.people.models import HeardLogout, OpenSession, Person
from fabrica.people.states import TERMS_VERSION
from fabrica.people.tests.provider import OTHER_KEY, Provider
from fabrica.people.tests.signing_in import address_of, come_back, is_in, know, sign_in_here, there  # noqa: F401 - fixture
from requests import RequestException

pytestmark = pytest.mark.django_db
TELL = "/accounts/oidc/campus/backchannel-logout/"
ALSO_THERE = "/account/sign-out/elsewhere/"
EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture
def eva(there):
    """Somebody who signed in at the provider, in this browser."""
    client = Client()
    come_back(client, there)
    Person.objects.update(terms_version=TERMS_VERSION)
    assert is_in(client)
    return client


def tell(token, path=TELL, **form):
    answer = Client(enforce_csrf_checks=True).post(path, {"logout_token": token, **form})
    return answer.status_code, answer.json()["error_description"] if answer.status_code == 400 else ""


def test_the_menu_offers_to_sign_out_there_too_to_whom_it_concerns(there, eva, cast):
    assert "Sign out, also at Campus" in eva.get("/account/").content.decode()
    assert "also at" not in sign_in_here(cast.applicant).get("/account/").content.decode()


def test_signing_out_there_too_ends_the_session_here_first_and_leads_on(there, eva):
    page = eva.post(ALSO_THERE)
    address = urlsplit(address_of(page))
    told = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{there.issuer}/end_session"
    assert sorted(told) == ["client_id", "id_token_hint", "post_logout_redirect_uri"]
    assert told["post_logout_redirect_uri"] == "http://testserver/accounts/oidc/campus/signed-out/"
    assert (is_in(eva), OpenSession.objects.count()) == (False, 0)
    back = eva.get("/accounts/oidc/campus/signed-out/", follow=True)
    assert [str(one) for one in back.context["messages"]][-1] == "You are signed out here, and back from Campus."


@pytest.mark.parametrize("told", [{"end_session_endpoint": None}, {"end_session_endpoint": "http://evil.example/"}])
def test_who_cannot_be_led_there_is_signed_out_here_and_told(there, eva, told):
    there.discovery = told
    answer = eva.post(ALSO_THERE, follow=True)
    assert [str(one) for one in answer.context["messages"]][-1].startswith("You are signed out here. Campus does not")
    assert is_in(eva) is False


def test_a_provider_that_is_gone_keeps_nobody_signed_in(there, eva):
    there.stop()
    assert eva.post(ALSO_THERE)["Location"] == "/accounts/login/"
    assert is_in(eva) is False


def test_the_page_one_comes_back_to_signs_nobody_out(there, eva):
    assert eva.get("/accounts/oidc/campus/signed-out/")["Location"] == "/accounts/login/"
    assert is_in(eva)


def test_a_provider_that_says_a_session_has_ended_ends_it_here(there, eva, cast):
    other, local = Client(), sign_in_here(cast.applicant)
    there.session = "session-2"
    come_back(other, there)
    there.session = "session-1"
    assert tell(there.logout_token()) == (200, "")
    assert (is_in(eva), is_in(other), is_in(local)) == (False, True, True)
    entry = Entry.objects.get(verb="session.end_elsewhere")
    assert (entry.actor, entry.facts) == ("", {"provider": "campus"})


@pytest.mark.parametrize("names", [{"sid": None}, {"sub": None}])
def test_a_person_or_a_session_alone_is_enough(there, eva, names):
    assert tell(there.logout_token(**names)) == (200, "")
    assert is_in(eva) is False


def test_a_session_whose_name_was_never_told_ends_with_its_person(there):
    there.lies["sid"] = ""
    client = Client()
    come_back(client, there)
    Person.objects.update(terms_version=TERMS_VERSION)
    assert tell(there.logout_token(sid="unknown here")) == (200, "")
    assert is_in(client) is False


@pytest.mark.parametrize(
    ("lies", "why"),
    [
        ({"iss": "https://evil.example"}, "There is no logout token, or it is not for this site."),
        ({"aud": "another"}, "There is no logout token, or it is not for this site."),
        ({"aud": None}, "There is no logout token, or it is not for this site."),
        ({"iat": 1_000}, "The logout token is too old, or from the future."),
        ({"iat": int(time.time()) + 9_000}, "The logout token is too old, or from the future."),
        ({"exp": 1_000}, "The logout token is too old, or from the future."),
        ({"iat": None}, "The logout token does not say when it was made."),
        ({"events": None}, "The logout token tells of no logout."),
        ({"events": [EVENT]}, "The logout token tells of no logout."),
        ({"events": {EVENT: True}}, "The logout token tells of no logout."),
        ({"nonce": "n"}, "The logout token tells of no logout."),
        ({"jti": None}, "The logout token has no name, or names nobody."),
        ({"jti": "x" * 256}, "The logout token has no name, or names nobody."),
        ({"sub": None, "sid": None}, "The logout token has no name, or names nobody."),
        ({"sid": ["session-1"]}, "The logout token has no name, or names nobody."),
        ({"kind": "at+jwt"}, "This is no logout token."),
    ],
)
def test_a_logout_token_that_lies_ends_nothing(there, eva, lies, why):
    assert tell(there.logout_token(**lies)) == (400, why)
    assert (is_in(eva), HeardLogout.objects.count()) == (True, 0)


@pytest.mark.parametrize(
    "change", [{"key": OTHER_KEY}, {"key": OTHER_KEY, "kid": "k2"}, {"algorithm": "none"}, {"algorithm": "HS256"}]
)
def test_a_logout_token_that_the_provider_did_not_sign_ends_nothing(there, eva, change):
    vars(there).update(change)
    assert tell(there.logout_token())[0] == 400
    assert is_in(eva)


def test_a_logout_token_is_followed_once(there, eva):
    token = there.logout_token()
    assert tell(token) == (200, "")
    come_back(eva, there)
    assert tell(token) == (400, "This logout token was used already.")
    assert is_in(eva)


def test_the_id_token_of_a_sign_in_is_no_logout_token(there, eva):
    assert tell(there.id_token({"nonce": None}))[1] == "The logout token tells of no logout."
    assert is_in(eva)


def test_another_provider_ends_nobody_else_s_session(there, eva, settings):
    second = Provider()
    know(settings, campus=there.issuer, lab=second.issuer)
    assert tell(second.logout_token(), "/accounts/oidc/lab/backchannel-logout/") == (200, "")
    assert tell(second.logout_token())[0] == 400
    second.stop()
    assert is_in(eva)


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "x" * 40_000])
def test_nonsense_is_refused_before_anybody_is_asked(there, eva, token):
    asked = there.keys_asked
    assert tell(token)[0] == 400
    assert there.keys_asked == asked


def test_forged_tokens_make_us_ask_for_keys_seldom(there, eva):
    cache.clear()
    asked = there.keys_asked
    there.key = OTHER_KEY
    assert {tell(there.logout_token())[0] for _ in range(5)} == {400}
    assert there.keys_asked == asked + 2


def test_a_provider_that_does_not_answer_is_asked_seldom(there, eva, monkeypatch):
    cache.clear()
    tried = []

    def silent(exchange):
        tried.append(exchange)
        raise RequestException

    monkeypatch.setattr(Exchange, "keys", silent)
    assert {tell(there.logout_token()) for _ in range(5)} == {(400, "Its keys could not be read.")}
    assert len(tried) == 1


def test_only_a_post_to_a_provider_of_the_site_is_heard(there):
    assert Client().get(TELL).status_code == 405
    assert Client().post("/accounts/oidc/other/backchannel-logout/").status_code == 404
    assert Client().post(TELL)["Cache-Control"].count("no-store") == 1
