"""Signed-in browsers and tokens for the tests of pages and API."""

import pytest
from django.test import Client
from fabrica.kit.time import utcnow
from fabrica.people import services as people


@pytest.fixture
def browser_of(cast):
    """A client that is signed in as one of the cast."""

    def signed_in(who: str, language: str = "en") -> Client:
        client = Client(headers={"accept-language": language})
        client.force_login(getattr(cast, who), backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return signed_in


@pytest.fixture
def api(client, cast):
    """Send a request with a token of one of the cast; returns status and JSON."""

    def send(who, method, path, body=None, scopes=("read", "apply", "decide")):
        _, secret = people.create_token(name="test", scopes=scopes, by=getattr(cast, who), now=utcnow())
        headers = {"Authorization": f"Bearer {secret}"}
        answer = getattr(client, method)(f"/api{path}", body, content_type="application/json", headers=headers)
        return answer.status_code, answer.json()

    return send
