"""What the applicant does on the pages, from the sign-up to the published model."""

from fabrica.applications.tests.factories import COMPLETE
from fabrica.applications.tests.interviewing import answer_interview
from fabrica.registry.forms import FASTEST_SECONDS

from tests.journeys.eyes import Visitor

SECRET = "correct-horse-7-battery"
SAVED = '[data-autosave-status]:text-matches("^Saved ", "")'
STEPS = 150
TITLE = "A model that reads Python"
TEXTS = {
    "title": TITLE,
    "purpose": "Small firms keep old programs that nobody understands any more. The model explains them line by line.",
    "model_description": "A decoder-only language model from the beginning, small enough for one device.",
    "parameters_millions": "4",
    "tokens_millions": "1",
    "runs": "3",
    "data_description": "The sources of Python's standard library, English comments.",
    "dataset_uri": "fabrica:python-stdlib@1",
}


def sign_up(ada: Visitor) -> None:
    """Make an account; lands on the terms and accepts them."""
    page = ada.page
    ada.go("/accounts/signup/")
    ada.look("sign-up")
    for name, value in {
        "email": "ada@demo.example",
        "name": "Ada Moreau",
        "password1": SECRET,
        "password2": SECRET,
    }.items():
        page.fill(f"[name={name}]", value)
    page.press("[name=password2]", "Enter")
    page.wait_for_url("**/terms/**")
    ada.look("terms")
    page.check("[name=accept]")
    page.click("main button:has-text('Continue')")
    page.wait_for_url("**/home/")


def register(ada: Visitor) -> None:
    """Register an organisation, from the home's next step."""
    page = ada.page
    page.click(".next-step .button")
    ada.look("organisation-new")
    page.fill("[name=name]", "Novalis Labs")
    page.select_option("[name=country]", "FR")
    page.select_option("[name=kind]", "startup")
    page.fill("[name=registration_number]", "FR 40 303 265 045")
    page.click("main form .button")
    page.wait_for_url("**/home/")


def apply(ada: Visitor) -> str:
    """From the call's page to the submitted application, by keyboard where people use one; returns its code."""
    page = ada.page
    ada.look_at("/calls/", "calls")
    ada.look_at("/calls/playground/", "call")
    _press(page, "main .actions a.button")
    page.wait_for_url("**/apply/")
    ada.look("apply")
    _press(page, "main form .button")
    page.wait_for_url("**/edit/")
    code = page.url.split("/")[-3]
    _write(ada)
    ada.look("application-edit")
    _press(page, "main form .button[name=trust]")
    page.wait_for_url("**/trust/")
    ada.look("trust")
    answer_interview(page, COMPLETE["trust_answers"], ada.look)
    _press(page, "main .actions a.button:has-text('Check and submit')")
    page.wait_for_url("**/check/")
    ada.look("application-check")
    _press(page, "main form button")
    page.wait_for_selector("text=Submitted. We have written to you")
    ada.look("application")
    return code


def _press(page, selector: str) -> None:
    page.focus(selector)
    page.keyboard.press("Enter")


def _write(ada: Visitor) -> None:
    """Fill in the form and come back to it: what was typed was saved without a button."""
    page = ada.page
    for name, value in TEXTS.items():
        page.fill(f"#id_{name}", value)
    page.wait_for_selector("#proposal >> text=GPU-hours")
    page.check("[name=has_personal_data][value=false]")
    page.check("[name=has_data_rights][value=true]")
    page.fill("#id_gpu_hours", "2")
    page.select_option("#id_months", "1")
    page.wait_for_selector(SAVED)
    page.wait_for_timeout(1500)  # the last change is sent a moment after it was made
    page.wait_for_selector(SAVED)
    page.reload()
    assert (page.input_value("#id_title"), page.input_value("#id_gpu_hours")) == (TITLE, "2")


