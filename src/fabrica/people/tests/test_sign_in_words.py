"""Signing in elsewhere: what is offered, and what a person is told when it does not work."""

import pytest
from django.conf import settings as conf
from django.test import Client
from fabrica.people.tests.provider import callback
from fabrica.people.tests.signing_in import come_back, leave, there, told  # noqa: F401 - fixture

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("broken", ["redirect", "error", "nonsense", "endless"])
def test_a_provider_that_does_not_answer_well_is_told_in_words_at_both_ends(there, broken):
    client = Client()
    query = there.sign_in(leave(client))
    there.broken = broken
    for answer in (client.get(callback("campus", query)), Client().post("/accounts/oidc/campus/login/")):
        assert told(answer)[:2] == (503, "Campus does not answer as it should.")
        assert answer["Retry-After"] == "60"


def test_a_provider_that_is_gone_is_told_in_words(there):
    there.stop()
    assert told(Client().post("/accounts/oidc/campus/login/"))[:2] == (503, "Campus does not answer as it should.")


@pytest.mark.parametrize(
    ("error", "what"),
    [
        ("access_denied", "The sign-in at Campus was stopped there."),
        ("temporarily_unavailable", "Campus does not answer as it should."),
        ("<script>", "Campus did not confirm who you are."),
    ],
)
def test_what_the_provider_refuses_is_told_in_words(there, error, what):
    client = Client()
    query = there.sign_in(leave(client))
    answer = client.get(callback("campus", {"state": query["state"], "iss": there.issuer, "error": error}))
    assert told(answer)[1] == what
    assert "<script>" not in answer.content.decode()


def test_without_providers_nothing_is_offered_and_nothing_answers(cast):
    assert conf.FABRICA_OIDC_PROVIDERS == {}
    assert "/accounts/oidc/" not in Client().get("/accounts/login/").content.decode()
    assert Client().post("/accounts/oidc/campus/login/").status_code == 404


def test_the_sign_in_page_offers_each_provider(there):
    assert (
        Client().get("/accounts/login/?next=/calls/").content.decode().count('action="/accounts/oidc/campus/login/"')
        == 1
    )
