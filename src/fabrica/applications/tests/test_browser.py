"""The applicant's way in a real browser: saved while typed, two editors, keyboard alone, accessible."""

import os

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from fabrica.applications import services
from fabrica.applications.models import Application
from fabrica.applications.tests.factories import ACCEPTED, COMPLETE, draft
from fabrica.applications.tests.interviewing import answer_interview
from fabrica.applications.tests.test_attaching import PDF
from fabrica.trust.tests.answers import answers_for, interviewed

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SERIOUS = {"serious", "critical"}
SAVED = '[data-autosave-status]:text-matches("^Saved ", "")'
SHOTS = os.environ.get("FABRICA_SCREENSHOTS", "")


def test_a_draft_is_saved_while_it_is_typed_and_the_proposal_follows(visit, cast, call, now):
    made = services.start(call=call, organisation=cast.startup, by=cast.applicant, now=now)
    page = visit(f"/applications/{made.code}/edit/", "applicant")
    for name, value in {
        "title": "X-rays",
        "parameters_millions": "7,000",
        "tokens_millions": "10",
        "runs": "2",
    }.items():
        page.fill(f"#id_{name}", value)
    page.wait_for_selector(SAVED)
    page.wait_for_selector("#proposal >> text=GPU-hours")
    page.fill("#id_runs", "3")
    page.wait_for_selector("#proposal >> text=3 runs")
    page.reload()
    assert (page.input_value("#id_title"), page.input_value("#id_parameters_millions")) == ("X-rays", "7000")
    made.refresh_from_db()
    assert (made.title, made.runs, str(made.draft_version)) == ("X-rays", 3, page.input_value("[name=draft_version]"))
    assert page.complaints == []


def test_what_cannot_be_read_is_told_beside_its_field_and_the_rest_is_saved(visit, cast, call, now):
    made = draft(cast, call, now)
    page = visit(f"/applications/{made.code}/edit/", "applicant")
    page.fill("#id_title", "Kept")
    page.fill("#id_runs", "many")
    page.wait_for_selector(".field:has(#id_runs) >> text=Enter a whole number.")
    assert page.input_value("#id_runs") == "many"
    page.fill("#id_runs", "4")
    page.wait_for_selector(SAVED)
    assert page.locator("text=Enter a whole number.").count() == 0
    made.refresh_from_db()
    assert (made.title, made.runs) == ("Kept", 4)


def test_two_editors_lose_nothing(visit, cast, call, now):
    made = draft(cast, call, now)
    ada, max_ = (visit(f"/applications/{made.code}/edit/", who) for who in ("applicant", "mate"))
    ada.fill("#id_title", "Ada's title")
    ada.wait_for_selector(SAVED)
    max_.fill("#id_title", "Max's title")
    max_.wait_for_selector("text=Not saved: Somebody else saved this draft meanwhile.")
    kept = max_.evaluate("Object.values(localStorage).filter(one => one.includes('title'))")
    assert kept == ['{"title":["Max\'s title"]}']
    max_.click("text=Save and stay")
    max_.wait_for_selector("text=What is saved now, where yours says something else")
    assert max_.locator('dd:has-text("Ada\'s title")').count() == 1
    assert max_.input_value("#id_title") == "Max's title"
    max_.click("text=Save and stay")
    max_.wait_for_selector("#messages >> text=Saved.")
    made.refresh_from_db()
    assert made.title == "Max's title"


def test_who_was_signed_out_is_told_and_keeps_what_was_typed(visit, cast, call, now):
    made = draft(cast, call, now)
    page = visit(f"/applications/{made.code}/edit/", "applicant")
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.fill("#id_title", "Typed")
    page.wait_for_selector("text=you are signed out")
    assert page.input_value("#id_title") == "Typed"


def test_with_the_keyboard_alone_from_the_call_to_submission(visit, cast, call):
    page = visit("/calls/playground/apply/", "applicant")
    press = page.keyboard.press
    page.focus("#main")
    press("Tab"), press("Space"), press("Tab"), press("Enter")
    page.wait_for_url("**/edit/")
    page.focus("#main")
    for name, value in COMPLETE.items():
        if name in ("trust_answers", "gpu_seconds_requested"):
            continue
        tab_to(page, name)
        write(page, name, value)
        if name == "has_data_rights":
            tab_to(page, "gpu_hours")
            page.keyboard.type("10")
    tab_to(page, "trust")
    press("Enter")
    page.wait_for_url("**/trust/")
    assert answer_interview(page, ACCEPTED) == interviewed("ACCEPT")
    page.focus("text=Check and submit")
    press("Enter")
    page.wait_for_url("**/check/")
    page.focus("main form .button")
    press("Enter")
    page.wait_for_selector("text=Submitted. We have written to you")
    assert Application.objects.get().state == "submitted"


def tab_to(page, name, most=12):
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == name:
            return
    raise AssertionError(f"{name} is not reached with Tab")


def write(page, name, value):
    if isinstance(value, bool):
        page.keyboard.press("Space")
        if not value:
            page.keyboard.press("ArrowDown")
    elif name == "months":
        page.keyboard.press("ArrowDown")
    else:
        page.keyboard.type(str(value))


