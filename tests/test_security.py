"""Default deny, held against every address there is: a new page or operation is walked without being named here."""

import json
from contextlib import contextmanager
from dataclasses import fields

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from fabrica.conftest import PASSWORD
from fabrica.kit.errors import NotAllowed
from fabrica.kit.ids import digest, new_secret
from fabrica.kit.time import utcnow
from fabrica.people import services as people
from fabrica.people.models import Person, Token
from fabrica.people.states import Scope
from fabrica.web import downloads

from tests.routes import keys, operations, pages

pytestmark = [pytest.mark.long, pytest.mark.django_db]

# What anybody may open without signing in. Adding a name here is a decision about privacy.
PUBLIC = {
    "portal:start", "portal:awarded", "portal:awarded_csv", "portal:awarded_file", "portal:awarded_api",
    "portal:public_figures", "portal:public_figures_json",
    "calls:list", "calls:detail", "calls:route", "dataspaces:list", "dataspaces:detail", "dataspaces:version",
    "registry:list", "registry:model", "registry:detail", "registry:evaluation_report", "registry:export", "registry:report", "registry:report_status", "registry:file", "registry:keys", "registry:revoked",
    "registry:key", "admin:login", "set_language", "api:openapi-json", "api:openapi-view", "api:api-root",
    "account_login", "account_logout", "account_signup", "account_inactive", "account_email_verification_sent",
    "account_confirm_email", "account_reset_password", "account_reset_password_done",
    "account_reset_password_from_key", "account_reset_password_from_key_done", "account_confirm_login_code",
    "mfa_authenticate", "portal:access_times", "openid_connect_login", "openid_connect_callback",
    "openid_connect_signed_out", "openid_connect_backchannel",
    "socialaccount_signup", "socialaccount_login_cancelled", "socialaccount_login_error",
}  # fmt: skip
# What shows or changes one organisation's or person's things: the outsider is told that it does not exist.
PRIVATE = {
    ("organisations", "uid"), ("tokens", "token_id"), ("tokens", "pk"), ("ssh-keys", "key_id"),
    ("ssh-keys", "pk"), ("sign-in-methods", "pk"), ("sessions", "uid"), ("people", "uid"), ("applications", "code"), ("desk", "code"),
    ("projects", "slug"), ("compute", "pk"), ("alerts", "pk"),
    ("board", "pk"), ("questions", "pk"), ("conditions", "pk"),
    ("impact-assessments", "pk"), ("of", "slug"),
}  # fmt: skip
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'"
)
# What no browser's cookie counts for: descriptions, and what a provider sends, which only its signature lets in.
WITHOUT_A_BROWSER = {"api:openapi-json", "api:openapi-view", "api:api-root", "openid_connect_backchannel"}
PEOPLE = ["applicant", "mate", "officer", "assessor", "operator", "provider", "outsider"]


class Undo(Exception):
    """Takes back what one request changed, so that every request meets the same site."""


@contextmanager
def undone():
    try:
        with transaction.atomic():
            yield
            raise Undo
    except Undo:
        pass


def ask(method, path, person=None, *, body=None, token="", **options):
    """One request by a person's session or token, undone afterwards; a crash becomes the answer's name."""
    client = Client(raise_request_exception=False, **options)
    if person:
        client.force_login(person)
    headers = {"authorization": f"Bearer {token}"} if token else {}
    data = {"data": json.dumps(body), "content_type": "application/json"} if body is not None else {}
    with undone():
        return client.generic(method, path, headers=headers, **data)


def token_for(person, scopes):
    """A token with exactly these scopes, even without `read`, which the service always adds."""
    secret, now = f"fab_{new_secret()}", utcnow()
    Token.objects.create(
        person=person, name="t", start="fab_", digest=digest(secret), scopes=list(scopes), created_at=now,
        expires_at=now.replace(year=now.year + 1),
    )  # fmt: skip
    return secret


def own_pages():
    return [page for page in pages() if page.context != "django"]


def parameters(route):
    return set(keys(route.pattern))


