"""Signed-in browsers and tokens for the tests of pages and API."""

from copy import deepcopy
from datetime import timedelta

import pytest
from django.test import Client
from fabrica.applications.tests.factories import draft
from fabrica.calls import queries as calls_read
from fabrica.calls import services as calls
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


@pytest.fixture
def large_call(cast, machine, now):
    """An open Large Scale call, whose form has questions of its own."""
    return calls.open_call(
        slug="large", title="Large Scale 2026", mode="large-scale", machine=machine, by=cast.operator,
        now=now - timedelta(days=1),
    )  # fmt: skip


@pytest.fixture
def large(cast, large_call, now, settings, tmp_path):
    """A complete draft of Large Scale; its files lie in a folder of the test's own."""
    settings.FABRICA_STORAGE = tmp_path / "storage"
    return draft(cast, large_call, now, gpu_seconds_requested=60_000 * 3600, months=6)


@pytest.fixture
def change_form(cast, now):
    """Keep a new version of the form of Large Scale, with its questions changed by a function."""

    def changed(change):
        row = deepcopy(calls_read.form_row("large-scale"))
        for part in row["sections"]:
            part["items"] = [one if isinstance(one, str) else change(one) for one in part["items"]]
            part["items"] = [one for one in part["items"] if one]
        return calls.keep_form(mode="large-scale", row=row, by=cast.operator, now=now)

    return changed