@pytest.fixture
def addresses(cast, call, now):
    """Each page of the way, in the state in which most stands on it."""
    whole = draft(cast, call, now, trust_answers=answers_for("ACCEPT_CONDITIONS"))
    bare = services.start(call=call, organisation=cast.startup, by=cast.applicant, now=now)
    back = services.submit(application=draft(cast, call, now), by=cast.applicant, now=now)
    services.send_back(application=back, reason="Which licence has the data?", by=cast.officer, now=now)
    return {
        "start": "/calls/playground/apply/",
        "edit": f"/applications/{whole.code}/edit/",
        "edit-returned": f"/applications/{back.code}/edit/",
        "check": f"/applications/{whole.code}/check/",
        "check-gaps": f"/applications/{bare.code}/check/",
        "trust": f"/applications/{bare.code}/trust/",
        "trust-question": f"/applications/{bare.code}/trust/flop/",
        "trust-result": f"/applications/{whole.code}/trust/",
        "detail": f"/applications/{back.code}/",
    }


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1280, "dark")])
def test_every_page_is_accessible_and_fits(visit, addresses, width, scheme):
    page = visit("/calls/playground/apply/", "applicant", color_scheme=scheme, viewport={"width": width, "height": 900})
    host = page.url.partition("/calls")[0]
    for name, address in addresses.items():
        page.goto(host + address)
        found = [v["id"] for v in Axe().run(page).response["violations"] if v["impact"] in SERIOUS]
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/{name}-{width}-{scheme}.png", full_page=True)
        assert (name, found) == (name, [])
        assert (name, page.evaluate("document.documentElement.scrollWidth")) == (name, width)


def test_a_form_with_errors_is_accessible_and_leads_to_them(visit, cast, call, now):
    made = draft(cast, call, now)
    page = visit(f"/applications/{made.code}/edit/", "applicant", java_script_enabled=True)
    page.route("**/autosave/", lambda route: route.abort())
    page.fill("#id_runs", "many")
    page.click("text=Save and stay")
    page.wait_for_selector(".error-summary")
    page.wait_for_selector(".error-summary:focus")  # no script of ours may be evaluated in the page
    found = [v["id"] for v in Axe().run(page).response["violations"] if v["impact"] in SERIOUS]
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/edit-errors.png", full_page=True)
    assert found == []
    page.click(".error-summary a")
    assert page.evaluate("document.activeElement.id") == "id_runs"


def test_a_calls_own_question_its_condition_and_a_file(visit, cast, large, large_call, now, tmp_path):
    made = services.start(call=large_call, organisation=cast.startup, by=cast.applicant, now=now)
    services.save_draft(application=made, values=COMPLETE, by=cast.applicant, now=now)
    file = tmp_path / "scaling.pdf"
    file.write_bytes(PDF)
    page = visit(f"/applications/{made.code}/edit/", "applicant", viewport={"width": 1280, "height": 900})
    sent = []
    page.on("request", lambda one: sent.append(one.post_data_buffer or b"") if one.method == "POST" else None)
    gpus = page.locator("#id_x_largest_gpus")
    assert not gpus.is_visible()
    page.check("text=On several GPUs of one node")
    gpus.fill("4")
    page.set_input_files("#id_x_scaling_files", str(file))
    page.fill("#id_x_team", "Two engineers.")
    page.wait_for_selector(SAVED)
    assert [PDF in one for one in sent] == [False] * len(sent)
    page.locator(".files:near(#id_x_scaling_files) >> text=Add the chosen file").first.click()
    page.wait_for_selector("a:text-is('scaling.pdf')")
    assert (page.input_value("#id_x_largest_gpus"), page.input_value("#id_x_team")) == ("4", "Two engineers.")
    found = [v["id"] for v in Axe().run(page).response["violations"] if v["impact"] in SERIOUS]
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/large-scale-edit.png", full_page=True)
    assert (found, page.complaints) == ([], [])
    page.check("text=It has not run yet")
    assert not gpus.is_visible()
    page.wait_for_selector(SAVED)
    page.locator("text=Remove scaling.pdf").click()
    page.wait_for_selector("#messages >> text=Saved.")
    assert page.locator("a:text-is('scaling.pdf')").count() == 0
    page.press("#id_title", "Enter")  # goes on to the check, and removes or adds nothing
    page.wait_for_url("**/check/#*")
    made.refresh_from_db()
    assert (made.extra_answers["largest_run"], made.extra_answers["largest_gpus"]) == ("none", "4")


def test_everything_works_without_javascript(visit, cast, call, now):
    made = draft(cast, call, now, title="")
    page = visit(f"/applications/{made.code}/check/", "applicant", java_script_enabled=False)
    page.click(".error-summary a")
    page.wait_for_url("**/edit/#id_title")
    page.fill("#id_title", "By hand")
    page.click("text=Check and submit")
    page.wait_for_url("**/check/#id_title")
    page.click("main form button")
    page.wait_for_selector("text=Submitted. We have written to you")
