"""The route finder and the modes over the API: the same answers as elsewhere."""

import dataclasses
import json

import pytest
from django.test import Client
from fabrica.calls import api, voice
from fabrica.calls.engine import terms
from fabrica.calls.engine.answer import as_dict, mode_as_dict
from fabrica.calls.engine.profile import Profile
from fabrica.calls.engine.routing import route

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