def test_nobody_unknown_enters_a_page_that_is_not_public(samples):
    let_in = {}
    for page in pages():
        for method in ("GET", "POST"):
            answer = ask(method, page.path(samples))
            ways = ("/accounts/login/?next=", "/admin/login/?next=/")
            led_away = answer.status_code == 302 and answer["Location"].startswith(ways)
            if not led_away and page.name not in PUBLIC:
                let_in[f"{method} {page.route}"] = answer.status_code
    assert let_in == {}


def test_a_public_page_opens_for_everybody(samples):
    broken = {}
    for page in pages():
        if page.name in PUBLIC - {"api:api-root", "account_confirm_email"}:
            answer = ask("GET", page.path(samples))
            if answer.status_code not in (200, 302, 404, 405):  # 404: the sample is not public
                broken[page.name] = answer.status_code
    assert broken == {}


def test_an_operation_without_token_or_session_answers_401(samples):
    answers = {str(one): ask(one.method, one.path(samples)).status_code for one in operations()}
    assert {one: status for one, status in answers.items() if status != 401} == {}


def test_a_wrong_expired_or_revoked_token_answers_401(cast, now):
    expired = token_for(cast.applicant, ["read"])
    Token.objects.filter(digest=digest(expired)).update(expires_at=now)
    revoked = token_for(cast.applicant, ["read"])
    Token.objects.filter(digest=digest(revoked)).update(revoked_at=now)
    answers = [ask("GET", "/api/me", token=one) for one in ("fab_wrong", expired, revoked, "x" * 5000)]
    assert [one.status_code for one in answers] == [401] * 4
    assert answers[0].json() == {
        "what": "You are not signed in.", "why": "", "todo": "Send a valid token: run `fabrica login`.",
    }  # fmt: skip


def test_a_token_of_somebody_who_was_shut_out_answers_401(cast):
    token = token_for(cast.applicant, ["read"])
    Person.objects.filter(pk=cast.applicant.pk).update(is_active=False)
    assert ask("GET", "/api/me", token=token).status_code == 401


@pytest.mark.parametrize("who", PEOPLE)
def test_no_page_crashes_for_anybody(samples, cast, who):
    crashes = {}
    for page in own_pages():
        for method in ("GET", "POST"):
            answer = ask(method, page.path(samples), getattr(cast, who))
            if answer.status_code >= 500:
                crashes[f"{method} {page.route}"] = repr(answer.exc_info and answer.exc_info[1])
    assert crashes == {}


@pytest.mark.parametrize("who", PEOPLE)
def test_no_operation_crashes_for_anybody(samples, cast, who):
    crashes = {}
    token = token_for(getattr(cast, who), Scope.values)
    for one in operations():
        for body in [{}, [], {"unknown": "x"}, None] if one.has_body else [None]:
            answer = ask(one.method, one.path(samples), token=token, body=body)
            if answer.status_code >= 500 and answer.status_code != 503:
                crashes[str(one)] = repr(answer.exc_info and answer.exc_info[1])
    assert crashes == {}


def test_the_administration_lets_nobody_in_without_the_mark_of_staff(samples, cast):
    for page in pages():
        if page.route.startswith("admin/") and page.name not in ("admin:login", "admin:logout"):
            answer = ask("GET", page.path(samples), cast.officer)
            assert answer.status_code in (302, 403), page.route
            assert answer.status_code == 403 or answer["Location"].startswith("/admin/login/"), page.route


def test_the_administration_has_no_sign_in_of_its_own(cast):
    answer = ask("GET", "/admin/login/?next=/admin/")
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/?next=%2Fadmin%2F")
    Person.objects.filter(pk=cast.operator.pk).update(is_staff=True)
    client = Client()
    answer = client.post("/admin/login/", {"username": cast.operator.email, "password": PASSWORD})
    assert answer.status_code == 302
    assert "_auth_user_id" not in client.session


def test_the_administration_opens_without_a_crash(samples, cast):
    Person.objects.filter(pk=cast.operator.pk).update(is_staff=True, is_superuser=True)
    cast.operator.refresh_from_db()
    crashes = {}
    for page in pages():
        if page.route.startswith("admin/"):
            answer = ask("GET", page.path(samples), cast.operator)
            if answer.status_code >= 500:
                crashes[page.route] = repr(answer.exc_info and answer.exc_info[1])
    assert crashes == {}


