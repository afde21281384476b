"""The self-assessment on pages, over the API, on the desk and as PDF."""

import re

import pytest
from fabrica.applications import services as applications
from fabrica.applications.models import Application
from fabrica.applications.tests.conftest import api, browser_of, large, large_call  # noqa: F401 - fixtures
from fabrica.applications.tests.factories import draft, submitted
from fabrica.kit.errors import Refused
from fabrica.trust.engine.altai import Scope, in_force
from fabrica.trust.models import SelfAssessment


@pytest.fixture
def made(cast, call, now):
    return draft(cast, call, now)


@pytest.fixture
def handed_in(cast, made, now):
    """An application whose applicants assessed themselves."""
    applications.self_assess(
        application=made, by=cast.applicant, now=now, answers={"A01": "yes", "A03": "unsure", "W01": "no"},
        ratings={"agency": 5},
    )  # fmt: skip
    return applications.submit(application=made, by=cast.applicant, now=now)


def page_of(made, page=""):
    return f"/applications/{made.code}/self-assessment/{page}"


def statuses(browser_of, path):
    return {who: browser_of(who).get(path).status_code for who in ("applicant", "mate", "officer", "outsider")}


def test_a_draft_is_its_organisations_alone(browser_of, made):
    for page in ("", "result/", "agency/"):
        assert statuses(browser_of, page_of(made, page)) == {
            "applicant": 200,
            "mate": 200,
            "officer": 404,
            "outsider": 404,
        }
    assert browser_of("outsider").post(page_of(made, "agency/save/"), {"draft_version": 0}).status_code == 404
    assert browser_of("applicant").get(page_of(made, "luck/")).status_code == 404
    assert not SelfAssessment.objects.exists()


def test_each_requirement_is_a_page_that_leads_to_the_next_and_nothing_is_lost(browser_of, made):
    ada = browser_of("applicant")
    shown = ada.get(page_of(made, "agency/"))
    assert [len(fields) for _heading, fields in shown.context["form"].parts()] == [4]
    answer = ada.post(page_of(made, "agency/"), {"draft_version": 0, "A01": "yes", "rating": "4", "next": "1"})
    assert (answer.status_code, answer.url) == (302, page_of(made, "robustness/"))
    ada.post(page_of(made, "agency/"), {"draft_version": 1, "A03": "unsure", "rating": "4", "save": "1"})
    row = SelfAssessment.objects.get()
    assert (row.answers, row.ratings) == ({"A01": "yes", "A03": "unsure"}, {"agency": 4})
    assert ada.get(page_of(made)).context["next"] == "agency"


def test_saving_as_one_writes_tells_the_version_and_a_second_editor_is_told(browser_of, made):
    ada, path = browser_of("applicant"), page_of(made, "agency/save/")
    first = ada.post(path, {"draft_version": 0, "A01": "yes"})
    assert (first.status_code, first.json()["draft_version"]) == (200, 1)
    assert browser_of("mate").post(path, {"draft_version": 0, "A01": "no"}).status_code == 409
    assert browser_of("mate").post(page_of(made, "agency/"), {"draft_version": 0, "A01": "no"}).status_code == 409
    odd = ada.post(path, {"draft_version": 1, "A01": "perhaps", "A03": "no"})
    assert (odd.status_code, [one["path"] for one in odd.json()["fields"]]) == (422, ["A01"])
    assert SelfAssessment.objects.get().answers == {"A01": "yes", "A03": "no"}


def test_a_large_mode_shows_all_items_with_those_of_everybody_first(browser_of, large, now):
    form = browser_of("applicant").get(page_of(large, "agency/")).context["form"]
    parts = [(str(heading), [one.name for one in fields]) for heading, fields in form.parts()]
    assert parts[0] == ("Asked of everybody", ["A01", "A03", "A17", "A18"])
    assert [heading for heading, _ in parts[1:]] == ["Human agency and autonomy", "Human oversight"]
    assert sum(len(names) for _, names in parts) == 32


