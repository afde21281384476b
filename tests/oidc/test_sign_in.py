"""A browser signs in at the certified provider: somebody new, somebody known, somebody to be linked, and nobody."""

import re

import pytest
from fabrica.audit.models import Entry
from fabrica.conftest import PASSWORD
from fabrica.people.engine import Assurance
from fabrica.people.models import Identity, OpenSession, Person
from fabrica.people.states import TERMS_VERSION

from tests.oidc.conftest import RealProvider

pytestmark = [pytest.mark.oidc, pytest.mark.django_db(transaction=True)]
PATIENCE_MS = 30_000


@pytest.fixture
def browse(chromium, live_server):
    contexts = []

    def browse():
        context = chromium.new_context(reduced_motion="reduce")
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.complaints = []
        page.on("console", lambda one: page.complaints.append(one.text) if "Content Security" in one.text else None)
        page.goto(f"{live_server.url}/accounts/login/")
        return page

    yield browse
    for context in contexts:
        context.close()


def sign_in_there(page, who, button="Campus"):
    """Press the button, and do what the provider asks: a name, any password, and leave to hand on what is known."""
    page.get_by_role("button", name=button, exact=True).click()
    page.wait_for_url(re.compile(r"/interaction/"))
    page.fill("input[name=login]", who)
    page.fill("input[name=password]", "any")
    page.click("button[type=submit]")
    page.wait_for_url(re.compile(r"/interaction/"))
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(re.compile(r"/(home|terms|account|accounts/login|accounts/oidc/campus/login/callback)/"))


def path_of(page):
    return "/" + page.url.split("/", 3)[3].split("?")[0]


def test_somebody_new_signs_in_twice_and_sees_what_was_told(campus, browse):
    page = browse()
    sign_in_there(page, "eva")
    assert path_of(page) == "/terms/"
    assert page.complaints == []  # nothing of the way there and back was against the policy
    eva = Person.objects.get()
    assert (eva.email, eva.name, eva.has_usable_password()) == ("eva@example.org", "Eva Elsewhere", False)
    Person.objects.update(terms_version=TERMS_VERSION)
    again = browse()
    sign_in_there(again, "eva")
    assert (path_of(again), Person.objects.count()) == ("/home/", 1)
    identity = Identity.objects.get()
    assert (identity.account.user, identity.issuer, identity.affiliations, identity.home) == (
        eva, campus.issuer, ["employee@uni.example"], "uni.example",
    )  # fmt: skip
    assert identity.assurance == ["https://refeds.org/assurance/ATP/ePA-1m", "https://refeds.org/assurance/IAP/medium"]


def test_the_address_of_an_account_is_linked_after_the_old_sign_in_and_a_yes(campus, browse, cast):
    page = browse()
    sign_in_there(page, "ada")
    assert path_of(page) == "/accounts/login/"
    assert page.get_by_text("There is an account with the address ada@example.org.").count() == 1
    assert not Identity.objects.exists()
    page.fill("input[name=login]", cast.applicant.email)
    page.fill("input[name=password]", PASSWORD)
    page.get_by_role("button", name="Sign In", exact=True).click()
    page.wait_for_url("**/account/sign-in-methods/confirm/")
    page.get_by_role("button", name="Link Campus").click()
    page.wait_for_url("**/account/sign-in-methods/")
    assert Identity.objects.get().account.user == cast.applicant
    again = browse()
    sign_in_there(again, "ada")
    assert path_of(again) == "/home/"


def test_who_is_signed_in_links_an_identity_and_unlinks_it(campus, browse, cast, live_server):
    page = browse()
    page.fill("input[name=login]", cast.outsider.email)
    page.fill("input[name=password]", PASSWORD)
    page.get_by_role("button", name="Sign In", exact=True).click()
    page.wait_for_url("**/home/")
    page.goto(f"{live_server.url}/account/sign-in-methods/")
    sign_in_there(page, "mallory", button="Link Campus")
    assert path_of(page) == "/account/sign-in-methods/"
    assert Identity.objects.get().account.user == cast.outsider
    page.get_by_role("link", name="Unlink Campus").click()
    page.get_by_role("button", name="Unlink", exact=True).click()
    page.wait_for_url("**/account/sign-in-methods/")
    assert not Identity.objects.exists()
    assert page.complaints == []


def sign_out_there(page):
    """Press the button in the menu, and say yes at the provider."""
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="Sign out, also at Campus").click()
    page.get_by_role("button", name="Yes, sign me out").click()
    page.wait_for_url("**/accounts/login/")