def test_the_outsider_is_told_that_what_is_not_his_does_not_exist(samples, cast):
    seen = {}
    token = token_for(cast.outsider, Scope.values)
    for page in own_pages():
        if parameters(page) & PRIVATE and page.name not in PUBLIC:
            status = ask("GET", page.path(samples), cast.outsider).status_code
            if status not in (404, 405) and not (page.route.startswith("desk/") and status == 403):
                seen[page.route] = status
    for one in operations():
        if parameters(one) & PRIVATE:
            status = ask(one.method, one.path(samples), token=token).status_code
            if status != 404 and not (one.has_body and status == 422):
                seen[str(one)] = status
    assert seen == {}


def test_every_operation_says_which_scope_it_needs():
    scopes = {str(one): getattr(one.view, "scope", None) for one in operations()}
    assert {one: scope for one, scope in scopes.items() if scope not in Scope.values} == {}


def test_only_reading_needs_the_scope_read():
    writing = {str(one) for one in operations() if one.method != "GET" and one.view.scope == Scope.READ}
    keep_nothing = {"POST api/trust/preview", "POST api/trust/next", "POST api/projects/{slug}/plan"}
    assert writing - keep_nothing == set()


def test_a_token_without_the_scope_is_refused_before_anything_happens(samples, cast):
    class Request:
        """Has every scope but one, and nothing that could be acted upon."""

    wrong = []
    for one in operations():
        others = set(Scope.values) - {one.view.scope}
        status = ask(one.method, one.path(samples), token=token_for(cast.applicant, others)).status_code
        if status != 403 and not (one.has_body and status == 422):
            wrong.append((str(one), status))
        Request.scopes = frozenset(others)
        with pytest.raises(NotAllowed, match="lacks the scope"):
            one.view(Request())
    assert wrong == []


def test_a_token_cannot_make_one_that_may_do_more(cast):
    body = {"name": "more", "scopes": ["account", "decide"], "days": 1}
    answer = ask("POST", "/api/tokens", token=token_for(cast.officer, ["account", "read"]), body=body)
    assert answer.status_code == 403
    assert answer.json()["what"] == "A token cannot make one that may do more than itself."
    fewer = {**body, "scopes": ["account"]}
    assert ask("POST", "/api/tokens", token=token_for(cast.officer, ["account", "read"]), body=fewer).status_code == 201


def test_no_page_takes_a_post_without_the_token_against_forgery(samples, cast):
    taken = {}
    for page in own_pages():
        answer = ask("POST", page.path(samples), cast.applicant, enforce_csrf_checks=True)
        if answer.status_code != 403 and page.name not in WITHOUT_A_BROWSER:
            taken[page.route] = answer.status_code
    assert taken == {}


def test_no_operation_takes_a_browsers_word_without_the_token_against_forgery(samples, cast):
    taken = {}
    for one in operations():
        answer = ask(one.method, one.path(samples), cast.applicant, enforce_csrf_checks=True)
        if one.method != "GET" and answer.status_code != 403:
            taken[str(one)] = answer.status_code
    assert taken == {}


@pytest.mark.parametrize("who", [None, "applicant"])
def test_every_page_carries_the_headers(samples, cast, who):
    for page in own_pages():
        answer = ask("GET", page.path(samples), who and getattr(cast, who))
        is_file = answer.get("Content-Disposition", "").startswith("attachment; filename")
        told = answer["Content-Security-Policy"]
        assert told == POLICY or (is_file and told == downloads.POLICY), page.route
        assert answer["X-Content-Type-Options"] == "nosniff", page.route
        assert answer["X-Frame-Options"] == "DENY", page.route
        assert answer["Referrer-Policy"] == "same-origin", page.route
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin", page.route


def test_no_page_of_a_person_may_be_kept_by_a_shared_cache(samples, cast):
    kept = [
        page.route
        for page in own_pages()
        if (answer := ask("GET", page.path(samples), cast.applicant)).status_code == 200
        and not page.name.startswith("api:")
        and "Cookie" not in answer.get("Vary", "")
        and "no-store" not in answer.get("Cache-Control", "")
    ]
    assert kept == []


