"""The composed pages in a real browser: accessible, within 320 px, by keyboard alone, and without JavaScript."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from fabrica.allocations.models import Award
from fabrica.allocations.tests.years import parted
from fabrica.applications.models import Application
from fabrica.applications.tests.factories import submitted
from fabrica.dataspaces.tests import factories as data
from fabrica.people import services as people
from fabrica.people.tests.keys import new_line
from fabrica.registry.tests.conftest import key, run, site, version  # noqa: F401 - fixtures
from fabrica.reviews.tests.factories import assessed
from fabrica.training.models import Run

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SERIOUS = {"serious", "critical"}


def test_each_page_is_accessible_fits_and_is_quiet(visit, cast, call, site, version, now):  # noqa: F811
    people.add_ssh_key(name="laptop", text=new_line(), by=cast.applicant, now=now)
    Run.objects.filter(pk=site.launch(now).pk).update(waiting_code="QOSGrpGRESMinutes", machine_starts_at=now)
    data.waiting(cast, now, data.published(cast, now), site.project)
    screen, decide = submitted(cast, call, now), assessed(cast, call, now)
    parted(cast, call.machine, now)
    pages = [
        ("/", ""), ("/home/", "applicant"), ("/home/", "officer"), ("/desk/", "officer"),
        (f"/desk/{screen.code}/", "officer"), (f"/desk/{decide.code}/", "officer"),
        (f"/projects/{site.project.slug}/", "applicant"), (f"/projects/{site.project.slug}/", "officer"),
        (f"/projects/{site.project.slug}/top-up/", "officer"), ("/account/ssh-keys/", "applicant"),
        ("/desk/figures/", "officer"), ("/desk/figures/?since=x", "officer"),
        (f"/projects/{site.project.slug}/runs/2/", "applicant"), ("/notices/", "applicant"), ("/notices/", "operator"),
        ("/desk/pools/?on=2026-11-23", "officer"), ("/desk/pools/?on=x", "officer"),
    ]  # fmt: skip
    wrong = []
    for number, (address, who) in enumerate(pages):
        scheme, width = ("dark", 320) if number % 2 else ("light", 320)
        page = visit(address, who, color_scheme=scheme, viewport={"width": width, "height": 900})
        found = [v["id"] for v in Axe().run(page).response["violations"] if v["impact"] in SERIOUS]
        wide = page.evaluate("document.documentElement.scrollWidth")
        if found or wide != width or page.complaints:
            wrong.append((address, found, wide, page.complaints))
    assert wrong == []


def test_an_officer_refuses_with_the_keyboard_alone_and_is_asked_first(visit, cast, call, now):
    made = submitted(cast, call, now)
    page = visit(f"/desk/{made.code}/", "officer")
    page.focus("#id_reason")
    page.keyboard.type("Not civilian.")
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog.confirm")
    page.keyboard.press("Shift+Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert Application.objects.get(pk=made.pk).state == "refused"


def test_without_javascript_an_officer_decides_all_the_same(visit, cast, call, now):
    made = submitted(cast, call, now)
    page = visit("/desk/", "officer", java_script_enabled=False)
    page.click("text=Take the most urgent")
    page.click("button:has-text('Eligible')")
    page.wait_for_selector("text=Nothing else waits for you.")
    assert Application.objects.get(pk=made.pk).state == "screened"


def test_an_officer_adds_hours_with_the_keyboard_alone(visit, site):  # noqa: F811
    page = visit(f"/projects/{site.project.slug}/", "officer", viewport={"width": 390, "height": 900})
    page.focus("text=Add hours")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.focus("#id_gpu_hours")
    page.keyboard.type("1.3")
    page.keyboard.press("Tab")
    page.keyboard.type("A second language.")
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.locator(".error-summary").inner_text().endswith("such as 100 or 12.5.")
    assert page.input_value("#id_reason") == "A second language."
    page.fill("#id_gpu_hours", "1.5")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert [v["id"] for v in Axe().run(page).response["violations"] if v["impact"] in SERIOUS] == []
    page.focus("button[name=add]")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.wait_for_selector("text=1.5 GPU-hours were added; the award has 11.5 GPU-hours now.")
    assert Award.objects.get(pk=site.award.pk).gpu_seconds == 41_400


def test_without_javascript_hours_are_added_after_a_second_look_all_the_same(visit, site):  # noqa: F811
    page = visit(f"/projects/{site.project.slug}/top-up/", "operator", java_script_enabled=False)
    page.fill("#id_gpu_hours", "2")
    page.fill("#id_reason", "A second language.")
    page.click("text=See what it does")
    page.click("button[name=change]")
    assert page.input_value("#id_reason") == "A second language."
    page.click("text=See what it does")
    page.click("button[name=add]")
    page.wait_for_selector("text=2 GPU-hours were added; the award has 12 GPU-hours now.")
    assert Award.objects.get(pk=site.award.pk).gpu_seconds == 43_200