def test_who_signs_out_there_too_is_signed_out_at_both_and_another_session_goes_on(campus, browse, live_server):
    page = browse()
    sign_in_there(page, "eva")
    Person.objects.update(terms_version=TERMS_VERSION)
    page.goto(f"{live_server.url}/account/")
    other = browse()  # the same person, who signed in there apart: another session of theirs, that goes on
    sign_in_there(other, "eva")
    assert OpenSession.objects.count() == 2
    sign_out_there(page)
    assert page.get_by_text("You are signed out here, and back from Campus.").count() == 1
    assert page.complaints == []
    page.get_by_role("button", name="Campus", exact=True).click()
    page.wait_for_url(re.compile(r"/interaction/"))  # there too, somebody must sign in again
    other.goto(f"{live_server.url}/account/")
    assert (path_of(other), OpenSession.objects.count()) == ("/account/", 1)


def test_what_ends_at_the_provider_ends_here_without_the_browser(campus, browse, live_server):
    page = browse()
    sign_in_there(page, "eva")
    Person.objects.update(terms_version=TERMS_VERSION)
    page.goto(f"{live_server.url}/account/")
    assert path_of(page) == "/account/"
    page.goto(f"{campus.issuer}/session/end")  # as any other site would have the provider do
    page.get_by_role("button", name="Yes, sign me out").click()
    page.get_by_text("Sign-out Success").wait_for()
    page.goto(f"{live_server.url}/account/")
    assert (path_of(page), OpenSession.objects.count()) == ("/accounts/login/", 0)
    entry = Entry.objects.get(verb="session.end_elsewhere")
    assert entry.facts == {"provider": "campus"}


def test_an_officer_without_assurance_shows_it_at_the_provider_and_goes_on(campus, browse, cast, live_server, settings):
    settings.FABRICA_ASSURANCE = {"role.officer": Assurance(mfa=True, proofing="medium")}
    page = browse()
    page.fill("input[name=login]", cast.officer.email)
    page.fill("input[name=password]", PASSWORD)
    page.get_by_role("button", name="Sign In", exact=True).click()
    page.wait_for_url("**/account/assurance/**")
    page.goto(f"{live_server.url}/account/sign-in-methods/")
    sign_in_there(page, "mallory", button="Link Campus")
    page.goto(f"{live_server.url}/desk/")
    assert path_of(page) == "/account/assurance/"
    assert page.get_by_text("A second factor is needed, here or at your provider.").count() == 2
    page.get_by_role("button", name="Sign in again with Campus").click()
    page.wait_for_url(re.compile(r"/interaction/"))  # asked again, although this browser is signed in there
    page.fill("input[name=login]", "mallory")
    page.fill("input[name=password]", "any")
    page.click("button[type=submit]")
    page.get_by_role("button", name="Continue").click()  # the assurance is one more thing to hand on
    page.wait_for_url("**/desk/")
    assert page.complaints == []


def test_an_address_that_the_provider_has_not_checked_gets_nobody_in(campus, browse, cast):
    page = browse()
    sign_in_there(page, "mallory")
    assert page.get_by_text("Campus does not vouch for your e-mail address.").count() == 1
    assert not Identity.objects.exists()
    page.goto(page.url.split("/accounts/")[0] + "/home/")
    assert path_of(page) == "/accounts/login/"


def test_an_answer_sent_a_second_time_gets_nobody_in(campus, browse):
    page, answers = browse(), []
    page.on("request", lambda one: answers.append(one.url) if "/login/callback/?" in one.url else None)
    sign_in_there(page, "eva")
    assert len(answers) == 1
    thief = browse()
    thief.goto(answers[0])
    assert thief.get_by_text("This sign-in cannot be finished.").count() == 1
    page.goto(answers[0])
    assert page.get_by_text("This sign-in cannot be finished.").count() == 1


def test_a_provider_that_went_away_is_told_in_words(campus, browse):
    page = browse()
    campus.stop()
    page.get_by_role("button", name="Campus", exact=True).click()
    page.get_by_text("Campus does not answer as it should.").wait_for()
    assert Person.objects.count() == 0


def test_a_provider_that_came_back_with_other_keys_is_believed_again(campus, browse, live_server):
    port = int(campus.issuer.rsplit(":", 1)[1])
    campus.stop()
    other = RealProvider(f"{live_server.url}/accounts/oidc/campus/login/callback/", port=port)
    try:
        page = browse()
        sign_in_there(page, "eva")
        assert path_of(page) == "/terms/"
    finally:
        other.stop()
