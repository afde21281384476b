"""The operator's how-to, followed step by step in a real browser, to an application in the new mode."""

import re
from pathlib import Path

import pytest
from fabrica.applications import services as applying
from fabrica.applications.models import Application
from fabrica.applications.tests.factories import COMPLETE
from fabrica.audit.queries import about
from fabrica.calls import queries
from fabrica.calls.models import Call
from fabrica.kit.time import utcnow

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DOC = (Path(__file__).parents[4] / "docs" / "operator" / "modes.md").read_text(encoding="utf-8")
STEPS = DOC.partition("## An example")[2].partition("\n## ")[0]
FIELDS = dict(re.findall(r"^   \| ([^|]+?) \| ([^|]+?) \|$", STEPS, re.M)[1:])
PRESSED = re.findall(r"[Pp]ress \*\*([^*]+)\*\*", STEPS)


def answer(page, label, value):
    """Do with the field of this label what a person would: tick, choose or type."""
    group = page.locator("fieldset").filter(has=page.locator("legend", has_text=re.compile(rf"^\s*{re.escape(label)}")))
    if group.count():
        for one in value.split("; "):
            group.get_by_label(one, exact=True).check()
        return
    field = page.locator(f"xpath=//label[starts-with(normalize-space(.), {label!r})]").first
    control = page.locator(f"#{field.get_attribute('for')}")
    if control.evaluate("one => one.tagName") == "SELECT":
        control.select_option(label=value)
    else:
        control.fill(value)


def press(page, name):
    with page.expect_navigation():
        page.locator("main").locator(f"a:text-is('{name}'), button:text-is('{name}')").first.click()


def test_the_document_names_each_button_in_its_order():
    assert PRESSED == ["Add a mode", "Preview", "Publish", "Open a call", "Open the call"]
    assert len(FIELDS) == 25


def test_an_operator_adds_a_mode_and_an_applicant_applies_in_it(visit, cast, machine):
    add, preview, publish, open_, open_call = PRESSED
    page = visit("/home/", "operator")
    with page.expect_navigation():
        page.click("header >> text=Access modes")
    press(page, add)
    for label, value in FIELDS.items():
        answer(page, label, value)
    press(page, preview)
    told = page.inner_text("main")
    assert "For companies, universities and research organisations." in told
    assert "Next cut-off: 30 January 2099, 12:00 (Europe/Paris)." in told
    press(page, publish)
    assert "regional-ai" in queries.mode_rows(utcnow())
    press(page, open_)
    page.select_option("#id_machine", machine.slug)
    press(page, open_call)
    call = Call.objects.get()
    assert (call.mode.key, call.mode.gpu_hours_min, call.mode.gpu_hours_max) == ("regional-ai", 100, 3_000)
    assert "100 to 3,000 GPU-hours" in page.inner_text("main")
    assert [one.verb for one in about("mode:regional-ai")] == ["mode.create"]
    assert apply(visit, cast, call) == ("submitted", f"AIF-{utcnow().year}RA-0001", "2099-02-13")


def apply(visit, cast, call):
    """An applicant begins on the page of the call, and hands in what its mode allows."""
    page = visit(f"/calls/{call.slug}/", "applicant")
    press(page, "Apply")
    page.check("[name=organisation]")
    press(page, "Begin")
    made = Application.objects.get()
    values = {**COMPLETE, "gpu_seconds_requested": 99 * 3600, "months": 3}
    applying.save_draft(application=made, values=values, by=cast.applicant, now=utcnow())
    page.goto(page.url.replace("/edit/", "/check/"))
    assert "Regional AI is for at least 100 GPU-hours; you ask for 99." in page.inner_text("main")
    page.goto(page.url.replace("/check/", "/edit/"))
    page.fill("#id_gpu_hours", "100")
    press(page, "Check and submit")
    press(page, "Submit")
    made.refresh_from_db()
    return made.state, made.code, made.due_on.isoformat()
