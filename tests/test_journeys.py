"""The main job through the pages, in a real browser on a real site: from the sign-up to a model that everybody sees.

Every page on the way is looked at: accessible, no wider than the screen, quiet. Pictures lie in `var/screens`.
"""

import os
import re
from pathlib import Path

import pytest
from allauth.mfa.totp.internal import auth as totp
from playwright.sync_api import sync_playwright

from tests.journeys import applicant, facilitator, staff
from tests.journeys.eyes import Findings, visitor
from tests.journeys.site import opened

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="there is no Chromium"),
]


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


def test_from_the_sign_up_to_a_published_model(chromium, tmp_path):
    findings = Findings()
    with opened(tmp_path / "home", FABRICA_DEMO="1", FABRICA_DEBUG="0") as site:
        people = [visitor(chromium, site, findings) for _ in range(5)]
        with people[0] as ada, people[1] as olga, people[2] as tomas, people[3] as max_, people[4] as anybody:
            anybody.look_at("/", "start")
            anybody.look_at("/accounts/login/", "sign-in")
            code = apply(ada)
            decide(ada, olga, tomas)
            slug = work(ada)
            run = train(ada)
            model = publish(ada, max_, olga, [f"/applications/{code}/", f"/projects/{slug}/", run], slug)
            facilitator.join(max_, facilitator.invited(ada, slug, "max@demo.example"))
            facilitator.look_after(max_, slug, run)
            anybody.go("/")
            assert anybody.page.locator(f'a[href="{model}"]').count() == 1
            anybody.look("start-with-model")
            assert anybody.go(model) == 200
            applicant.report(anybody, olga, model)
            look_around(ada, anybody, max_)
    assert findings.wrong == []


def apply(ada):
    applicant.sign_up(ada)
    ada.home_says("Register your organisation")
    applicant.register(ada)
    ada.home_says("Apply for computing time")
    ada.look("home")
    code = applicant.apply(ada)
    ada.home_says("Wait for our decision")
    return code


def decide(ada, olga, tomas):
    olga.sign_in("olga")
    tomas.sign_in("tomas")
    tomas.home_says("Nothing waits for you")
    olga.home_says("1 application waits for you")
    staff.screen(olga)
    ada.home_says("Wait for our decision")
    tomas.home_says("1 application waits for you")
    staff.assess(tomas)
    olga.home_says("1 application waits for you")
    staff.award(olga)
    olga.home_says("Nothing waits for you")


def work(ada):
    ada.home_says("Choose your data")
    slug = ada.page.locator("#projects ~ .grid h3 a").get_attribute("href").split("/")[2]
    ada.go(f"/projects/{slug}/")
    assert ada.page.locator(".badge:has-text('Ready on the cluster')").count() == 1
    ada.look("project-new")
    ada.home_says("Choose your data")
    applicant.bring_data(ada, slug)
    return slug


def train(ada):
    ada.home_says("Launch your first run")
    run = applicant.launch(ada)
    applicant.watch(ada)
    return run


def publish(ada, max_, olga, private, slug):
    ada.home_says("Look at your model")
    model = applicant.read_model(ada)
    max_.sign_in("max")
    told = {address: max_.go(address) for address in [*private, model]}
    assert told == dict.fromkeys([*private, model], 404)
    max_.look("not-found", status=404)
    applicant.publish(ada, olga)
    ada.look_at(f"/projects/{slug}/", "project")
    ada.look_at(f"/projects/{slug}/runs/", "runs")
    return model


def look_around(ada, anybody, ingrid):
    ada.look_at("/models/", "models")
    applicant.make_token(ada)
    for who in (ada, anybody):
        who.page.context.add_cookies([{"name": "django_language", "value": "fr", "url": who.site.url}])
    anybody.look_at("/", "start-fr")
    ada.look_at("/home/", "home-fr")
    assert (ada.page.get_attribute("html", "lang"), anybody.page.get_attribute("html", "lang")) == ("fr", "fr")
    ingrid.page.context.clear_cookies()
    ingrid.sign_in("ingrid")
    ingrid.look_at("/admin/", "admin")


def test_outside_the_demo_an_officer_sets_up_a_second_factor_first(chromium, tmp_path):
    findings = Findings()
    with opened(tmp_path / "home", FABRICA_DEMO="0", FABRICA_DEBUG="1") as site:
        with visitor(chromium, site, findings) as olga:
            olga.sign_in("olga")
            assert olga.go("/desk/") == 200
            olga.page.fill("[name=password]", site.passwords["olga"])  # asked again before the account is changed
            olga.page.press("[name=password]", "Enter")
            olga.page.wait_for_url("**/accounts/2fa/totp/activate/")
            olga.look("second-factor")
            secret = re.search(r"\b[A-Z2-7]{32}\b", olga.page.content()).group()
            olga.page.fill("[name=code]", code_of(secret))
            olga.page.press("[name=code]", "Enter")
            olga.page.wait_for_url("**/accounts/2fa/recovery-codes/**")
            olga.look("recovery-codes")
            assert (olga.go("/desk/"), olga.page.url) == (200, f"{site.url}/desk/")
        with visitor(chromium, site, findings) as again:
            again.sign_in("olga")
            assert again.page.url.startswith(f"{site.url}/accounts/2fa/authenticate/")
            again.look("second-factor-asked")
    assert findings.wrong == []


def code_of(secret):
    _before, now, _after = totp.yield_hotp_counters_from_time()
    return totp.format_hotp_value(totp.hotp_value(secret, now))
