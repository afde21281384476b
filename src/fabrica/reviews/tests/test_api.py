"""Reviews over HTTP."""

import pytest
from fabrica.applications.tests.factories import screened
from fabrica.kit.time import utcnow
from fabrica.people import services as people
from fabrica.reviews import services
from fabrica.reviews.tests.factories import COMMENT, assessed

BODY = {"verdict": "fit", "comment": COMMENT, "gpu_seconds_recommended": 36_000}


@pytest.fixture
def api(client, cast):
    def send(who, method, path, body=None, scopes=("read", "decide")):
        person = getattr(cast, who)
        _, secret = people.create_token(name="test", scopes=scopes, by=person, now=utcnow())
        headers = {"Authorization": f"Bearer {secret}"}
        answer = getattr(client, method)(f"/api{path}", body, content_type="application/json", headers=headers)
        return answer.status_code, answer.json()

    return send


def test_the_assessor_finds_what_waits_and_assesses_it(cast, call, now, api):
    application = screened(cast, call, now)
    status, page = api("assessor", "get", "/reviews/to-assess")
    assert (status, page["next_cursor"]) == (200, "")
    assert [(row["code"], row["organisation"], row["gpu_seconds_requested"]) for row in page["rows"]] == [
        (application.code, "Novalis Labs", 36_000)
    ]
    status, made = api("assessor", "post", f"/applications/{application.code}/assessment", BODY)
    assert status == 201
    assert {**made, "submitted_at": ""} == {**BODY, "submitted_at": "", "assessor": "Tomas"}
    assert api("assessor", "get", "/reviews/to-assess")[1]["rows"] == []


def test_the_applicant_reads_verdict_and_comment_after_the_decision_and_no_names(cast, call, now, api):
    application = assessed(cast, call, now)
    path = f"/applications/{application.code}/assessments"
    assert api("applicant", "get", path) == (200, [])
    assert [one["assessor"] for one in api("officer", "get", path)[1]] == ["Tomas"]
    services.refuse(application=application, reason="No hours left.", by=cast.officer, now=now)
    assert [{**one, "submitted_at": ""} for one in api("applicant", "get", path)[1]] == [
        {"verdict": "fit", "comment": COMMENT, "submitted_at": "", "gpu_seconds_recommended": None, "assessor": None}
    ]


@pytest.mark.parametrize("who", ["outsider", "provider", "operator"])
def test_others_find_nothing(cast, call, now, api, who):
    application = screened(cast, call, now)
    assert api(who, "get", f"/applications/{application.code}/assessments")[0] == 404
    assert api(who, "post", f"/applications/{application.code}/assessment", BODY)[0] == 404
    assert api(who, "get", "/reviews/to-assess") == (200, {"rows": [], "next_cursor": ""})


@pytest.mark.parametrize("who", ["applicant", "officer"])
def test_those_who_see_it_still_may_not_assess_it(cast, call, now, api, who):
    assert api(who, "post", f"/applications/{screened(cast, call, now).code}/assessment", BODY)[0] == 403


def test_a_token_without_the_scope_is_told_which(cast, call, now, api):
    path = f"/applications/{screened(cast, call, now).code}/assessment"
    status, told = api("assessor", "post", path, BODY, scopes=("read",))
    assert (status, told["what"]) == (403, "This token may not do that: it lacks the scope 'decide'.")


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"verdict": "perhaps"}, "body.verdict"),
        ({"comment": "x" * 3001}, "body.comment"),
        ({"gpu_seconds_recommended": -1}, "body.gpu_seconds_recommended"),
        ({"gpu_seconds_recommended": "many"}, "body.gpu_seconds_recommended"),
    ],
)
def test_a_malformed_body_names_the_field(cast, call, now, api, wrong, path):
    address = f"/applications/{screened(cast, call, now).code}/assessment"
    status, told = api("assessor", "post", address, {**BODY, **wrong})
    assert (status, [one["path"] for one in told["fields"]]) == (422, [path])
