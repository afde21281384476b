"""The API of models and keys."""

import json
from hashlib import sha256

import pytest
from fabrica.people import services as people
from fabrica.people.states import Scope
from fabrica.registry.models import ModelVersion, SiteKey
from fabrica.registry.tests.conftest import published, reviewed


@pytest.fixture
def api(client, now):
    """Calls the API in somebody's name, with a token of every scope, or of those named."""

    def call(person, method, path, payload=None, scopes=tuple(Scope.values)):
        _, secret = people.create_token(name="t", scopes=list(scopes), days=30, by=person, now=now)
        headers = {"authorization": f"Bearer {secret}"}
        return client.generic(method, f"/api{path}", json_of(payload), "application/json", headers=headers)

    return call


def json_of(payload):
    return json.dumps(payload) if payload is not None else ""


def test_a_member_lists_and_reads_the_models_of_the_project(api, version, cast):
    rows = api(cast.mate, "GET", "/models").json()["rows"]
    assert [(one["model"], one["number"], one["run"]) for one in rows] == [(version.model.slug, 1, version.run.uid)]
    assert api(cast.mate, "GET", f"/models?project={version.model.project.slug}").json()["rows"] == rows
    assert api(cast.mate, "GET", "/models?project=other").json()["rows"] == []
    assert api(cast.mate, "GET", f"/models/{version.model.slug}").json()["rows"] == rows
    found = api(cast.mate, "GET", f"/models/{version.model.slug}/1").json()
    assert (found["facts"], found["manifest"], found["card"]) == (version.facts, version.manifest, version.card)
    names = [one["path"] for one in found["files"]]
    assert (names[:2], names[-2:]) == (["card.md", "evaluation.json"], ["manifest.json", "manifest.sig"])
    for one in found["files"]:
        assert sha256((version.path / one["path"]).read_bytes()).hexdigest() == one["sha256"]


@pytest.mark.parametrize("path", ["", "/1", "/1/files/card.md"])
def test_an_outsider_does_not_find_it(api, version, cast, path):
    assert api(cast.outsider, "GET", f"/models/{version.model.slug}{path}").status_code == 404


@pytest.mark.parametrize("number", ["0", "-1", "9" * 30, "x"])
def test_a_number_that_is_none_is_told(api, version, cast, number):
    assert api(cast.mate, "GET", f"/models/{version.model.slug}/{number}").status_code in (404, 422)


def test_a_file_is_downloaded(api, version, cast):
    response = api(cast.mate, "GET", f"/models/{version.model.slug}/1/files/nested/config.json")
    assert b"".join(response.streaming_content) == b"{}\n"


def test_publishing_and_withdrawing(api, version, cast, now):
    path = f"/models/{version.model.slug}/1"
    assert api(cast.applicant, "POST", f"{path}/publish").status_code == 409
    reviewed(version, cast, now)
    assert api(cast.mate, "POST", f"{path}/publish").status_code == 403
    assert api(cast.applicant, "POST", f"{path}/publish", scopes=["read"]).status_code == 403
    assert api(cast.applicant, "POST", f"{path}/publish").json()["state"] == "published"
    assert api(cast.applicant, "POST", f"{path}/publish").status_code == 409
    assert api(cast.outsider, "GET", path).status_code == 200
    wrong = api(cast.applicant, "POST", f"{path}/withdraw", {"reason": ""})
    assert (wrong.status_code, wrong.json()["fields"][0]["path"]) == (422, "body.reason")
    found = api(cast.applicant, "POST", f"{path}/withdraw", {"reason": "Wrong."}).json()
    assert (found["state"], found["withdrawn_because"]) == ("withdrawn", "Wrong.")


def test_what_the_model_wrote_is_told_only_to_those_who_may_have_its_files(api, version, cast, now):
    path = f"/models/{version.model.slug}/1"
    published(version, cast, now)
    ModelVersion.objects.update(restricted_at=now)
    found = api(cast.outsider, "GET", path).json()
    assert (found["facts"]["sample"], found["card"]) == (None, "")
    assert api(cast.mate, "GET", path).json()["card"] == version.card


def test_keys_are_listed_rotated_and_revoked(api, version, cast):
    assert [one["state"] for one in api(cast.outsider, "GET", "/keys").json()] == ["active"]
    assert api(cast.applicant, "POST", "/keys/rotate").status_code == 403
    new = api(cast.operator, "POST", "/keys/rotate").json()
    assert [one["fingerprint"] for one in api(cast.mate, "GET", "/keys").json()] == [
        new["fingerprint"],
        version.key_fingerprint,
    ]
    path = f"/keys/{version.key_fingerprint}/revoke"
    assert api(cast.applicant, "POST", path, {"reason": "Lost."}).status_code == 403
    assert api(cast.operator, "POST", path, {"reason": "Lost."}).json()["state"] == "revoked"
    assert api(cast.operator, "POST", "/keys/sha256:00/revoke", {"reason": "Lost."}).status_code == 404
    assert SiteKey.objects.count() == 2


def test_a_member_has_a_version_evaluated_again(api, version, cast):
    path = f"/models/{version.model.slug}/1/evaluations"
    assert api(cast.outsider, "POST", path, {}).status_code == 404
    assert api(cast.mate, "POST", path, {"profile": "huge"}).status_code == 422
    answer = api(cast.mate, "POST", path, {"profile": "full", "seed": 3})
    made = answer.json()
    assert (answer.status_code, made["number"], made["state"], made["profile"], made["seed"]) == (
        201,
        2,
        "running",
        "full",
        3,
    )
    assert api(cast.mate, "GET", path).json() == [made]
    assert made["summary"] is None
    run = api(cast.mate, "GET", f"/projects/{version.model.project.slug}/runs/{made['run_number']}").json()
    assert (run["kind"], run["evaluation"]) == ("evaluate", {"model": str(version), "profile": "full", "seed": 3})
