import json

import pytest
from django.test import Client
from fabrica.audit.queries import about
from fabrica.kit.errors import Refused
from fabrica.people.services import create_token
from fabrica.trust import services
from fabrica.trust.engine import gate as engine
from fabrica.trust.models import Assessment

pytestmark = pytest.mark.django_db
CLEAN = {one.id: one.expects.value for one in engine.questions()}


def test_an_assessment_keeps_answers_decision_reasons_and_version(cast, now):
    made = services.assess(subject="s:1", answers={**CLEAN, "HR": "yes"}, by=cast.applicant, now=now)
    kept = Assessment.objects.get(pk=made.pk)
    high_risk = next(one for one in engine.questions() if one.id == "HR")
    assert (kept.subject, kept.decision, kept.version, kept.assessed_at) == (
        "s:1", "ACCEPT_CONDITIONS", engine.version(), now,
    )  # fmt: skip
    assert kept.answers == {**CLEAN, "HR": "yes"}
    assert kept.reasons == [
        {
            "rule": "HR", "question": high_risk.question, "answer": "yes", "leads_to": "ACCEPT_CONDITIONS",
            "ref": high_risk.ref,
        }
    ]  # fmt: skip


def test_the_audit_knows_the_decision_and_the_rules_not_the_answers(cast, now):
    services.assess(subject="s:1", answers={**CLEAN, "A5a": "unsure", "P1": "no"}, by=cast.applicant, now=now)
    entry = about("s:1").get()
    assert (entry.verb, entry.actor) == ("trust.assess", cast.applicant.uid)
    assert entry.facts == {"decision": "REJECT", "version": engine.version(), "rules": ["P1", "A5a"]}


def test_incomplete_answers_leave_nothing(cast, now):
    with pytest.raises(Refused):
        services.assess(subject="s:1", answers={}, by=cast.applicant, now=now)
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
    from fabrica.kit.time import utcnow  # tokens are checked against the real clock by the API

    return utcnow()


def test_the_api_lists_the_questions(ask):
    rows = ask("GET", "/api/trust/questions").json()
    assert [row["id"] for row in rows] == list(CLEAN)
    assert set(rows[0]) == {"id", "question", "help", "ref", "expects"}


def test_the_api_previews_and_keeps_nothing(ask):
    answer = ask("POST", "/api/trust/preview", {**CLEAN, "P1": "no"})
    assert answer.status_code == 200
    assert (answer.json()["decision"], [one["rule"] for one in answer.json()["reasons"]]) == ("REJECT", ["P1"])
    assert not Assessment.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"), [({}, 409), ({**CLEAN, "P1": "?"}, 409), ([], 422), ({"P1": 1}, 422), (None, 422)]
)
def test_the_api_tells_what_is_wrong_with_a_preview(ask, body, status):
    answer = ask("POST", "/api/trust/preview", body)
    assert answer.status_code == status
    assert answer.json()["what"]
