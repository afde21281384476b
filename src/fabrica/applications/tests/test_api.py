"""The API of applications."""

from datetime import timedelta

import pytest
from fabrica.applications.api import schemas as edge
from fabrica.applications import services
from fabrica.applications.tests.factories import COMPLETE, draft, submitted
from fabrica.kit.time import utcnow


@pytest.fixture
def made(cast, call, now):
    return draft(cast, call, now)


def test_from_nothing_to_submitted(api, cast, call):
    status, started = api(
        "applicant", "post", "/applications", {"call": "playground", "organisation": cast.startup.uid}
    )
    assert (status, started["state"], started["draft_version"]) == (201, "draft", 0)
    path = f"/applications/{started['code']}"
    status, saved = api("applicant", "patch", f"{path}?version=0", COMPLETE)
    assert (status, {name: saved[name] for name in COMPLETE}, saved["draft_version"]) == (200, COMPLETE, 1)
    assert api("applicant", "get", f"{path}/gaps") == (200, [])
    status, proposal = api("applicant", "get", f"{path}/proposal")
    assert (status, proposal["gpu_seconds"]) == (200, proposal["gpu_hours"] * 3600)
    status, handed_in = api("applicant", "post", f"{path}/submit")
    assert (status, handed_in["state"], handed_in["gate"]["decision"]) == (200, "submitted", "ACCEPT")
    told = api("applicant", "get", f"{path}/timeline")[1]
    assert [(one["what"], one["who"]) for one in told] == [("Started", "Ada"), ("Submitted", "Ada")]


def test_fields_left_out_stay_as_they_are(api, made):
    status, saved = api("applicant", "patch", f"/applications/{made.code}", {"title": "Other"})
    assert (status, {name: saved[name] for name in COMPLETE}) == (200, {**COMPLETE, "title": "Other"})


def test_two_programs_notice_each_other(api, made):
    path = f"/applications/{made.code}?version=1"
    assert api("applicant", "patch", path, {"title": "Ada's"})[0] == 200
    assert api("mate", "patch", path, {"title": "Max's"}) == (409, {
        "what": "Somebody else saved this draft meanwhile.", "why": "",
        "todo": "Look at what they wrote, then save your answers again.",
    })  # fmt: skip


@pytest.mark.parametrize(
    ("values", "paths"),
    [
        ({"title": "x" * 121}, ["body.title"]),
        ({"title": None}, ["body.title"]),
        ({"runs": "many", "months": 0}, ["body.runs", "body.months"]),
        ({"parameters_millions": 10**12}, ["body.parameters_millions"]),
        ({"gpu_seconds_requested": 10**13}, ["body.gpu_seconds_requested"]),
        (
            {"trust_answers": {"civilian": True}},
            [f"body.trust_answers.civilian.{one}" for one in ("str", "int", "float")],
        ),
        ({"titel": "x"}, ["body.titel"]),
    ],
)
def test_bad_values_are_refused_with_the_path_of_each(api, made, values, paths):
    status, told = api("applicant", "patch", f"/applications/{made.code}", values)
    assert (status, [one["path"] for one in told["fields"]]) == (422, paths)
    made.refresh_from_db()
    assert made.draft_version == 1


def test_an_unknown_question_is_refused_by_name(api, made):
    status, told = api("applicant", "patch", f"/applications/{made.code}", {"trust_answers": {"Z9": "yes"}})
    assert (status, told["what"]) == (409, "Z9 cannot be used.")


@pytest.mark.parametrize(
    ("method", "tail", "body"),
    [
        ("get", "", None), ("get", "/gaps", None), ("get", "/proposal", None), ("get", "/timeline", None),
        ("patch", "", {"title": "Mine"}), ("post", "/submit", None), ("post", "/withdraw", None),
        ("post", "/screen", {"note": ""}), ("post", "/return", {"reason": "No."}), ("post", "/refuse", {"reason": "No."}),
    ],
)  # fmt: skip
def test_an_outsider_finds_nothing(api, made, method, tail, body):
    assert api("outsider", method, f"/applications/{made.code}{tail}", body)[0] == 404
    made.refresh_from_db()
    assert (made.state, made.draft_version) == ("draft", 1)


@pytest.mark.parametrize(
    ("scopes", "method", "tail"),
    [(["read"], "patch", ""), (["read"], "post", "/submit"), (["apply"], "post", "/screen")],
)
def test_a_token_without_the_scope_is_refused(api, made, scopes, method, tail):
    body = {"title": "x"} if method == "patch" else {"note": ""}
    assert api("applicant", method, f"/applications/{made.code}{tail}", body, scopes)[0] == 403


