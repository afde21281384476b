"""The gallery and the script in a real browser: accessible, within 320 px, quiet under the policy."""

import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SERIOUS = {"serious", "critical"}


@pytest.mark.parametrize(("scheme", "width"), [("light", 320), ("dark", 768), ("dark", 320), ("light", 1280)])
def test_the_gallery_is_accessible_and_fits(visit, scheme, width):
    page = visit("/gallery/", color_scheme=scheme, viewport={"width": width, "height": 900})
    found = [v["id"] for v in Axe().run(page).response["violations"] if v["impact"] in SERIOUS]
    assert found == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.complaints == []


def test_the_api_page_works_under_the_policy(visit):
    page = visit("/api/docs")
    page.wait_for_selector("#operations-default-fabrica_web_tests_urls_machines")
    assert page.complaints == []


def test_the_theme_is_chosen_and_kept(visit):
    page = visit("/gallery/", color_scheme="light")
    background = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(background)
    page.click("text=Dark theme")
    assert page.evaluate(background) != before
    page.reload()
    assert page.locator("[data-theme-toggle]").inner_text() == "Light theme"


def test_a_counter_counts_down_and_lets_too_much_be_seen(visit):
    page = visit("/gallery/")
    page.fill("#empty_summary", "x" * 599)
    assert page.locator(".field:has(#empty_summary) .counter").inner_text() == "Characters left: 1"
    page.fill("#empty_summary", "x" * 610)
    assert page.locator(".field:has(#empty_summary) .counter").inner_text() == "Characters too many: 10"


def test_a_dangerous_button_asks_first(visit):
    page = visit("/gallery/")
    before = page.url
    page.click("text=Cancel run")
    page.click("dialog >> text=No, go back")
    assert page.url == before
    page.click("text=Cancel run")
    with page.expect_navigation():
        page.click("dialog >> text=Yes, go on")
    assert page.url == before + "?"


def test_answers_are_saved_while_they_are_typed(visit):
    page = visit("/draft")
    page.fill("#id_title", "Protein folding")
    page.wait_for_selector('[data-autosave-status]:has-text("Saved ")')
    assert page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('fabrica.draft.'))") == []
    page.reload()
    assert page.input_value("#id_title") == "Protein folding"


def test_what_could_not_be_saved_is_told_kept_and_restored(visit):
    page = visit("/draft")
    page.context.set_offline(True)
    page.fill("#id_title", "Weather")
    page.wait_for_selector('[data-autosave-status]:has-text("Not saved: ")')
    assert page.locator("[data-autosave-status]").inner_text() == "Not saved: the site cannot be reached, retrying"
    page.route("**/draft", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    page.on("dialog", lambda dialog: dialog.accept())
    page.context.set_offline(False)
    page.goto(page.url.replace("/draft", "/plain"))
    page.goto(page.url.replace("/plain", "/draft"))
    assert page.input_value("#id_title") == ""
    page.click("text=Restore them")
    assert page.input_value("#id_title") == "Weather"


def test_a_refusal_is_told_in_the_words_of_the_server(visit):
    page = visit("/draft")
    page.fill("#id_title", "refuse me")
    page.wait_for_selector('[data-autosave-status]:has-text("Not saved: ")')
    assert page.locator("[data-autosave-status]").inner_text() == "Not saved: The call is closed."


def test_everything_is_there_without_javascript(visit):
    page = visit("/gallery/", java_script_enabled=False)
    assert page.locator("[data-theme-toggle]").is_visible() is False
    assert page.locator("[data-copy]").is_visible() is False
    assert page.locator("form.languages button").first.is_visible() is True