def test_the_result_draws_and_tables_the_scores_and_advises_in_french(browser_of, handed_in):
    page = browser_of("applicant", "fr").get(page_of(handed_in, "result/"))
    assert page.context["points"] == [50, None, None, None, None, 0, None]
    assert re.findall(r"<strong>([^<]+)</strong><br>", page.text)[0] == in_force(handed_in.submitted_at.date()).by_id[
        "W01"
    ].said("recommendation", "fr").replace("'", "&#x27;")
    assert 'role="img" aria-labelledby="radar-' in page.text
    assert page.text.count('role="rowheader"') == 7


def test_what_was_handed_in_is_read_by_officers_and_changed_by_nobody(browser_of, handed_in):
    assert statuses(browser_of, page_of(handed_in)) == {"applicant": 200, "mate": 200, "officer": 200, "outsider": 404}
    assert browser_of("applicant").post(page_of(handed_in, "agency/"), {"draft_version": 1}).status_code == 409
    desk = browser_of("officer").get(f"/desk/{handed_in.code}/").text
    assert desk.count("rated higher than the answers say") == 1
    assert f'href="{page_of(handed_in)}"' in desk


def test_one_that_was_sent_back_goes_on_and_officers_read_what_was_handed_in(browser_of, cast, handed_in, now):
    applications.send_back(application=handed_in, by=cast.officer, now=now, reason="Say more.")
    handed_in.refresh_from_db()
    applications.self_assess(application=handed_in, by=cast.mate, now=now, answers={"W01": "yes"})
    told = {who: browser_of(who).get(page_of(handed_in, "result/")).context["points"][5] for who in ("mate", "officer")}
    assert told == {"mate": 100, "officer": 0}
    again = applications.submit(application=handed_in, by=cast.applicant, now=now)
    olga = browser_of("officer")
    points = [olga.get(page_of(again, f"handed-in/{n}/")).context["points"][5] for n in (1, 2)]
    assert (points, olga.get(page_of(again, "handed-in/3/")).status_code) == ([0, 100], 404)


def test_nothing_is_kept_for_who_opened_it_before_a_colleague_handed_it_in(cast, made, now):
    opened = Application.objects.get(pk=made.pk)
    applications.submit(application=made, by=cast.applicant, now=now)
    with pytest.raises(Refused, match="It was submitted"):
        applications.self_assess(application=opened, by=cast.mate, now=now, answers={"W01": "yes"})


def test_without_one_the_desk_shows_none_and_nobody_finds_it(browser_of, cast, call, now):
    made = submitted(cast, call, now)
    assert 'id="self-assessment"' not in browser_of("officer").get(f"/desk/{made.code}/").text
    assert browser_of("officer").get(page_of(made)).status_code == 404


def test_the_api_writes_and_reads_it(api, made):
    path = f"/applications/{made.code}/self-assessment"
    status, told = api("applicant", "patch", path, {"answers": {"A01": "no"}, "ratings": {"agency": 2}})
    assert (status, told["answers"], told["ratings"], told["saves"]) == (
        200,
        {"A01": "no"},
        {"agency": 2},
        {"agency": 1},
    )
    assert told["result"]["scores"][0]["points"] == 0
    for body, wanted in (({"answers": {"Z9": "yes"}}, 409), ({"answers": {"A01": "yes"}, "seen": {"agency": 0}}, 409),
                         ({"answers": "yes"}, 422)):  # fmt: skip
        assert api("applicant", "patch", path, body)[0] == wanted
    assert len(api("mate", "get", f"{path}/items")[1]["items"]) == len(
        Scope.GATE.items(in_force(made.created_at.date()))
    )
    assert [api(who, "get", path)[0] for who in ("mate", "officer", "outsider")] == [200, 404, 404]


def test_the_pdf_is_tagged_and_in_the_readers_language(browser_of, handed_in):
    found = browser_of("officer", "fr").get(page_of(handed_in, "pdf/"))
    assert (found.status_code, found["Content-Type"], found.content[:5]) == (200, "application/pdf", b"%PDF-")
    assert b"/StructTreeRoot" in found.content
    assert found["Content-Disposition"] == f'attachment; filename="{handed_in.code}-self-assessment.pdf"'
