"""What the tests of sign-in at other places share: a site that knows providers, and the steps of a browser."""

from html import unescape
from re import search

import pytest
from django.core.cache import cache
from django.test import Client
from fabrica.conftest import PASSWORD
from fabrica.people.engine.providers import SignInProvider
from fabrica.people.models import Person
from fabrica.people.tests.provider import CLIENT, SECRET, Provider, callback


def know(settings, acr_values=(), **issuers):
    """Let the site know these providers."""
    known = {
        slug: SignInProvider(slug, slug.title(), url, CLIENT, SECRET, ("openid", "email"), acr_values)
        for slug, url in issuers.items()
    }
    settings.FABRICA_OIDC_PROVIDERS = known
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            **settings.SOCIALACCOUNT_PROVIDERS["openid_connect"], "APPS": [one.as_app() for one in known.values()],
        }
    }  # fmt: skip


@pytest.fixture
def there(settings):
    """A provider that the site knows as `campus`."""
    provider = Provider()
    know(settings, campus=provider.issuer)
    cache.clear()
    yield provider
    provider.stop()


def leave(client, slug="campus", path="", **form):
    """Press the button; the address that the browser is led to."""
    page = client.post(path or f"/accounts/oidc/{slug}/login/", form)
    return address_of(page)


def address_of(page):
    """Where a page leads on to."""
    assert page.status_code == 200, page
    return unescape(search(r'content="0;url=([^"]+)"', page.content.decode())[1])


def come_back(client, provider, slug="campus", path="", change=None, **form):
    """Go there, sign in, and come back; `change` alters the answer on its way."""
    query = provider.sign_in(leave(client, slug, path, **form))
    return client.get(callback(slug, {**query, **(change or {})}))


def sign_in_here(person, client=None):
    client = client or Client()
    client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    return client


def is_in(client):
    """Whether this browser is signed in."""
    return client.get("/account/").status_code == 200


def who(client):
    """Who is signed in, by address."""
    pk = client.session.get("_auth_user_id")
    return Person.objects.get(pk=pk).email if pk else None


def told(answer):
    """Status and sentences of a problem's page."""
    problem = answer.context["problem"]
    return answer.status_code, problem.what, problem.why
