"""The public page of the route finder: what it says, with which source, and how much it asks of the database."""

import json
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import translation
from fabrica.calls import services, voice
from fabrica.calls.engine.profile import FLAGS
from fabrica.calls.engine.sentences import LABELS, SENTENCES, VERDICTS, WORDS
from fabrica.calls.forms.route import PARTS, RouteForm
from fabrica.calls.models import Call
from fabrica.calls.pages import public as pages
from fabrica.calls.states import State
from fabrica.clusters.models import Machine

pytestmark = pytest.mark.django_db
GOLDEN = sorted((Path(__file__).parent / "golden" / "routes").glob("*.json"))
STARTUP = {"organisation": "company", "sme": "yes", "hours": "5000", "unit": "gpu_hour"}


@pytest.fixture(autouse=True)
def frozen(monkeypatch, now):
    monkeypatch.setattr(pages, "utcnow", lambda: now)


def asked(answers, **headers):
    return Client().get("/route/?" + urlencode(answers), headers=headers)


def verdicts(answer):
    return {one.told["mode"]: one.told["verdict"] for _, shown in answer.context["groups"] for one in shown}


def typed(given):
    return {key: {True: "yes", False: "no"}[value] if key in FLAGS else value for key, value in given.items()}


def test_without_answers_it_only_asks(django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = Client().get("/route/")
    assert (answer.status_code, "groups" in answer.context, answer.context["form"].is_bound) == (200, False, False)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_the_page_gives_the_verdicts_worked_out_by_hand(path):
    case = json.loads(path.read_text(encoding="utf-8"))
    answer = asked(typed(case["given"]) or {"hours": ""})
    assert verdicts(answer) == {mode: one["verdict"] for mode, one in case["expected"].items()}


def test_each_reason_stands_there_with_its_source_and_what_is_not_sure_is_marked():
    page = " ".join(asked(STARTUP).content.decode().split())
    assert (
        "Not met: More than 50,000 GPU-hours. Wanted: 5,000 GPU-hours. "
        '<span class="why">Source: EuroHPC Joint Undertaking, AI Factories access modes (checked 2026-11-01)</span>'
    ) in page
    assert page.count("Confidence B") > 10
    assert "What sizes there are is not known." in page


def test_an_open_call_of_a_mode_that_may_fit_is_linked_and_a_paused_one_is_not(cast, call, now):
    link = 'href="/calls/playground/"'
    assert link in asked(STARTUP).content.decode()
    assert link not in asked({**STARTUP, "hours": "5001"}).content.decode()
    services.set_state(call=call, state=State.PAUSED, by=cast.operator, now=now, reason="Maintenance.")
    assert link not in asked(STARTUP).content.decode()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("hours", "many"), ("hours", "0"), ("hours", "9" * 5000), ("months", "1.5"), ("organisation", "army"),
        ("country", "F"), ("country", "<b"), ("sme", "perhaps"), ("inference_percent", "101"),
    ],
)  # fmt: skip
def test_an_answer_that_cannot_be_is_told_beside_its_question(key, value):
    answer = asked({**STARTUP, key: value})
    assert (answer.status_code, list(answer.context["form"].errors), "groups" in answer.context) == (200, [key], False)


def test_a_country_may_be_written_small():
    assert asked({"country": "fr"}).context["form"].profile().country == "FR"


def test_what_is_not_a_question_changes_nothing():
    assert "groups" not in Client().get("/route/?colour=blue").context


def test_each_question_of_the_profile_is_asked_once():
    names = [name for _, group in PARTS for name in group]
    assert sorted(names) == sorted(RouteForm.base_fields)


def test_in_french_everything_is_in_french():
    answer = asked(STARTUP, accept_language="fr")
    page = answer.content.decode().replace("\u202f", " ").replace("\u00a0", " ")
    assert "Plus de 50 000 heures GPU." in page
    assert "Prochaine échéance : 30 novembre 2026, 10:00 (Europe/Brussels)." in page
    assert "For companies" not in page


def test_every_sentence_of_the_engine_has_its_french():
    same = {"Horizon Europe", "Extension"}
    with translation.override("fr"):
        said = [one for told in (SENTENCES, WORDS, LABELS, VERDICTS) for one in told.values()]
        assert [one for one in said if voice.here().translate(one) == one and one not in same] == []


def test_ten_calls_cost_no_more_queries_than_one(call, machine, now, django_assert_num_queries):
    with django_assert_num_queries(2):
        asked(STARTUP)
    for n in range(9):
        made = Machine.objects.create(site=machine.site, slug=f"m{n}", name=f"M {n}", devices_total=2)
        Call.objects.create(slug=f"c{n}", title=f"C {n}", machine=made, mode_row=call.mode_row, opens_at=now)
    with django_assert_num_queries(2):
        asked(STARTUP)


def test_the_way_to_it_stands_on_the_start_page_and_at_the_calls():
    assert ['href="/route/"' in Client().get(page).content.decode() for page in ("/", "/calls/")] == [True, True]


def test_a_call_shows_every_rule_and_figure_it_was_opened_under_and_an_old_one_none(call):
    page = " ".join(Client().get("/calls/playground/").content.decode().split())
    assert "Every rule and figure of this mode, with its source" in page
    assert "<dt>Fixed package</dt><dd>5,000 GPU-hours " in page
    old = {key: value for key, value in call.mode_row.items() if key not in ("facts", "rules", "prepare")}
    Call.objects.filter(pk=call.pk).update(mode_row=old)
    page = Client().get("/calls/playground/").content.decode()
    assert "up to 5,000 GPU-hours" in page
    assert "Every rule and figure" not in page