def bring_data(ada: Visitor, slug: str) -> None:
    """Find the dataset from the home's next step, accept its terms, and wait until it is in the project."""
    page = ada.page
    page.click(".next-step .button")
    ada.look("data")
    page.click("main article h2 a")
    ada.look("dataset")
    page.click(".next-step .button")
    ada.look("dataset-use")
    page.check("[name=accept]")
    page.click("main button:has-text('Accept and copy')")
    page.wait_for_selector("text=It is ready")
    ada.look("staging")
    ada.look_at(f"/projects/{slug}/data/", "project-data")


def launch(ada: Visitor) -> str:
    """Launch a run from the home's next step, see its plan first; returns the run's address."""
    page = ada.page
    page.click(".next-step .button")
    ada.look("run-new")
    page.check("[name=choice][value=tiny]")
    page.fill("[name=changes]", f"steps={STEPS}")
    page.click("main form .button")
    page.wait_for_selector("h1:has-text('What it will take')")
    ada.look("run-plan")
    page.click("button[name=launch]")
    page.wait_for_url("**/runs/1/")
    return page.url.removeprefix(ada.site.url)


def watch(ada: Visitor) -> None:
    """Follow the run on its page, which is never loaded again: the curve is drawn, and the end is told."""
    page = ada.page
    page.wait_for_selector("#live .chart-line")
    page.wait_for_selector("#live >> text=Succeeded", timeout=90_000)
    page.wait_for_selector(f"#live >> text=step {STEPS} of {STEPS}")
    ada.look("run")
    assert page.locator("text=Cancel this run").count() == 0
    page.wait_for_selector("#live >> text=See the model")


def read_model(ada: Visitor) -> str:
    """Read the model's page, reached from the home's next step; returns its address."""
    page = ada.page
    page.click(".next-step .button")
    page.wait_for_selector("table >> text=This model")
    assert page.locator("#verify").inner_text() == "How to verify a download"
    assert page.locator("#verify-command").inner_text().startswith("fabrica models verify")
    ada.look("model")
    return page.url.removeprefix(ada.site.url)


def publish(ada: Visitor, olga: Visitor) -> None:
    """Lead the model whose page is open to publication; the officer is the second person, and the report works."""
    page, model = ada.page, ada.page.url.removeprefix(ada.site.url)
    page.click("section:has(#way) form button")
    page.wait_for_selector("text=Next is its evaluation")
    if page.locator("[name=justification]").count():
        page.fill("[name=justification]", "A demonstration: nobody builds on it.")
    page.click("section:has(#way) form button")
    page.wait_for_selector("text=A second person is asked")
    olga.go(model)
    olga.page.fill("[name=note]", "Read the card and the figures.")
    olga.look("model-review")
    olga.page.click("button[value=fit]")
    olga.page.wait_for_selector("text=can publish it now")
    ada.go(model)
    page.click("section:has(#way) form button:has-text('Publish')")
    page.click("dialog >> text=Yes, go on")
    page.wait_for_selector("text=Published. Everybody can see")
    ada.look("model-published")


def report(anybody: Visitor, olga: Visitor, model: str) -> None:
    """Somebody without an account reports a published model; an officer reads it."""
    anybody.go(model)
    anybody.page.click("text=Report a problem")
    anybody.look("model-report")
    anybody.page.check("[name=kind][value=rights]")
    anybody.page.fill("[name=text]", "My poems stand in it.")
    anybody.page.wait_for_timeout(1_000 * FASTEST_SECONDS)  # a form sent faster is taken for a program's
    anybody.page.click("button:has-text('Send the report')")
    anybody.page.wait_for_selector("text=Keep this address")
    olga.go("/model-reports/")
    olga.page.click("main table a")
    olga.page.wait_for_selector("text=My poems stand in it.")
    olga.look("model-report-decide")


def make_token(ada: Visitor) -> None:
    """Make a token, and look at the account that lists it."""
    ada.look_at("/account/tokens/new/", "token-new")
    ada.page.fill("[name=name]", "laptop")
    ada.page.click("main form .button")
    ada.page.wait_for_selector("code")
    ada.look("token-made")
    ada.look_at("/account/", "account")