def test_after_five_wrong_passwords_even_the_right_one_waits(cast):
    cache.clear()
    client = Client()
    for _ in range(5):
        client.post("/accounts/login/", {"login": cast.applicant.email, "password": "wrong"})
    client.post("/accounts/login/", {"login": cast.applicant.email, "password": PASSWORD})
    assert "_auth_user_id" not in client.session
    cache.clear()
    client.post("/accounts/login/", {"login": cast.applicant.email, "password": PASSWORD})
    assert client.session["_auth_user_id"] == str(cast.applicant.pk)
    cache.clear()


def test_the_sign_in_does_not_tell_whether_an_account_exists(cast):
    cache.clear()
    told = [
        Client().post("/accounts/login/", {"login": login, "password": "wrong"}).context["form"].errors.as_data()
        for login in (cast.applicant.email, "nobody@example.org")
    ]
    cache.clear()
    assert [[str(one.message) for one in errors["__all__"]] for errors in told] == [
        ["The email address and/or password you specified are not correct."]
    ] * 2


def test_no_row_keeps_a_tokens_secret(cast, now):
    token, secret = people.create_token(name="laptop", scopes=["train"], by=cast.applicant, now=now)
    kept = Token.objects.filter(pk=token.pk).values().get()
    assert kept["digest"] == digest(secret)
    assert [name for name, value in kept.items() if secret[8:] in str(value)] == []
    assert secret.startswith(kept["start"])
    assert len(kept["start"]) == 8


def test_outside_the_demo_an_officer_is_led_to_the_second_factor_from_every_page(samples, cast, settings):
    settings.FABRICA_DEMO = False
    elsewhere = {}
    for page in own_pages():
        if page.route.startswith(("accounts/", "api/", "i18n/")):
            continue
        for method in ("GET", "POST"):
            answer = ask(method, page.path(samples), cast.officer)
            if answer.status_code != 302 or answer["Location"] != "/accounts/2fa/totp/activate/":
                elsewhere[f"{method} {page.route}"] = answer.status_code
    assert elsewhere == {}


def test_outside_the_demo_the_api_refuses_an_officer_without_second_factor(samples, cast, settings):
    token = token_for(cast.officer, Scope.values)
    settings.FABRICA_DEMO = False
    for one in operations():
        for by in ({"token": token}, {"person": cast.officer}):
            answer = ask(one.method, one.path(samples), **by)
            assert answer.status_code == 403, str(one)
            assert answer.json()["what"] == "Set up your second factor first.", str(one)


def test_with_a_second_factor_the_officer_goes_on(cast, settings):
    token = token_for(cast.officer, Scope.values)
    settings.FABRICA_DEMO = False
    Authenticator.objects.create(user=cast.officer, type=Authenticator.Type.TOTP, data={"secret": "x"})
    assert ask("GET", "/api/me", token=token).status_code == 200


@pytest.mark.parametrize(("who", "asked"), [("officer", True), ("operator", True), ("applicant", False)])
def test_outside_the_demo_only_privileged_people_need_the_second_factor(cast, settings, who, asked):
    token = token_for(getattr(cast, who), Scope.values)
    settings.FABRICA_DEMO = False
    assert ask("GET", "/api/me", token=token).status_code == (403 if asked else 200)


def test_without_the_terms_every_page_leads_to_them_and_the_api_says_so(samples, cast):
    Person.objects.filter(pk=cast.applicant.pk).update(terms_version="")
    cast.applicant.refresh_from_db()
    token = token_for(cast.applicant, Scope.values)
    open_ways = {"GET api/me", "POST api/me/terms"}
    for page in own_pages():
        if not page.route.startswith(("accounts/", "api/", "i18n/")) and page.name != "people:terms":
            answer = ask("GET", page.path(samples), cast.applicant)
            assert answer.status_code == 302, page.route
            assert answer["Location"].startswith("/terms/?next=/"), page.route
    let_in = {str(one) for one in operations() if ask(one.method, one.path(samples), token=token).status_code != 403}
    assert let_in == open_ways


def test_the_cast_is_whole(cast):
    assert {field.name for field in fields(cast) if isinstance(getattr(cast, field.name), Person)} == set(PEOPLE)
