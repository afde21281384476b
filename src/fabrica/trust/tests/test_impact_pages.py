"""The pages of an impact assessment without JavaScript: written, saved, signed, read, and closed to others."""

import json

import pytest
from django.test import Client
from fabrica.applications.tests.factories import submitted
from fabrica.conftest import make_person
from fabrica.kit.time import utcnow
from fabrica.people.services import create_token
from fabrica.people.states import Role
from fabrica.trust.models import ImpactAssessment
from fabrica.trust.queries.impact import digest_of
from fabrica.trust.services.impact import sign_impact
from fabrica.trust.tests.impact import FORM, RISK, given, write

pytestmark = pytest.mark.django_db


@pytest.fixture
def now():
    return utcnow()  # pages ask the real clock


@pytest.fixture
def made(cast, call, now):
    return submitted(cast, call, now, has_personal_data=True)


@pytest.fixture
def row(made):
    return ImpactAssessment.objects.get()


def browser(person):
    client = Client()
    client.force_login(person)
    return client


def later():
    return given(review_on="2099-01-01")


def test_risks_are_added_and_removed_by_buttons_and_nothing_written_is_lost(cast, row):
    path, who = f"{row.page}sections/risks/", browser(cast.applicant)
    for count in range(2):
        row.refresh_from_db()
        answer = who.post(path, {"draft_version": count, "add": "1"})
        assert answer.status_code == 302
    row.refresh_from_db()
    first, second = (one["id"] for one in row.risks)
    answer = who.post(path, {"draft_version": 2, f"{second}-what": "It may leak.", "remove": first})
    row.refresh_from_db()
    assert [(one["id"], one["what"]) for one in row.risks] == [(second, "It may leak.")]
    assert b"It may leak." in who.get(path).content
    assert who.post(path, {"draft_version": 2, "add": "1"}).status_code == 409
    assert who.post(path, {"add": "1"}).status_code == 409


def test_autosave_keeps_what_reads_and_names_what_does_not(cast, row):
    path, who = f"{row.page}sections/conclusion/save/", browser(cast.mate)
    kept = who.post(path, {"draft_version": 0, "conclusion_why": "Low.", "review_on": "soon"})
    assert (kept.status_code, kept.json()["draft_version"]) == (422, 1)
    assert [one["path"] for one in kept.json()["fields"]] == ["review_on"]
    again = who.post(path, {"draft_version": 0, "conclusion_why": "High."})
    row.refresh_from_db()
    assert (again.status_code, row.answers) == (409, {"conclusion_why": "Low."})


def test_it_is_signed_by_name_and_then_read_by_the_board_with_what_changed(cast, row, now):
    write(row, cast.applicant, now, later(), [RISK])
    who, path = browser(cast.applicant), f"{row.page}sign/"
    form = who.get(path).context["form"]
    facts = {"digest": form["digest"].value(), "name": "ada"}
    assert who.post(path, {**facts, "name": "Somebody"}).status_code == 409
    assert who.post(path, facts).status_code == 302
    row = write(ImpactAssessment.objects.get(), cast.applicant, now, {**later(), "views": "They agree."}, [RISK])
    sign_impact(assessment=row, name="Ada", digest=digest_of(row), by=cast.applicant, now=now)
    board = browser(make_person("bruno", now, Role.BOARD))
    page = board.get(f"{row.page}versions/2/")
    assert [(was, after) for _question, was, after in page.context["changes"]] == [("Said.", "They agree.")]
    assert board.get(row.page).context["sections"] == ()
    assert board.get(f"{row.page}sign/").status_code == 404
    assert board.get(f"{row.page}versions/3/").status_code == 404
    pdf = board.get(f"{row.page}versions/2/pdf/")
    assert (pdf.status_code, pdf.content[:5], b"/StructTreeRoot" in pdf.content) == (200, b"%PDF-", True)


@pytest.mark.parametrize("part", ["", "sign/", "sections/screening/", "sections/screening/save/", "versions/1/"])
def test_who_has_no_part_in_it_finds_nothing(cast, row, part):
    for other in (cast.outsider, cast.officer):
        answer = browser(other).post(row.page + part) if "save" in part else browser(other).get(row.page + part)
        assert answer.status_code == 404
    assert Client().get(row.page).status_code == 302
    assert browser(cast.applicant).get(f"{row.page}sections/nothing/").status_code == 404


def test_where_it_is_owed_it_is_said_and_each_section_opens(cast, made, row, now):
    for one in FORM.sections:
        assert browser(cast.mate).get(f"{row.page}sections/{one.id}/").status_code == 200
    told = browser(cast.mate).get(made.page).content.decode()
    assert f'<a href="{row.page}">Begin the impact assessment</a>' in told
    desk = browser(cast.officer).get(f"/desk/{made.code}/").content.decode()
    assert ('<h2 id="impact">' in desk, row.page in desk) == (True, False)


def test_the_api_tells_where_it_stands_and_what_was_signed(cast, row, now):
    row = write(row, cast.applicant, now, later(), [RISK])
    sign_impact(assessment=row, name="Ada", digest=digest_of(row), by=cast.applicant, now=now)

    def get(who, path):
        _, secret = create_token(name="t", scopes=["read"], by=who, now=now, days=365)
        return Client(headers={"authorization": f"Bearer {secret}"}).get(f"/api{path}")

    listed = json.loads(get(cast.mate, "/impact-assessments").content)["rows"]
    assert [(one["state"], one["number"], one["outcome"]) for one in listed] == [("signed", 1, "with_measures")]
    told = json.loads(get(cast.mate, f"/impact-assessments/{row.pk}/versions/1").content)
    assert (told["signer_name"], told["answers"], told["risks"]) == ("Ada", later(), [RISK])
    assert get(cast.outsider, f"/impact-assessments/{row.pk}").status_code == 404
