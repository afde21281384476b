import json

import pytest
from django.test import Client
from django.utils.timezone import localdate
from fabrica.audit.queries import about
from fabrica.kit.errors import Refused
from fabrica.kit.time import utcnow
from fabrica.people.services import create_token
from fabrica.trust import services
from fabrica.trust.engine.act import evaluate, in_force
from fabrica.trust.engine.act.telling import as_dict
from fabrica.trust.models import Assessment
from fabrica.trust.tests.answers import answers_for

pytestmark = pytest.mark.django_db
ACCEPTED = answers_for("ACCEPT")


def test_an_assessment_keeps_answers_day_and_all_that_came_of_them(cast, now):
    answers = answers_for("REFER_ETHICS")
    made = services.assess(subject="s:1", answers=answers, by=cast.applicant, now=now)
    kept = Assessment.objects.get(pk=made.pk)
    day = localdate(now)
    told = as_dict(evaluate(answers, day))
    assert (kept.subject, kept.answers, kept.decision, kept.version, kept.as_of, kept.assessed_at) == (
        "s:1", answers, "REFER_ETHICS", "act-2026-11-2", day, now,
    )  # fmt: skip
    assert (kept.labels, kept.duties, kept.path) == (told["labels"], told["obligations"], told["path"])
    assert [(one["rule"], one["answer"], one["leads_to"]) for one in kept.reasons] == [
        ("P1", "unsure", "REFER_ETHICS"), ("T1", "yes", "ACCEPT_CONDITIONS"), ("T2", "yes", "ACCEPT_CONDITIONS"),
    ]  # fmt: skip


def test_it_is_read_in_another_language_as_it_was_decided(cast, now):
    answers = answers_for("ACCEPT_CONDITIONS")
    made = services.assess(subject="s:1", answers=answers, by=cast.applicant, now=now)
    english, french = (as_dict(evaluate(answers, localdate(now)), one) for one in ("en", "fr"))
    shown = {key: french[key] for key in ("labels", "obligations", "path", "decision", "ruleset_version", "as_of")}
    assert made.record_in("fr") == shown
    made.path = [{**made.path[0], "leads_to": "REJECT"}]  # what is kept is shown, and never weighed again
    assert made.record_in("en")["path"] == [{**english["path"][0], "leads_to": "REJECT"}]


def test_the_audit_knows_the_decision_and_the_rules_not_the_answers(cast, now):
    services.assess(subject="s:1", answers=answers_for("REJECT"), by=cast.applicant, now=now)
    entry = about("s:1").get()
    assert (entry.verb, entry.actor) == ("trust.assess", cast.applicant.uid)
    assert entry.facts == {"decision": "REJECT", "version": "act-2026-11-2", "rules": ["P1", "T1", "T2"]}


@pytest.mark.parametrize(("answers", "told"), [
    ({}, "These can still matter: civilian, exclusively_military"),
    ({key: one for key, one in ACCEPTED.items() if key != "provider"}, "matter: provider"),
    ({**ACCEPTED, "P1": "yes"}, "P1 cannot be used"),
])  # fmt: skip
def test_what_is_incomplete_or_no_answer_leaves_nothing(cast, now, answers, told):
    with pytest.raises(Refused, match=told):
        services.assess(subject="s:1", answers=answers, by=cast.applicant, now=now)
    assert not Assessment.objects.exists()
    assert not about("s:1").exists()


@pytest.fixture
def ask(cast, now):
    _, secret = create_token(name="t", scopes=["read"], by=cast.applicant, now=now, days=365)
    client = Client(headers={"authorization": f"Bearer {secret}"})

    def ask(method, path, body=None):
        return client.generic(method, path, json.dumps(body), content_type="application/json")

    return ask


@pytest.fixture
def now():
    return utcnow()  # the API checks tokens against the real clock


def test_the_api_lists_the_questions_and_says_which_matter_now(ask):
    rows = ask("GET", "/api/trust/questions").json()
    assert [row["id"] for row in rows] == list(in_force(utcnow().date()).questions)
    assert set(rows[0]) == {
        "id", "question", "help", "example", "answers", "answered_by", "usual", "stands_for",
    }  # fmt: skip
    left = ask("POST", "/api/trust/next", {**ACCEPTED, "interacts": "yes"}).json()
    assert ([one["id"] for one in left["questions"]], left["left_usually"]) == (["exempt"], 1)
    assert ask("POST", "/api/trust/next", {**ACCEPTED, "flop": 2e22}).json()["questions"] == []


def test_the_api_previews_and_keeps_nothing(ask):
    told = ask("POST", "/api/trust/preview", answers_for("REJECT")).json()
    leads = [one["rule"] for one in told["path"] if one["leads_to"] == "REJECT"]
    assert (told["decision"], leads, told["open_questions"]) == ("REJECT", ["P1"], [])
    assert ask("POST", "/api/trust/preview", {}).json()["decision"] == "REFER_ETHICS"  # all of it is unsure
    assert not Assessment.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [({"P1": "yes"}, 409), ({"civilian": "?"}, 409), ({"civilian": 1}, 409), ([], 422), ({"civilian": True}, 422)],
)
def test_the_api_tells_what_is_wrong_with_a_preview(ask, body, status):
    answer = ask("POST", "/api/trust/preview", body)
    assert answer.status_code == status
    assert answer.json()["what"]
