"""The desk: who may sit there, what waits in which order, and each decision that is due."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from fabrica.allocations.models import Award
from fabrica.allocations.tests.factories import fund
from fabrica.applications import services as applications
from fabrica.applications.states import Standing
from fabrica.applications.tests.factories import draft, screened, submitted
from fabrica.calls.models import Call
from fabrica.conftest import make_person
from fabrica.kit.facts import load
from fabrica.people import services as people
from fabrica.people.models import Member, RoleGrant
from fabrica.people.states import MemberRole, Role
from fabrica.portal.pages import desk as desk_pages
from fabrica.portal.forms import AssessForm, DecideForm
from fabrica.portal.queries import desk
from fabrica.portal.queries.case import case_of
from fabrica.reviews.models import TechnicalAssessment
from fabrica.reviews.tests.factories import assessed
from fabrica.trust.models import Referral
from fabrica.trust.services import board
from fabrica.trust.tests.answers import answers_for


def address(application):
    return f"/desk/{application.code}/"


def reload(application):
    application.refresh_from_db()
    return application


@pytest.fixture
def since(cast, call, now):
    """Applications that were submitted some days ago."""
    Call.objects.update(opens_at=now - timedelta(days=30))
    call.refresh_from_db()
    return lambda days, make=submitted: make(cast, call, now - timedelta(days=days))


@pytest.mark.parametrize("who", ["applicant", "mate", "operator", "provider", "outsider"])
def test_the_desk_is_for_staff_only(browser, cast, call, now, who):
    made = submitted(cast, call, now)
    assert [browser(who).get(path).status_code for path in ("/desk/", address(made))] == [403, 403]
    assert browser(who).post(address(made), {"decision": "screen"}).status_code == 403
    assert reload(made).state == "submitted"


def test_nobody_looks_before_signing_in(browser, cast):
    assert browser().get("/desk/").status_code == 302


def test_a_draft_is_nobodys_case(browser, cast, call, now):
    made = draft(cast, call, now)
    assert [browser("officer").get(address(one)).status_code for one in (made,)] == [404]
    assert browser("officer").get("/desk/AIF-9/").status_code == 404


def test_the_most_urgent_comes_first_with_its_lateness_in_words(browser, since):
    fresh, late, today = since(0), since(4), since(3)
    rows = browser("officer").get("/desk/").context["rows"]
    assert [row[:3] for row in rows] == [
        (late, "3 days late", "bad"), (today, "due today", "warning"), (fresh, "due tomorrow", "warning"),
    ]  # fmt: skip


def test_four_fifths_of_a_step_are_marked_and_what_is_late_is_a_part_of_its_own(browser, since, monkeypatch, now):
    late, fresh = since(4), since(0)
    officer = browser("officer")
    assert [row[0] for row in officer.get("/desk/?state=late").context["rows"]] == [late]
    monkeypatch.setattr(desk_pages, "utcnow", lambda: now + timedelta(days=1, hours=10))
    rows = officer.get("/desk/").context["rows"]
    assert [(row[0], row[1], row[5]) for row in rows] == [
        (late, "4 days late", Standing.LATE), (fresh, "due today", Standing.SOON),
    ]  # fmt: skip
    assert officer.get("/desk/").text.count(">Due soon<") == 1


def test_what_waits_for_the_applicant_is_paused_and_never_late(browser, cast, since, now):
    made = since(4)
    applications.send_back(application=made, reason="Why?", by=cast.officer, now=now - timedelta(days=4))
    officer = browser("officer")
    assert [list(officer.get(f"/desk/?state={part}").context["rows"]) for part in ("", "late")] == [[], []]
    rows = officer.get("/desk/?state=returned").context["rows"]
    assert [(row[0], row[1], row[5]) for row in rows] == [(made, "paused", Standing.PAUSED)]
    assert (
        "The clock stands still since 19 November 2026: it waits for the applicant." in officer.get(address(made)).text
    )


def test_each_part_of_the_queue_and_its_count(browser, cast, call, now):
    one, two, three = submitted(cast, call, now), screened(cast, call, now), assessed(cast, call, now)
    shown = {
        which: list(desk.shown(cast.officer, which, now)) for which in ("", "mine", "submitted", "screened", "assessed")
    }
    assert shown == {
        "": [one, two, three],
        "mine": [one, three],
        "submitted": [one],
        "screened": [two],
        "assessed": [three],
    }
    told = {name: count for name, _label, count in browser("officer").get("/desk/").context["filters"]}
    none = dict.fromkeys(("evaluated", "ranked", "offered", "appealed", "returned", "late"), 0)
    assert told == {"": 3, "mine": 2, "submitted": 1, "screened": 1, "assessed": 1, **none}
    assert list(desk.due_for(cast.assessor)) == [two]


def test_whose_choice_the_days_of_a_step_are_stands_once_on_queue_and_desk(browser, since):
    many = [since(days) for days in (1, 2)]
    told = (
        "No rule of the programme says how the time is shared: this is Fabrica&#x27;s proposal, for the site to change"
    )
    pages = [browser("officer").get(path).content.decode() for path in ("/desk/", address(many[0]))]
    for page in pages:
        after = page.partition(f"Source: {told} (checked 2026-11-26)")
        assert (page.count(told), "Confidence C</strong>" in after[0][-120:]) == (1, True)


def test_a_site_with_clocks_of_its_own_is_named_as_their_source(browser, since, settings, tmp_path):
    waits, own = since(1), tmp_path / "clocks.json"
    own.write_text(json.dumps({**load("fabrica.applications", "clocks.json"), "source": "The steering group of here"}))
    settings.FABRICA_CLOCKS = str(own)
    for path in ("/desk/", address(waits)):
        assert "Source: The steering group of here" in browser("officer").get(path).content.decode()


def test_a_part_that_does_not_exist_shows_the_whole_queue(browser, cast, call, now):
    made = submitted(cast, call, now)
    answer = browser("officer").get("/desk/?state=<script>&cursor=x_y")
    assert (answer.context["which"], [row[0] for row in answer.context["rows"]]) == ("", [made])


def test_pages_follow_each_other_by_urgency_and_lose_nothing(cast, since, now):
    made = [since(days) for days in (5, 7, 5, 6, 7)]
    seen, cursor = [], ""
    for _ in range(3):
        page = desk.page_by_urgency(desk.shown(cast.officer, "", now), cursor, size=2)
        seen, cursor = [*seen, *page.rows], page.next_cursor
    assert seen == [made[1], made[4], made[3], made[0], made[2]]
    assert cursor == ""


def test_who_works_for_the_organisation_has_nothing_to_decide(browser, cast, call, now):
    made = submitted(cast, call, now)
    Member.objects.create(organisation=cast.startup, person=cast.officer, role=MemberRole.MEMBER, joined_at=now)
    answer = browser("officer").get(address(made))
    assert (answer.context["form"], list(desk.due_for(cast.officer))) == (None, [])
    assert browser("officer").post(address(made), {"decision": "screen"}).status_code == 409
    assert reload(made).state == "submitted"


@pytest.mark.parametrize(
    ("decision", "reason", "state"),
    [("screen", "", "screened"), ("return", "Which licence?", "returned"), ("refuse", "Not civilian.", "refused")],
)
def test_an_officer_screens(browser, cast, call, now, decision, reason, state):
    made = submitted(cast, call, now)
    answer = browser("officer").post(address(made), {"decision": decision, "reason": reason})
    assert (answer.status_code, answer.url, reload(made).state) == (302, "/desk/", state)
    assert made.transitions.last().reason == reason


def test_after_a_decision_comes_the_next_that_waits_for_me(browser, since):
    first, second, third = since(5), since(6), since(3)
    answer = browser("officer").post(address(second), {"decision": "screen", "reason": ""}, follow=True)
    assert answer.redirect_chain == [(address(first), 302)]
    assert [str(one) for one in answer.context["messages"]] == [f"{second.code}: Eligible. This is the next one."]
    assert answer.context["next"] == third.code


@pytest.mark.parametrize("decision", ["return", "refuse"])
def test_a_no_without_a_reason_is_told_on_the_form(browser, cast, call, now, decision):
    made = submitted(cast, call, now)
    answer = browser("officer").post(address(made), {"decision": decision, "reason": " "})
    assert (answer.status_code, reload(made).state) == (200, "submitted")
    assert "The applicant must be told why." in answer.content.decode()


@pytest.mark.parametrize("data", [{}, {"decision": "award"}, {"decision": "screen", "reason": "x" * 3001}])
def test_bad_input_changes_nothing(browser, cast, call, now, data):
    made = submitted(cast, call, now)
    answer = browser("officer").post(address(made), data)
    assert (answer.status_code, reload(made).state) == (200, "submitted")
    assert answer.context["form"].errors


def test_what_the_gate_refers_waits_for_the_board_whose_reason_a_refusal_takes_over(browser, cast, call, now):
    made = submitted(cast, call, now, trust_answers=answers_for("REFER_ETHICS"))
    browser("officer").post(address(made), {"decision": "screen", "reason": "A chess tutor."})
    assert reload(made).state == "submitted"
    case, ethics = Referral.objects.get(subject=made.subject), make_person("edda", now, Role.ETHICS)
    board.propose(referral=case, finding="not_approved", reason="It manipulates.", by=ethics, now=now)
    board.release(referral=case, by=cast.officer, now=now)
    assert browser("officer").get(address(made)).context["form"].initial == {"reason": "It manipulates."}


ASSESSMENT = {"decision": "assess", "verdict": "fit", "gpu_hours": "8", "comment": "Sound.", "no_conflict": "on"}


def test_an_assessor_assesses(browser, cast, call, now):
    made = screened(cast, call, now)
    assert isinstance(browser("assessor").get(address(made)).context["form"], AssessForm)
    answer = browser("assessor").post(address(made), ASSESSMENT)
    assert (answer.status_code, reload(made).state) == (302, "assessed")
    kept = TechnicalAssessment.objects.get(application=made)
    assert (kept.verdict, kept.gpu_seconds_recommended, kept.assessor) == ("fit", 28_800, cast.assessor)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"no_conflict": ""}, "no_conflict"),
        ({"verdict": "perhaps"}, "verdict"),
        ({"comment": ""}, "comment"),
        ({"gpu_hours": "-1"}, "gpu_hours"),
        ({"gpu_hours": "5001"}, "__all__"),
        ({"verdict": "unfit"}, "__all__"),
    ],
)
def test_an_assessment_that_makes_no_sense_is_not_kept(browser, cast, call, now, changes, field):
    made = screened(cast, call, now)
    answer = browser("assessor").post(address(made), {**ASSESSMENT, **changes})
    assert (answer.status_code, list(answer.context["form"].errors)) == (200, [field])
    assert reload(made).state == "screened"


def test_an_officer_does_not_assess(browser, cast, call, now):
    made = screened(cast, call, now)
    assert browser("officer").get(address(made)).context["form"] is None
    assert browser("officer").post(address(made), ASSESSMENT).status_code == 409


def test_the_award_is_prefilled_from_the_assessment(browser, cast, call, now):
    form = browser("officer").get(address(assessed(cast, call, now))).context["form"]
    assert isinstance(form, DecideForm)
    assert {**form.initial, "gpu_hours": str(form.initial["gpu_hours"])} == {
        "gpu_hours": "10.00", "months": 1, "note": "Four million parameters fit on one device.",
    }  # fmt: skip


def test_an_officer_awards(browser, cast, call, machine, now):
    fund(cast, machine, now)
    made = assessed(cast, call, now)
    data = {"decision": "award", "gpu_hours": "5", "months": "2", "note": "Five are enough."}
    answer = browser("officer").post(address(made), data)
    assert (answer.status_code, reload(made).state) == (302, "awarded")
    award = Award.objects.get(application=made)
    assert (award.gpu_seconds, award.months, made.transitions.last().reason) == (18_000, 2, "Five are enough.")


def test_hours_left_as_they_were_shown_are_exactly_what_was_asked(browser, cast, call, machine, now):
    fund(cast, machine, now)
    made = assessed(cast, call, now, gpu_seconds_requested=10_001)
    browser("officer").post(address(made), {"decision": "award", "gpu_hours": "2.78", "months": "1", "note": ""})
    assert Award.objects.get(application=made).gpu_seconds == 10_001


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"gpu_hours": ""}, "gpu_hours"), ({"gpu_hours": "0"}, "gpu_hours"), ({"months": "7"}, "months"),
     ({"gpu_hours": "5001"}, "__all__"), ({"gpu_hours": "4000"}, "__all__")],
)  # fmt: skip
def test_an_award_beyond_what_is_allowed_or_left_is_not_made(browser, cast, call, machine, now, changes, field):
    fund(cast, machine, now)
    made = assessed(cast, call, now)
    data = {"decision": "award", "gpu_hours": "5", "months": "1", "note": "Five.", **changes}
    answer = browser("officer").post(address(made), data)
    assert (answer.status_code, list(answer.context["form"].errors)) == (200, [field])
    assert reload(made).state == "assessed"


def test_a_refusal_after_the_assessment_needs_only_its_reason(browser, cast, call, now):
    made = assessed(cast, call, now)
    answer = browser("officer").post(address(made), {"decision": "refuse", "gpu_hours": "", "note": "Too large."})
    assert (answer.status_code, reload(made).state) == (302, "refused")


def test_of_two_officers_the_second_is_told(browser, cast, call, now):
    made = submitted(cast, call, now)
    browser("officer").post(address(made), {"decision": "refuse", "reason": "Not civilian."})
    assert browser("officer").post(address(made), {"decision": "screen"}).status_code == 409


def test_the_case_warns_when_request_and_proposal_lie_far_apart(cast, call, now):
    case = case_of(cast.officer, submitted(cast, call, now, gpu_seconds_requested=36_000).code)
    hours = case.proposal[1].gpu_seconds
    assert (case.apart, case.asks_less) == (36_000 / hours, False)
    just_right = case_of(cast.officer, submitted(cast, call, now, gpu_seconds_requested=hours).code)
    assert (just_right.apart, just_right.times) == (None, None)
    assert just_right.earlier == [case.application]


def test_somebody_with_both_roles_is_given_each_in_turn(browser, cast, call, now):
    RoleGrant.objects.create(person=cast.officer, role=Role.ASSESSOR, granted_at=now)
    made = screened(cast, call, now)
    assert isinstance(browser("officer").get(address(made)).context["form"], AssessForm)


def queries_of(client, path):
    client.get(path)
    with CaptureQueriesContext(connection) as counted:
        assert client.get(path).status_code == 200
    return len(counted)


def test_ten_rows_cost_no_more_queries_than_one(browser, cast, call, now):
    made = assessed(cast, call, now - timedelta(hours=1))
    before = [queries_of(browser("officer"), path) for path in ("/desk/", address(made))]
    for _ in range(9):
        assessed(cast, call, now)
    assert [queries_of(browser("officer"), path) for path in ("/desk/", address(made))] == before


def test_an_organisation_that_may_be_registered_twice_is_told(browser, cast, call, now):
    made = submitted(cast, call, now)
    told = "It may be registered twice"
    assert told not in browser("officer").get(address(made)).content.decode()
    people.register_organisation(
        name="NOVALIS LABS S.A.S.", country="BE", kind="sme", registration_number="B 7", by=cast.outsider, now=now
    )
    page = browser("officer").get(address(made)).content.decode()
    assert told in page
    assert "NOVALIS LABS S.A.S., Belgium, B 7" in page
