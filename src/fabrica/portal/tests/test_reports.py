"""The pages of reports: written, handed in and judged; and what officers look after."""

import json
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from fabrica.portal.pages import reports as edge
from fabrica.portal.tasks import look_after
from fabrica.projects import services
from fabrica.projects.models import Report
from fabrica.projects.states import Role
from fabrica.projects.tests.test_services import open_project
from fabrica.registry.tests.conftest import key, run, site, version  # noqa: F401 - fixtures

LATE = datetime(2027, 3, 24, 12, tzinfo=UTC)
IDLE = {
    "idle_since": "x", "idle_days": 30, "used_percent": 1, "time_percent": 60, "rule_since": "2026-01-01",
    "rule_source": "test",
}  # fmt: skip
ANSWERS = {"summary": "We did it.", "results": "It works.", "justification": "As planned."}


@pytest.fixture
def report(site, now):  # noqa: F811
    while look_after(now):
        pass
    return Report.objects.select_related("project").get()


def post(browser, who, path, **form):
    return browser(who).post(path, form)


def test_who_sees_it_and_who_writes_it(browser, cast, report):
    services.set_role(
        project=report.project, person=cast.mate, role=Role.GUEST, by=cast.applicant, now=report.project.opened_at
    )
    who = ("applicant", "mate", "officer", "operator", "outsider")
    assert {one: browser(one).get(report.page).status_code for one in who} == {
        "applicant": 200, "mate": 200, "officer": 200, "operator": 200, "outsider": 404,
    }  # fmt: skip
    assert {one: post(browser, one, report.page, draft_version=0, summary="x").status_code for one in who} == {
        "applicant": 302, "mate": 403, "officer": 403, "operator": 403, "outsider": 404,
    }  # fmt: skip


def test_it_is_prefilled_from_the_ledger_and_says_where_its_rules_come_from(browser, report):
    page = browser("applicant").get(report.page).content.decode()
    told = ("10 GPU-hours", "Machine One, Here", "due on 23 March 2027", "confidence A", "Source:")
    assert [one in page for one in told] == [True] * 5


def test_it_is_saved_as_one_writes_and_two_editors_notice_each_other(browser, report):
    path = f"{report.page}save/"
    answer = post(browser, "applicant", path, draft_version=0, summary="one")
    assert (answer.status_code, answer.json()["draft_version"]) == (200, 1)
    assert post(browser, "applicant", path, draft_version=0, summary="two").status_code == 409
    assert post(browser, "applicant", path, summary="two").status_code == 409
    report.refresh_from_db()
    assert report.answers["summary"] == "one"


def test_what_is_missing_is_said_and_what_was_written_is_kept(browser, report):
    answer = post(browser, "applicant", report.page, draft_version=0, submit="1", summary="We did it.")
    page = answer.content.decode()
    assert (answer.status_code, "Results: an answer is missing." in page, "We did it." in page) == (200, True, True)
    assert 'name="draft_version" value="1"' in page
    again = post(browser, "applicant", report.page, draft_version=1, submit="1", **ANSWERS)
    assert again["Location"] == report.project.page


def handed_in(browser, report):
    return post(browser, "applicant", report.page, draft_version=0, submit="1", **ANSWERS)


def test_an_officer_finds_it_accepts_it_and_its_figures_stay(browser, report):
    handed_in(browser, report)
    assert report.page in browser("officer").get("/desk/projects/").content.decode()
    assert post(browser, "applicant", f"{report.page}judge/", decision="accept").status_code == 403
    assert post(browser, "officer", f"{report.page}judge/", decision="accept").status_code == 302
    report.refresh_from_db()
    assert (report.state, report.figures["awarded"]) == ("accepted", 36_000)
    page = browser("applicant").get(report.page).content.decode()
    assert ("It works." in page, "Hand it in" in page) == (True, False)


def test_it_comes_back_only_with_a_reason(browser, report):
    handed_in(browser, report)
    assert post(browser, "officer", f"{report.page}judge/", decision="return").status_code == 200
    assert (
        post(browser, "officer", f"{report.page}judge/", decision="return", reason="Say <b>more</b>.").status_code
        == 302
    )
    page = browser("applicant").get(report.page).content.decode()
    assert ("Say &lt;b&gt;more&lt;/b&gt;." in page, "Hand it in" in page) == (True, True)


def test_an_overdue_one_stands_with_officers_on_the_projects_page_and_its_bar_is_lifted(browser, report, monkeypatch):
    monkeypatch.setattr(edge, "utcnow", lambda: LATE)
    monkeypatch.setattr("fabrica.portal.pages.project.utcnow", lambda: LATE)
    assert "1 day late" in browser("officer").get("/desk/projects/").content.decode()
    assert "it bars new applications" in browser("applicant").get(report.project.page).content.decode()
    assert "Lift the bar" in browser("officer").get(report.page).content.decode()
    assert post(browser, "officer", f"{report.page}judge/", decision="lift", reason="Ill.").status_code == 302
    assert "the bar is lifted" in browser("officer").get("/desk/projects/").content.decode()


