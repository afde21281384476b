"""The route finder in a real browser: accessible, within 320 px, by keyboard alone and without JavaScript."""

import os

import pytest
from axe_playwright_python.sync_playwright import Axe
from fabrica.calls import engine, services
from fabrica.calls.engine.own import told_by

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("call")]
SERIOUS = {"serious", "critical"}
SHOTS = os.environ.get("FABRICA_SCREENSHOTS", "")
ADDRESSES = {
    "route": "/route/",
    "route-answer": "/route/?organisation=company&country=FR&sme=yes&ai=yes&civilian=yes&hours=5000&unit=gpu_hour",
    "route-wrong": "/route/?organisation=company&hours=many",
    "call": "/calls/playground/",
    "calls": "/calls/",
}

OPERATORS = {
    "modes": "/modes/",
    "mode": "/modes/fast-lane/",
    "mode-new": "/modes/new/",
    "mode-change": "/modes/fast-lane/change/",
    "mode-retire": "/modes/fast-lane/retire/",
    "mode-open": "/modes/fast-lane/open/",
    "call-state": "/calls/playground/state/",
    "call-operator": "/calls/playground/",
}


def look(page, name, width):
    """Open what is folded, then: no serious complaint, no wider than the window, no error of a script."""
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)
    for summary in page.locator("main details > summary").all():
        summary.click()
    found = [v["id"] for v in Axe().run(page).response["violations"] if v["impact"] in SERIOUS]
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert (name, found, wide, page.complaints) == (name, [], width, [])


@pytest.mark.parametrize("locale", ["en-GB", "fr-FR"])
@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (320, "dark"), (1280, "light"), (1280, "dark")])
def test_every_page_is_accessible_fits_and_is_quiet(visit, width, scheme, locale):
    for name, address in ADDRESSES.items():
        page = visit(address, color_scheme=scheme, viewport={"width": width, "height": 900}, locale=locale)
        look(page, f"{name}-{width}-{scheme}-{locale}", width)


@pytest.mark.parametrize(("width", "scheme", "locale"), [(320, "dark", "fr-FR"), (1280, "light", "en-GB")])
def test_so_are_the_pages_of_operators_and_the_preview(visit, cast, now, width, scheme, locale):
    row = told_by(engine.rows()["fast-lane"])
    changed = {**row, "for_whom": "Industry that knows supercomputers."}
    services.keep_mode(row=changed, by=cast.operator, now=now, after=1, note="Shorter.")
    options = {"color_scheme": scheme, "viewport": {"width": width, "height": 900}, "locale": locale}
    for name, address in OPERATORS.items():
        look(visit(address, "operator", **options), f"{name}-{width}-{scheme}-{locale}", width)
    page = visit("/modes/fast-lane/change/", "operator", **options)
    page.fill("#id_source", "Decision of the director")
    page.fill("#id_size_at_most", "60000")
    with page.expect_navigation():
        page.click("button[value=preview]")
    look(page, f"mode-preview-{width}-{scheme}-{locale}", width)
    page.click("button[value=edit]")
    page.fill("#id_months", "one")
    with page.expect_navigation():
        page.click("button[value=preview]")
    look(page, f"mode-wrong-{width}-{scheme}-{locale}", width)


def test_with_the_keyboard_alone_one_gets_an_answer(visit):
    page = visit("/route/")
    page.focus("#id_organisation")
    page.keyboard.type("A company")
    page.focus("#id_hours")
    page.keyboard.type("60000")
    page.keyboard.press("Tab")
    page.keyboard.type("GPU")
    with page.expect_navigation():
        page.keyboard.press("Tab")
        page.focus("text=Show what fits")
        page.keyboard.press("Enter")
    assert page.locator("#fast-lane >> text=At most 50,000 GPU-hours. Wanted: 60,000 GPU-hours.").count() == 1


def test_without_javascript_the_answer_has_an_address_to_share(visit):
    page = visit("/route/", java_script_enabled=False)
    page.fill("#id_hours", "5000")
    page.select_option("#id_unit", "gpu_hour")
    page.click("text=Show what fits")
    page.wait_for_selector("#answer")
    again = visit(page.url.partition("://")[2].partition("/")[2].join(["/", ""]), java_script_enabled=False)
    assert again.inner_text("#answer") == page.inner_text("#answer")
    assert again.input_value("#id_hours") == "5000"
