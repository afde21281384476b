"""The API of home and queue."""

import pytest
from fabrica.applications.tests.factories import submitted
from fabrica.people.services import create_token


@pytest.fixture
def ask(client, cast, now):
    def asked(who, path, scopes=("read",)):
        _, secret = create_token(name="laptop", scopes=scopes, by=getattr(cast, who), now=now)
        return client.get(f"/api{path}", headers={"Authorization": f"Bearer {secret}"})

    return asked


def test_my_next_step_and_what_there_is(ask, cast, call, now):
    made = submitted(cast, call, now)
    told = ask("applicant", "/home").json()
    assert told.pop("next_step") == {
        "kind": "wait_decision",
        "title": "Wait for our decision",
        "why": f"We have {made.title}. You hear from us by 25 November 2026; we write to you when something changes.",
        "label": "See where it stands",
        "path": f"/applications/{made.code}/",
    }
    assert told == {
        "applications": 1, "projects": 0, "open_runs": 0, "unread_notices": 1, "waiting_for_me": 0, "overdue_for_me": 0,
    }  # fmt: skip


def test_the_queue_most_urgent_first(ask, cast, call, now):
    made = submitted(cast, call, now)
    told = ask("officer", "/queue?state=mine").json()
    assert told == {
        "rows": [{
            "code": made.code, "title": made.title, "state": "submitted", "call": "playground",
            "organisation": "Novalis Labs", "gate_decision": "ACCEPT", "gpu_seconds_requested": 36_000, "months": 1,
            "submitted_at": "2026-11-23T09:00:00Z", "due_on": "2026-11-25",
            "step_due_at": "2026-11-24T22:59:59.999Z", "holder": "officer", "standing": "running",
        }],
        "next_cursor": "",
    }  # fmt: skip
    assert ask("assessor", "/queue?state=mine").json()["rows"] == []


@pytest.mark.parametrize("who", ["applicant", "operator", "provider", "outsider"])
def test_the_queue_is_for_staff(ask, who):
    assert ask(who, "/queue").status_code == 403


def test_an_unknown_part_of_the_queue_is_refused_with_its_path(ask):
    answer = ask("officer", "/queue?state=lost")
    assert (answer.status_code, answer.json()["fields"][0]["path"]) == (422, "query.state")


def test_nobody_is_told_without_a_token(client, cast):
    assert [client.get(f"/api{path}").status_code for path in ("/home", "/queue")] == [401, 401]


def test_the_figures_of_this_year_or_of_a_period(ask, cast, call, now):
    submitted(cast, call, now)
    (of_all, *_groups) = ask("officer", "/kpis").json()
    assert (of_all["group"], of_all["submitted"], of_all["access_working_days_median"]) == ("all", 1, None)
    assert ask("officer", "/kpis?since=2020-01-01&until=2021-01-01").json()[0]["submitted"] == 0
    assert ask("officer", "/kpis?since=2020-01-01&until=2020-01-01").status_code == 409
    assert ask("assessor", "/kpis").status_code == 403