def test_only_officers_and_operators_have_the_list(browser, report):
    assert {who: browser(who).get("/desk/projects/").status_code
            for who in ("officer", "operator", "assessor", "applicant")} == {
        "officer": 200, "operator": 200, "assessor": 403, "applicant": 403,
    }  # fmt: skip


def test_the_list_asks_the_database_as_often_for_many_as_for_one(browser, cast, report, now, monkeypatch):
    monkeypatch.setattr(edge, "utcnow", lambda: LATE)
    services.propose_reclaim(project=report.project, facts=IDLE, now=now)
    before = asked(browser)
    for number in range(5):
        made = open_project(cast, now, f"Another {number}")
        services.plan_reports(
            project=made, mode="playground", months=1, begins_at=now, ends_at=report.project.ends_at, now=now
        )
        services.propose_reclaim(project=made, facts=IDLE, now=now)
    assert asked(browser) == before


def asked(browser):
    client = browser("officer")
    with CaptureQueriesContext(connection) as queries:
        client.get("/desk/projects/")
    return len(queries)


def test_an_officer_says_why_idle_hours_stay(browser, report, now):
    path = f"{report.project.page}idle-hours/"
    assert post(browser, "officer", path, reason="r").status_code == 404
    services.propose_reclaim(project=report.project, facts=IDLE, now=now)
    assert "no job for 30 days" in browser("officer").get("/desk/projects/").content.decode()
    assert {who: post(browser, who, path, reason="r").status_code for who in ("applicant", "operator", "officer")} == {
        "applicant": 403, "operator": 403, "officer": 302,
    }  # fmt: skip


def call(browser, who, method, path, **body):
    answer = browser(who).generic(method, f"/api{path}", json.dumps(body), content_type="application/json")
    return answer.status_code, answer.json() if answer.content else None


def test_all_of_it_by_the_api(browser, report):
    path = f"/projects/{report.project.slug}/reports"
    (told,) = call(browser, "applicant", "GET", path)[1]
    assert (told["kind"], told["due_on"], told["state"], told["is_overdue"]) == ("final", "2027-03-23", "open", False)
    assert [one["key"] for one in told["questions"]][:2] == ["summary", "results"]
    assert told["figures"]["awarded"] == 36_000
    status, kept = call(browser, "applicant", "PUT", f"{path}/final", answers=ANSWERS, draft_version=0)
    assert (status, kept["answers"], kept["draft_version"]) == (200, ANSWERS, 1)
    assert call(browser, "applicant", "PUT", f"{path}/final", answers=ANSWERS, draft_version=0)[0] == 409
    assert call(browser, "mate", "POST", f"{path}/final/submit")[0] == 403
    assert call(browser, "applicant", "POST", f"{path}/final/submit")[1]["state"] == "submitted"
    assert call(browser, "officer", "POST", f"{path}/final/return", reason="More.")[1]["state"] == "returned"
    assert call(browser, "applicant", "POST", f"{path}/final/submit")[0] == 200
    assert call(browser, "officer", "POST", f"{path}/final/accept")[1]["state"] == "accepted"
    assert call(browser, "officer", "POST", f"{path}/final/lift-bar", reason="No.")[0] == 409
    rows = call(browser, "officer", "GET", "/reports?state=accepted")[1]["rows"]
    assert [(one["kind"], one["project"]) for one in rows] == [("final", report.project.slug)]
    assert call(browser, "outsider", "GET", "/reports")[1]["rows"] == []


def test_publications_are_named_on_the_page_and_by_the_api_and_stand_in_the_report(browser, report):
    path = f"{report.project.page}publications/"
    assert {who: post(browser, who, path, doi="10.1234/A").status_code for who in ("officer", "outsider")} == {
        "officer": 403, "outsider": 404,
    }  # fmt: skip
    assert [post(browser, "applicant", path, doi=one).status_code for one in ("10.1234/A", "soon")] == [302, 409]
    assert "https://doi.org/10.1234/a" in browser("officer").get(report.project.page).content.decode()
    assert "10.1234/a" in browser("officer").get(report.page).content.decode()
    api = f"/projects/{report.project.slug}/publications"
    assert call(browser, "applicant", "POST", api, doi="https://doi.org/10.1234/b")[1]["doi"] == "10.1234/b"
    assert call(browser, "applicant", "DELETE", f"{api}?doi=10.1234/A")[0] == 204
    assert [one["doi"] for one in call(browser, "officer", "GET", api)[1]] == ["10.1234/b"]
    pk = report.project.publications.get().pk
    assert [post(browser, who, f"{path}{pk}/remove/").status_code for who in ("officer", "applicant", "applicant")] == [
        403, 302, 404,
    ]  # fmt: skip
