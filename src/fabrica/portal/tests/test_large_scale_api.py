"""The way of Large Scale over HTTP: everything a page can do."""

from datetime import timedelta

import pytest
from fabrica.allocations import services as allocations
from fabrica.applications.models import Application
from fabrica.conftest import make_person
from fabrica.kit.time import utcnow
from fabrica.people import services as people
from fabrica.people.states import Role
from fabrica.reviews import services
from fabrica.reviews.models import Expert, Outcome, Review
from fabrica.reviews.tests.factories import HOURS, SCORES, expert, large, large_call, panel_member


@pytest.fixture
def send(client):
    def sent(person, method, path, body=None):
        scopes = ("read", "apply", "decide", "account")
        _, secret = people.create_token(name="test", scopes=scopes, by=person, now=utcnow())
        headers = {"Authorization": f"Bearer {secret}"}
        answer = getattr(client, method)(f"/api{path}", body, content_type="application/json", headers=headers)
        return answer.status_code, answer.json() if answer.content else None

    return sent


PROFILE = {"affiliation": "Uni", "fields_known": ["code"], "languages": ["en"], "most_reviews": 3}


def test_the_whole_way(cast, machine, now, send):
    wide = large_call(machine, now)
    allocations.fund(key="f", machine=machine, gpu_seconds=HOURS, by=cast.operator, now=now)
    application = large(cast, wide, now)
    code, path = application.code, f"/applications/{application.code}"
    anna, panel = make_person("anna", now), panel_member(now)
    assert send(cast.officer, "post", "/experts/invitations", {"email": anna.email})[0] == 201
    assert send(anna, "post", "/me/expert/invitation", {"profile": PROFILE})[0] == 409
    told = {"profile": PROFILE, "keeps_confidential": True}
    assert send(anna, "post", "/me/expert/invitation", told)[0] == 204
    anna = type(anna).objects.get(pk=anna.pk)
    assert send(anna, "put", "/me/expert", {**PROFILE, "most_reviews": 2})[0] == 204
    assert [one["most_reviews"] for one in send(cast.officer, "get", "/experts")[1]["rows"]] == [2]
    wanted = {"fields_wanted": ["code"], "language": "en", "reviews": 1, "is_blind": False}
    assert send(cast.officer, "put", f"{path}/evaluation", wanted)[0] == 204
    _, proposed = send(cast.officer, "get", f"{path}/evaluation/proposal")
    assert proposed == {
        "missing": 0, "why": "",
        "experts": [{
            "uid": anna.uid, "name": "Anna", "is_proposed": True, "stage": None, "points": 100,
            "fields_shared": {"code": 100}, "against": [], "needs_reason": False, "open_reviews": 0, "most_reviews": 2,
        }],
    }  # fmt: skip
    assert send(cast.officer, "put", f"{path}/evaluation/experts", {"experts": [anna.uid]})[0] == 204
    (row,) = send(anna, "get", "/reviews/mine")[1]["rows"]
    mine = f"/reviews/{row['id']}"
    assert send(anna, "get", mine)[1]["answers"] is None
    assert send(anna, "post", f"{mine}/answer", {"answer": "accept"})[0] == 204
    draft = {"scores": SCORES, "comment": "Sound.", "remark": "Between us.", "draft_version": 0}
    status, kept = send(anna, "put", mine, draft)
    assert (status, kept["draft_version"], kept["answers"]["purpose"]) == (200, 1, application.purpose)
    assert send(anna, "put", mine, draft)[0] == 409
    assert send(anna, "post", f"{mine}/answer", {"answer": "submit"})[0] == 204
    assert send(cast.applicant, "get", f"{path}/reviews")[0] == 404
    assert send(cast.officer, "post", f"{path}/evaluation/close")[0] == 204
    (shown,) = send(cast.applicant, "get", f"{path}/reviews")[1]["reviews"]
    assert shown == {"name": "", "points": 80.0, "scores": SCORES, "comment": "Sound.", "remark": ""}
    assert send(cast.applicant, "post", f"{path}/reviews/reply", {"text": "Thank you."})[0] == 201
    found = send(panel, "get", "/calls/large-scale/panel")[1]
    assert [(one["code"], one["points"], one["is_within"], one["is_ready"]) for one in found["waiting"]] == [
        (code, 80.0, True, True),
    ]  # fmt: skip
    assert send(panel, "post", "/calls/large-scale/panel", {"order": [code]})[0] == 204
    told = {"kind": "partial", "gpu_seconds": HOURS // 2, "months": 6, "note": "The pool is small."}
    assert send(cast.officer, "post", f"{path}/conclusion", told)[0] == 202
    answered(cast, path, send)


def answered(cast, path, send):
    """The applicant reads what is offered and accepts that; nobody else does, and nothing is answered twice."""
    assert send(cast.outsider, "get", f"{path}/offer")[0] == 404
    offer = send(cast.applicant, "get", f"{path}/offer")[1]
    assert (offer["gpu_seconds"], offer["number"], offer["answered_at"]) == (HOURS // 2, 1, None)
    more = {"working_days": 7, "reason": "Their board meets on Monday."}
    assert send(cast.applicant, "post", f"{path}/offer/extend", more)[0] == 403
    assert send(cast.officer, "post", f"{path}/offer/extend", {**more, "working_days": 0})[0] == 422
    later = send(cast.officer, "post", f"{path}/offer/extend", more)[1]
    assert later["answer_due_at"] > offer["answer_due_at"]
    assert send(cast.officer, "post", f"{path}/offer/accept", {"number": 1})[0] == 403
    assert send(cast.applicant, "post", f"{path}/offer/decline", {"reason": ""})[0] == 422
    assert send(cast.applicant, "post", f"{path}/offer/accept", {"number": 2})[0] == 409
    status, made = send(cast.applicant, "post", f"{path}/offer/accept", {"number": 1})
    assert (status, made["gpu_seconds"], made["machine"]) == (201, HOURS // 2, "one")
    assert send(cast.applicant, "post", f"{path}/offer/accept", {"number": 1})[0] == 409
    assert send(cast.officer, "post", f"{path}/offer/withdraw", {"reason": "Too late."})[0] == 409


@pytest.mark.parametrize("who", ["applicant", "outsider", "assessor"])
def test_others_are_kept_out(cast, machine, now, send, who):
    application = large(cast, large_call(machine, now), now)
    person, path = getattr(cast, who), f"/applications/{application.code}"
    anna = expert(cast, "anna", now)
    refused = [
        send(person, "get", "/calls/large-scale/panel"),
        send(person, "post", "/calls/large-scale/panel", {"order": []}),
        send(person, "post", "/experts/invitations", {"email": anna.email}),
        send(person, "get", f"{path}/evaluation/proposal"),
        send(person, "put", f"{path}/evaluation", {"fields_wanted": ["code"], "language": "en", "reviews": 1}),
        send(person, "get", f"{path}/reviews"),
        send(person, "post", f"{path}/conclusion", {"kind": "full", "gpu_seconds": 1, "months": 6}),
    ]
    assert {status for status, _ in refused} <= {403, 404}
    assert send(person, "get", "/experts")[1]["rows"] == []
    assert (Expert.objects.count(), Review.objects.count()) == (1, 0)


def test_an_appeal_and_its_decision(cast, machine, now, send):
    colleague = make_person("oscar", now, Role.OFFICER)
    application = large(cast, large_call(machine, now), now)
    path = f"/applications/{application.code}"
    services.refuse(application=application, reason="No.", by=cast.officer, now=utcnow() - timedelta(hours=1))
    status, told = send(cast.applicant, "post", f"{path}/appeal", {"reason": "Look again."})
    assert (status, told["state"]) == (200, "appealed")
    decision = {"granted": True, "reason": "Yes."}
    assert send(cast.officer, "post", f"{path}/appeal/decision", decision)[0] == 403
    assert send(colleague, "post", f"{path}/appeal/decision", decision)[0] == 204
    assert Application.objects.get().state == "assessed"


def test_after_the_assessment_it_is_refused_with_a_decision_and_not_by_who_assessed_it(cast, machine, now, send):
    application = large(cast, large_call(machine, now), now)
    people.grant_role(person=cast.assessor, role=Role.OFFICER, by=cast.operator, now=now)
    path, both = f"/applications/{application.code}", type(cast.assessor).objects.get(pk=cast.assessor.pk)
    assert [send(who, "post", f"{path}/refuse", {"reason": "No."})[0] for who in (both, cast.officer)] == [409, 409]
    assert send(both, "post", f"{path}/decision/refuse", {"text": "No."})[0] == 403
    assert send(cast.officer, "post", f"{path}/decision/refuse", {"text": "Too little."})[0] == 204
    application.refresh_from_db()
    assert (application.state, Outcome.objects.get().reasons) == ("refused", "Too little.")