@pytest.mark.parametrize(("tail", "body"), [("/screen", {"note": ""}), ("/refuse", {"reason": "No."})])
def test_the_applicant_does_not_decide(api, cast, call, now, tail, body):
    assert api("applicant", "post", f"/applications/{submitted(cast, call, now).code}{tail}", body)[0] == 403


def test_an_officer_screens_returns_and_refuses(api, cast, call, now):
    one, two, three = (submitted(cast, call, now).code for _ in range(3))
    moved = [
        api("officer", "post", f"/applications/{one}/screen", {"note": ""}),
        api("officer", "post", f"/applications/{two}/return", {"reason": "Which licence?"}),
        api("officer", "post", f"/applications/{three}/refuse", {"reason": "No hours left."}),
    ]
    assert [(status, told["state"]) for status, told in moved] == [
        (200, "screened"), (200, "returned"), (200, "refused"),
    ]  # fmt: skip


def test_an_incomplete_one_is_refused_with_its_gaps(api, cast, made, now):
    services.save_draft(application=made, values={"title": ""}, by=cast.applicant, now=now)
    status, told = api("applicant", "post", f"/applications/{made.code}/submit")
    assert (status, told["gaps"]) == (409, [{"field": "title", "message": "This is still empty."}])


def test_the_list_holds_mine_and_can_be_narrowed(api, cast, call, now, made):
    handed_in = submitted(cast, call, now)
    codes = lambda who, query="": [row["code"] for row in api(who, "get", f"/applications{query}")[1]["rows"]]  # noqa: E731
    assert codes("applicant") == [handed_in.code, made.code]
    assert codes("officer") == [handed_in.code]
    assert codes("outsider") == []
    assert codes("applicant", "?state=draft") == [made.code]
    status, told = api("applicant", "get", "/applications?state=lost")
    assert (status, [one["path"] for one in told["fields"]]) == (422, ["query.state"])


def test_the_list_costs_the_same_however_many_there_are(client, cast, call, now, django_assert_max_num_queries):
    from fabrica.people import services as people

    _, secret = people.create_token(name="t", scopes=["read"], by=cast.applicant, now=utcnow())
    headers = {"Authorization": f"Bearer {secret}"}
    draft(cast, call, now)
    client.get("/api/applications", headers=headers)
    with django_assert_max_num_queries(20) as one:
        client.get("/api/applications", headers=headers)
    for _ in range(4):
        draft(cast, call, now)
    with django_assert_max_num_queries(20) as five:
        assert len(client.get("/api/applications", headers=headers).json()["rows"]) == 5
    assert len(five) == len(one)


def test_the_questions_are_asked_in_the_language_of_the_caller(client, cast):
    from fabrica.people import services as people

    _, secret = people.create_token(name="t", scopes=["read"], by=cast.applicant, now=utcnow())
    headers = {"Authorization": f"Bearer {secret}", "accept-language": "fr"}
    (asked,) = [one for one in client.get("/api/trust/questions", headers=headers).json() if one["id"] == "civilian"]
    assert asked["question"] == "L’usage de ce que vous construisez est-il civil ?"


def test_the_clock_is_told_with_who_has_it_and_how_it_stands(api, cast, call, now, monkeypatch):
    made = submitted(cast, call, now)
    monkeypatch.setattr(edge, "utcnow", lambda: now + timedelta(days=2))
    assert api("applicant", "get", f"/applications/{made.code}")[1]["clock"] == {
        "begins_at": "2026-11-23T09:00:00Z", "promised_working_days": 2, "due_at": "2026-11-25T22:59:59.999Z",
        "paused_seconds": 0, "taken_working_days": None,
        "step": {
            "state": "submitted", "holder": "officer", "standing": "late", "begins_at": "2026-11-23T09:00:00Z",
            "working_days": 1, "warn_at": "2026-11-24T18:11:59.999Z", "due_at": "2026-11-24T22:59:59.999Z",
            "paused_at": None, "late_working_days": 1,
        },
    }  # fmt: skip


def test_a_draft_has_no_clock(api, made):
    assert api("applicant", "get", f"/applications/{made.code}")[1]["clock"] is None


def test_withdrawing_takes_a_reason_or_none(api, cast, call, now):
    bodies = [{"reason": "We merged."}, None]
    made = [submitted(cast, call, now) for _ in bodies]
    for one, body in zip(made, bodies, strict=True):
        assert api("applicant", "post", f"/applications/{one.code}/withdraw", body)[1]["state"] == "withdrawn"
    assert [one.transitions.last().reason for one in made] == ["We merged.", ""]
