"""The route finder and the modes over the API: the same answers as elsewhere."""

import dataclasses
import json

import pytest
from django.test import Client
from fabrica.calls import api, voice
from fabrica.calls.engine import rows, terms
from fabrica.calls.engine.answer import as_dict, mode_as_dict
from fabrica.calls.engine.own import told_by
from fabrica.calls.engine.profile import Profile
from fabrica.calls.engine.routing import route
from fabrica.calls.models import FormVersion
from fabrica.calls.queries import form_row

pytestmark = pytest.mark.django_db


@pytest.fixture
def get(cast, monkeypatch, now):
    monkeypatch.setattr(api, "utcnow", lambda: now)
    client = Client()
    client.force_login(cast.applicant)
    return lambda path, **answers: client.get(f"/api{path}", answers)


def test_the_modes_are_those_of_the_data(get):
    assert get("/modes").json() == json.loads(json.dumps([mode_as_dict(one, voice.here()) for one in terms()]))


def test_a_route_is_the_one_the_engine_finds(get, now):
    told = get("/route", organisation="company", sme="true", hours="5000", unit="gpu_hour").json()
    profile = Profile(organisation="company", sme=True, hours=5000, unit="gpu_hour")
    assert told == json.loads(json.dumps(as_dict(route(profile, now, terms()), voice.here())))


def test_an_answer_that_cannot_be_is_refused(get):
    assert get("/route", aim="war").status_code == 409
    assert get("/route", hours="many").status_code == 422
    assert get("/route", hours="9" * 30).status_code == 409


def test_every_answer_of_the_profile_can_be_given():
    assert set(api.ProfileIn.model_fields) == {one.name for one in dataclasses.fields(Profile)}


def test_a_call_tells_every_figure_it_was_opened_under(get, call):
    told = get("/calls/playground").json()
    package = next(one for one in told["figures"] if one["id"] == "package")
    assert (package["value"], package["confidence"], package["checked_on"]) == (5000, "B", "2026-11-01")
    assert [one["id"] for one in told["rules"]] == [one.id for one in call.terms.rules]


def test_strangers_sign_in_first():
    assert [Client().get(f"/api{path}").status_code for path in ("/modes", "/route")] == [401, 401]


@pytest.fixture
def send(cast, monkeypatch, now):
    """Post as one of the cast, at the tests' moment; returns status and JSON."""
    monkeypatch.setattr(api, "utcnow", lambda: now)

    def sent(who, path, body):
        client = Client()
        client.force_login(getattr(cast, who), backend="allauth.account.auth_backends.AuthenticationBackend")
        answer = client.post(f"/api{path}", body, content_type="application/json")
        return answer.status_code, answer.json()

    return sent


def test_a_mode_is_written_read_and_retired(cast, send, now):
    row = {**told_by(rows()["fast-lane"]), "key": "regional", "code": "RA", "title": "Regional"}
    status, told = send("operator", "/modes", {"row": row, "note": "Because."})
    assert (status, told["number"], told["row"], told["by"]) == (201, 1, row, cast.operator.uid)
    assert send("operator", "/modes", {"row": row})[0] == 409
    assert send("operator", "/modes", {"row": row, "after": 1})[1]["number"] == 2
    client = Client()
    client.force_login(cast.operator)
    read = client.get("/api/modes/regional/versions").json()
    assert (read["row"], [one["number"] for one in read["versions"]]) == (row, [2, 1])
    assert send("operator", "/modes/regional/retire", {"reason": "Over."})[1]["is_retired"] is True
    assert "regional" not in [one["mode"] for one in client.get("/api/modes").json()]


def test_a_mode_that_makes_no_sense_is_refused_with_the_reason(send):
    status, told = send("operator", "/modes", {"row": {"key": "x"}})
    assert (status, told["what"]) == (409, "This mode makes no sense.")
    assert told["why"].startswith("a mode has exactly these keys: key, code")
    assert send("operator", "/modes", {"row": [], "after": -1})[0] == 422


def test_a_call_is_opened_and_paused_with_alternatives(send, machine, call):
    body = {"mode": "fast-lane", "machine": machine.slug, "slug": "fast", "title": "Fast"}
    status, told = send("operator", "/calls", body)
    assert (status, told["slug"], told["is_open"], told["gpu_hours_min"]) == (201, "fast", True, 0)
    pause = {"state": "paused", "reason": "Full.", "alternatives": ["fast"]}
    status, told = send("operator", "/calls/playground/state", pause)
    assert (status, told["is_open"], told["pause_reason"], told["alternatives"]) == (200, False, "Full.", ["fast"])
    assert send("operator", "/calls/playground/state", {**pause, "alternatives": ["nothing"]})[0] == 404


@pytest.mark.parametrize("who", ["applicant", "officer", "outsider"])
def test_others_write_no_modes_and_no_calls(send, machine, call, who):
    row = told_by(rows()["fast-lane"])
    body = {"mode": "fast-lane", "machine": machine.slug, "slug": "fast", "title": "Fast"}
    answers = [
        send(who, "/modes", {"row": row, "after": 1}), send(who, "/modes/fast-lane/retire", {"reason": "No."}),
        send(who, "/calls", body), send(who, "/calls/playground/state", {"state": "closed"}),
    ]  # fmt: skip
    assert [status for status, _ in answers] == [403] * 4


def test_operators_alone_read_the_versions_of_a_form_page_by_page(cast, now):
    first = form_row("large-scale")
    for number in range(1, 28):
        FormVersion.objects.create(
            slug="large-scale", number=number, row=first, by=cast.operator, note=f"No. {number}.", created_at=now
        )
    client = Client()
    client.force_login(cast.operator)
    page = client.get("/api/modes/large-scale/forms").json()
    assert page["rows"][0] == {
        "number": 27, "note": "No. 27.", "by": cast.operator.uid, "created_at": now.isoformat().replace("+00:00", "Z"),
    }  # fmt: skip
    rest = client.get(f"/api/modes/large-scale/forms?cursor={page['next_cursor']}").json()
    assert ([one["number"] for one in rest["rows"]], rest["next_cursor"]) == ([2, 1], "")
    assert client.get("/api/modes/large-scale/forms/2").json()["row"] == first
    where = ("large-scale/forms/28", "nothing/forms", "nothing/forms/1")
    assert [client.get(f"/api/modes/{one}").status_code for one in where] == [404] * 3
    for who in (cast.officer, cast.applicant, cast.outsider):
        client.force_login(who)
        where = ("/api/modes/large-scale/forms", "/api/modes/large-scale/forms/2", "/api/modes/nothing/forms")
        assert [client.get(one).status_code for one in where] == [403] * 3
