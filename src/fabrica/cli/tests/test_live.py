"""The command against the real site: what it sends is what the API takes."""

import json

import pytest
from fabrica.applications.models import Application
from fabrica.applications.tests.factories import COMPLETE
from fabrica.calls import services as calls
from fabrica.calls.engine import rows
from fabrica.calls.engine.own import told_by

pytestmark = pytest.mark.django_db(transaction=True)


def test_signing_in_keeps_the_token_and_tells_who_one_is(sign_in, asked, home):
    result = sign_in("applicant")
    told = json.loads(result.stdout)
    assert (result.exit_code, told["name"]) == (0, "Ada")
    assert told["kept_in"] == str(home / "config" / "fabrica" / "credentials.json")
    assert asked("whoami")["email"] == "ada@example.org"


def test_an_unknown_token_is_not_kept(live_server, db, fabrica, home):
    result = fabrica("login", live_server.url, "--token-file", "-", "--json", input="fab_wrong\n")
    assert (result.exit_code, json.loads(result.stderr)["what"]) == (3, "The site does not know this token.")
    assert list((home / "config").rglob("*.json")) == []


def test_from_the_call_to_submission(sign_in, asked, fabrica, call, home):
    sign_in("applicant")
    assert [row["slug"] for row in asked("calls")] == ["playground"]
    example = json.loads(fabrica("apply", "--example").stdout)
    assert sorted(example) == sorted(COMPLETE)
    answers = home / "answers.json"
    answers.write_text(json.dumps({**COMPLETE, "title": ""}))
    started = asked("apply", answers, "--call", "playground")
    assert (started["state"], started["gaps"]) == ("draft", [{"field": "title", "message": "This is still empty."}])
    answers.write_text(json.dumps(COMPLETE))
    handed_in = asked("apply", answers, "--code", started["code"], "--submit")
    assert (handed_in["state"], handed_in["gate"]["decision"]) == ("submitted", "ACCEPT")
    assert [row["code"] for row in asked("applications")] == [started["code"]]
    assert [one["what"] for one in asked("applications", started["code"])["timeline"]] == ["Started", "Submitted"]
    for words in (["calls"], ["applications"], ["applications", started["code"]], ["whoami"]):
        assert fabrica(*words).exit_code == 0


def test_a_submission_with_gaps_is_refused_with_each(sign_in, fabrica, call, home):
    sign_in("applicant")
    (home / "a.json").write_text(json.dumps({**COMPLETE, "title": ""}))
    result = fabrica("apply", home / "a.json", "--call", "playground", "--submit", "--json")
    assert (result.exit_code, json.loads(result.stderr)["gaps"]) == (
        1, [{"field": "title", "message": "This is still empty."}],
    )  # fmt: skip
    assert Application.objects.get().state == "draft"


def test_bad_values_name_their_fields(sign_in, fabrica, call, home):
    sign_in("applicant")
    (home / "a.json").write_text(json.dumps({"runs": "many"}))
    result = fabrica("apply", home / "a.json", "--call", "playground", "--json")
    assert (result.exit_code, [one["path"] for one in json.loads(result.stderr)["fields"]]) == (
        1,
        ["body.answers.runs"],
    )


def test_anothers_application_is_not_found(sign_in, fabrica, asked, call, home):
    sign_in("applicant")
    (home / "a.json").write_text(json.dumps(COMPLETE))
    code = asked("apply", home / "a.json", "--call", "playground")["code"]
    sign_in("outsider")
    assert fabrica("applications", code).exit_code == 4
    assert asked("applications") == []


def test_a_token_that_may_only_read_is_refused(sign_in, fabrica, call, home):
    sign_in("applicant", "read")
    (home / "a.json").write_text(json.dumps(COMPLETE))
    result = fabrica("apply", home / "a.json", "--call", "playground")
    assert (result.exit_code, Application.objects.count()) == (1, 0)


def test_empty_lists_are_lists(sign_in, asked, cast):
    sign_in("applicant")
    assert [asked(*words) for words in (["projects"], ["data", "list"], ["models", "list"])] == [[], [], []]


def test_a_site_that_is_gone_is_five(fabrica, monkeypatch):
    monkeypatch.setenv("FABRICA_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("FABRICA_TOKEN", "fab_x")
    assert fabrica("whoami").exit_code == 5


def test_with_a_site_its_own_modes_are_told_and_weighed(sign_in, asked, fabrica, cast, now, home):
    row = {**told_by(rows()["fast-lane"]), "key": "regional", "code": "RA", "title": "Regional"}
    calls.keep_mode(row=row, by=cast.operator, now=now)
    sign_in("applicant")
    assert [one["mode"] for one in asked("modes", "--site")] == [*rows(), "regional"]
    profile = home / "profile.json"
    profile.write_text(json.dumps({"format": "fabrica-profile/1", "sme": True, "hours": 60_000, "unit": "gpu_hour"}))
    told = asked("modes", "--site", "--profile", profile)
    assert {one["mode"]: one["verdict"] for one in told["routes"]}["regional"] == "does_not_fit"
    assert "Regional" in fabrica("modes", "--site").stdout
    assert "Regional" not in fabrica("modes").stdout
    refused = fabrica("modes", "--site", "--profile", profile, "--on", "2026-11-26")
    assert (refused.exit_code, "Leave out --on or --site." in refused.stderr) == (1, True)
