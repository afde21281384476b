"""The pages of a project's life in a real browser: accessible, within 320 px, quiet; a report is saved as one writes."""

import os

import pytest
from axe_playwright_python.sync_playwright import Axe
from fabrica.portal.tasks import look_after
from fabrica.portal.tests.test_browser import SERIOUS
from fabrica.portal.tests.test_reports import IDLE
from fabrica.projects import queries, services
from fabrica.projects.engine import consents
from fabrica.projects.models import Report
from fabrica.projects.states import Role
from fabrica.registry.tests.conftest import key, run, site, version  # noqa: F401 - fixtures

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def lived(cast, site, now):  # noqa: F811
    """A project with a member to change, an open invitation, a proposal, a report, and a question about its hours."""
    project = site.project
    services.add_member(project=project, email=cast.mate.email, by=cast.applicant, now=now)
    services.invite(project=project, email="new@example.org", role=Role.FACILITATOR, by=cast.applicant, now=now)
    services.propose_pi(project=project, person=cast.mate, by=cast.applicant, now=now)
    while look_after(now):
        pass
    services.propose_reclaim(project=project, facts=IDLE, now=now)
    asked = queries.reclaims_visible_to(cast.officer).get()
    services.announce_reclaim(proposal=asked, days=14, unused="1", reason="Nothing runs.", by=cast.officer, now=now)
    services.list_project(
        project=project, sector="health", abstract="What it is about.", version=consents()[-1].version, by=cast.applicant,
        now=now,
    )  # fmt: skip
    return project


def test_each_page_is_accessible_fits_and_is_quiet(visit, cast, lived):
    report = Report.objects.get(project=lived)
    code = queries.code_of(lived.invitations.get())
    pages = [
        (lived.page, "applicant"), (lived.page, "mate"), (report.page, "applicant"), (report.page, "officer"),
        ("/desk/projects/", "officer"), (f"/invitations/{code}/", "outsider"),
        (f"{lived.page}listing/", "applicant"), ("/awarded/", ""), ("/figures/", ""), ("/desk/figures/", "officer"),
    ]  # fmt: skip
    wrong = []
    for number, (address, who) in enumerate(pages):
        page = visit(
            address, who, color_scheme="dark" if number % 2 else "light", viewport={"width": 320, "height": 800}
        )
        for details in page.locator("main details").all():
            details.evaluate("one => { one.open = true }")
        found = [one["id"] for one in Axe().run(page).response["violations"] if one["impact"] in SERIOUS]
        is_wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        if found or is_wide or page.complaints:
            wrong.append((address, who, found, is_wide, page.complaints))
        if os.environ.get("LIFE_PICTURES"):
            page.set_viewport_size({"width": 1000, "height": 900})
            page.screenshot(path=f"{os.environ['LIFE_PICTURES']}/{number}.png", full_page=True)
    assert wrong == []


def test_a_report_is_saved_as_one_writes(visit, lived):
    report = Report.objects.get(project=lived)
    page = visit(report.page, "applicant")
    page.fill("textarea[name=summary]", "We trained a small model.")
    page.locator("[data-autosave-status]:has-text('Saved')").wait_for()
    report.refresh_from_db()
    assert report.answers["summary"] == "We trained a small model."
    page.fill("textarea[name=results]", "It reads code.")
    page.click("button[name=save]")
    page.locator("#messages .notice").wait_for()
    report.refresh_from_db()
    assert (report.answers["results"], page.complaints) == ("It reads code.", [])
