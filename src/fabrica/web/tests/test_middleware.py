import re

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import clear_url_caches

from fabrica.web import site

pytestmark = pytest.mark.django_db

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'"
)
PROBLEMS = [
    ("/refused", 409, "This could not be done"),
    ("/not-allowed", 403, "You may not do this"),
    ("/not-found", 404, "Not found"),
    ("/unreachable", 503, "A service does not answer"),
]


def told(response):
    """Heading, and every paragraph of the problem."""
    page = response.content.decode()
    box = page[page.index("data-problem") : page.index('class="actions"')]
    return re.findall(r"<h1>(.*?)</h1>", box), re.findall(r"<p>(.*?)</p>", box)


@pytest.fixture
def quiet_client():
    return Client(raise_request_exception=False)


def test_every_answer_carries_the_headers(client):
    headers = client.get("/plain").headers
    assert headers["Content-Security-Policy"] == POLICY
    assert headers["Permissions-Policy"] == (
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"
    )
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"


def test_what_a_person_sees_is_kept_by_no_cache_on_the_way(client, django_user_model):
    assert "Cache-Control" not in client.get("/plain").headers
    client.force_login(django_user_model.objects.create_user("ada@example.org", "correct horse battery", name="Ada"))
    assert client.get("/plain").headers["Cache-Control"] == "private, no-cache"


def test_a_page_keeps_a_policy_of_its_own(client):
    assert client.get("/own-policy").headers["Content-Security-Policy"] == "sandbox"


def test_the_origin_of_an_outside_sign_in_may_be_posted_to(client, settings):
    settings.FABRICA_CSP_FORM_ACTION = ["https://idp.example.org"]
    policy = client.get("/plain").headers["Content-Security-Policy"]
    assert policy == POLICY.replace("form-action 'self'", "form-action 'self' https://idp.example.org")


@pytest.mark.parametrize(("address", "status", "heading"), PROBLEMS)
def test_a_problem_becomes_a_page_that_says_what_why_and_what_next(client, address, status, heading):
    response = client.get(address)
    assert response.status_code == status
    assert told(response) == (
        [heading],
        ["The call is closed.", "It closed &lt;yesterday&gt;.", "Choose an open call."],
    )
    assert response.headers["Content-Security-Policy"] == POLICY


def test_only_what_may_come_back_says_when_to_retry(client):
    assert client.get("/unreachable").headers["Retry-After"] == "60"
    assert "Retry-After" not in client.get("/refused").headers


def test_a_problem_under_the_api_is_left_to_the_api(quiet_client):
    response = quiet_client.get("/api/refused")
    assert response.status_code == 500


@pytest.mark.parametrize(
    ("address", "status", "heading"),
    [
        ("/absent", 404, "Not found"),
        ("/nowhere", 404, "Not found"),
        ("/broken", 500, "Something went wrong on our side"),
    ],
)
def test_django_own_errors_have_the_same_page(quiet_client, address, status, heading):
    response = quiet_client.get(address)
    assert (response.status_code, told(response)[0]) == (status, [heading])


def test_a_form_without_its_mark_is_refused_with_a_page():
    response = Client(enforce_csrf_checks=True).post("/setlang/", {"language": "fr"})
    assert (response.status_code, told(response)[0]) == (403, ["This form has grown too old"])


def test_the_language_can_be_chosen(client):
    client.post("/setlang/", {"language": "fr", "next": "/gallery/"})
    assert '<html lang="fr">' in client.get("/gallery/").content.decode()


def test_the_api_page_has_no_inline_script(client):
    page = client.get("/api/docs").content.decode()
    assert re.findall(r"<script(?![^>]*\ssrc=)", page) == []
    assert "/api/openapi.json" in page


def test_the_gallery_exists_for_developers_only(client, settings):
    from fabrica.web import urls

    assert client.get("/gallery/").status_code == 200
    assert urls.urlpatterns == []
    clear_url_caches()


def test_an_unknown_key_of_the_site_is_named(settings):
    settings.FABRICA_SITE = {"licence": "MIT", "colour": "red"}
    with pytest.raises(
        ImproperlyConfigured, match=r"^FABRICA_SITE has unknown keys: colour\. Known: accessibility_url"
    ):
        site.current_site()


def test_the_site_names_itself(client, settings):
    settings.FABRICA_SITE_NAME = "Northern Factory"
    settings.FABRICA_SITE = {"facts_checked_on": "2026-11-01", "documentation_url": "https://docs.example.org"}
    page = client.get("/gallery/").content.decode()
    assert re.findall(r"<title>(.*?)</title>", page)[:1] == ["Components – Northern Factory"]
    assert page.count("Facts on this site were checked on 2026-11-01.") == 1
    assert page.count('<a href="https://docs.example.org">Documentation</a>') == 1
