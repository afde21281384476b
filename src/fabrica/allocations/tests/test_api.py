"""Awards and the ledger over HTTP, and who sees them."""

from datetime import timedelta

import pytest
from fabrica.allocations import queries, services
from fabrica.allocations.models import LedgerAccount
from fabrica.allocations.tests.factories import POOL
from fabrica.allocations.tests.years import text
from fabrica.clusters.models import JobUsage
from fabrica.kit.time import utcnow
from fabrica.people import services as people
from fabrica.projects import services as projects
from fabrica.reviews.tests.factories import assessed

BODY = {"gpu_seconds": 36_000, "months": 1}


@pytest.fixture
def api(client, cast):
    def send(who, method, path, body=None, scopes=("read", "decide")):
        _, secret = people.create_token(name="test", scopes=scopes, by=getattr(cast, who), now=utcnow())
        headers = {"Authorization": f"Bearer {secret}"}
        answer = getattr(client, method)(f"/api{path}", body, content_type="application/json", headers=headers)
        return answer.status_code, answer.json()

    return send


def test_an_officer_awards_and_the_applicant_sees_the_balance(cast, call, pool, now, api):
    application = assessed(cast, call, now)
    status, made = api("officer", "post", f"/applications/{application.code}/award", BODY)
    assert status == 201
    slug = made["project"]
    assert (made["application"], made["machine"], made["gpu_seconds"], made["months"], made["is_ready"]) == (
        application.code, "one", 36_000, 1, False,
    )  # fmt: skip
    assert api("applicant", "get", f"/projects/{slug}/award") == (200, {**made})
    assert made["balance"] == {
        "awarded": 36_000,
        "free": 36_000,
        "held": 0,
        "used": 0,
        "written_off": 0,
        "returned": 0,
        "promised": 0,
    }
    assert (made["account_name"], made["account_error"], made["account_checked_at"]) == (slug, "", None)


def test_the_balance_follows_the_ledger(award, now, api):
    services.hold(award=award, gpu_seconds=600, hold_key="run-1", now=now)
    services.spend(award=award, gpu_seconds=100, hold_key="run-1", key="usage:one:1", now=now)
    _, told = api("applicant", "get", f"/projects/{award.project.slug}/award")
    assert told["balance"] == {
        "awarded": 36_000,
        "free": 35_400,
        "held": 500,
        "used": 100,
        "written_off": 0,
        "returned": 0,
        "promised": 0,
    }


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("applicant", True), ("officer", True), ("operator", True),
        ("mate", False), ("assessor", False), ("provider", False), ("outsider", False),
    ],
)  # fmt: skip
def test_who_sees_an_award(award, api, who, sees):
    status, page = api(who, "get", "/awards")
    assert (status, [row["project"] for row in page["rows"]]) == (200, [award.project.slug] if sees else [])
    assert api(who, "get", f"/projects/{award.project.slug}/award")[0] == (200 if sees else 404)


def test_a_team_mate_sees_it_once_added_to_the_project(award, cast, now, api):
    projects.add_member(project=award.project, email=cast.mate.email, by=cast.applicant, now=now)
    assert list(queries.awards_visible_to(cast.mate)) == [award]


@pytest.mark.parametrize(
    ("who", "status"),
    [("applicant", 403), ("mate", 403), ("assessor", 403), ("operator", 404), ("provider", 404), ("outsider", 404)],
)
def test_nobody_else_awards(cast, call, pool, now, api, who, status):
    application = assessed(cast, call, now)
    assert api(who, "post", f"/applications/{application.code}/award", BODY)[0] == status


def test_a_refusal_says_what_is_left(cast, call, pool, now, api):
    application = assessed(cast, call, now)
    status, told = api("officer", "post", f"/applications/{application.code}/award",
                       {"gpu_seconds": 200_000, "months": 1, "note": "More."})  # fmt: skip
    assert (status, told["what"]) == (
        409, "The pool of Machine One has 27.7778 GPU-hours left; the award needs 55.5556.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"gpu_seconds": 0}, "body.gpu_seconds"),
        ({"gpu_seconds": 10**13}, "body.gpu_seconds"),
        ({"months": "many"}, "body.months"),
        ({"note": "x" * 3001}, "body.note"),
    ],
)
def test_a_malformed_award_names_the_field(cast, call, pool, now, api, wrong, path):
    application = assessed(cast, call, now)
    status, told = api("officer", "post", f"/applications/{application.code}/award", {**BODY, **wrong})
    assert (status, [one["path"] for one in told["fields"]]) == (422, [path])


def test_an_operator_funds_a_pool_once_per_key(machine, api):
    body = {"gpu_seconds": 5_000, "key": "2026"}
    for _ in range(2):
        assert api("operator", "post", "/machines/one/fund", body) == (
            200, {"machine": "one", "pool_gpu_seconds": 5_000},
        )  # fmt: skip
    assert api("operator", "post", "/machines/one/fund", {**body, "gpu_seconds": 1})[0] == 409
    assert api("operator", "post", "/machines/two/fund", body)[0] == 404
    assert api("operator", "post", "/machines/one/fund", {**body, "key": ""})[0] == 422
    assert api("operator", "post", "/machines/one/fund", body, scopes=("read",))[0] == 403


@pytest.mark.parametrize("who", ["applicant", "officer", "assessor", "provider", "outsider"])
def test_nobody_else_funds(machine, api, who):
    assert api(who, "post", "/machines/one/fund", {"gpu_seconds": 5_000, "key": "2026"})[0] == 403


def test_officers_and_operators_check_the_ledger(award, api):
    for who in ("officer", "operator"):
        assert api(who, "get", "/ledger/check") == (200, {"holds": True, "problems": []})
    LedgerAccount.objects.filter(award=award, kind="used").update(balance_gpu_seconds=1)
    status, told = api("officer", "get", "/ledger/check")
    assert (status, told["holds"], len(told["problems"])) == (200, False, 3)


@pytest.mark.parametrize("who", ["applicant", "assessor", "provider", "outsider"])
def test_nobody_else_checks_the_ledger(award, api, who):
    assert api(who, "get", "/ledger/check")[0] == 403


def test_an_officer_tops_up_and_the_project_sees_it(award, api):
    path, body = f"/projects/{award.project.slug}/top-up", {"gpu_seconds": 3_600, "key": "letter-7"}
    status, told = api("officer", "post", path, body)
    assert (status, told["gpu_seconds"], told["is_open"]) == (200, 39_600, True)
    assert api("officer", "post", path, body)[1]["gpu_seconds"] == 39_600
    assert api("applicant", "get", f"/projects/{award.project.slug}/award")[1]["balance"]["awarded"] == 39_600


@pytest.mark.parametrize(
    ("who", "status"), [("applicant", 403), ("mate", 404), ("assessor", 404), ("provider", 404), ("outsider", 404)]
)
def test_nobody_else_tops_up(award, api, who, status):
    body = {"gpu_seconds": 3_600, "key": "k"}
    assert api(who, "post", f"/projects/{award.project.slug}/top-up", body)[0] == status


@pytest.mark.parametrize("body", [{"gpu_seconds": 0, "key": "k"}, {"gpu_seconds": 1, "key": ""}, {"gpu_seconds": 1}])
def test_a_top_up_that_makes_no_sense_is_refused(award, api, body):
    assert api("officer", "post", f"/projects/{award.project.slug}/top-up", body)[0] == 422


@pytest.fixture
def lasting(award):
    """The award, with a month left by the clock that the API reads."""
    award.ends_at = utcnow() + timedelta(days=31)
    award.save(update_fields=["ends_at"])
    return award


def test_an_officer_takes_an_award_back_and_its_hours_return(lasting, pool, api):
    path = f"/projects/{lasting.project.slug}/revoke"
    assert api("officer", "post", path, {"reason": ""})[0] == 422
    status, told = api("officer", "post", path, {"reason": "Over."})
    assert (status, told["balance"]["free"], told["balance"]["returned"]) == (200, 0, 36_000)
    assert (queries.pool_of(pool), api("officer", "post", path, {"reason": "Over."})[0]) == (POOL, 409)


def test_an_extension_that_the_mode_does_not_know_is_refused_in_words(lasting, api):
    path, body = f"/projects/{lasting.project.slug}/extend", {"months": 1, "key": "k", "reason": "Approved."}
    status, told = api("officer", "post", path, body)
    assert (status, told["what"].startswith("Playground tells nothing of extensions.")) == (409, True)


@pytest.mark.parametrize("act", ["extend", "revoke"])
@pytest.mark.parametrize(("who", "status"), [("applicant", 403), ("mate", 404), ("outsider", 404)])
def test_nobody_else_extends_or_takes_back(lasting, api, act, who, status):
    body = {"months": 1, "key": "k", "reason": "Approved."}
    assert api(who, "post", f"/projects/{lasting.project.slug}/{act}", body)[0] == status


def test_the_use_of_a_project_is_shown_by_month_to_those_who_see_it(award, api, now):
    facts = {"machine": award.machine, "account": award.account_name, "devices": 1, "seen_at": now}
    start = now.replace(month=10, day=31, hour=23)
    JobUsage.objects.create(
        key="7.1", job_id="7", started_at=start, ended_at=start + timedelta(hours=3), gpu_seconds=10_800,
        state="COMPLETED", **facts,
    )  # fmt: skip
    JobUsage.objects.create(key="8.1", job_id="8", started_at=now, gpu_seconds=60, state="RUNNING", **facts)
    path = f"/projects/{award.project.slug}/usage"
    assert api("applicant", "get", path) == (200, {
        "machine": "one",
        "in_flight_gpu_seconds": 10_860,
        "months": [{"month": "2026-10", "gpu_seconds": 3_600}, {"month": "2026-11", "gpu_seconds": 7_200}],
    })  # fmt: skip
    assert api("outsider", "get", path)[0] == 404
    assert api("applicant", "get", f"/projects/{award.project.slug}/award")[1]["in_flight_gpu_seconds"] == 10_860


def test_an_operator_declares_a_year_and_officers_see_its_pools(machine, api):
    body = text(hours=10, parts={"national": 50}, programme_caps=False)
    status, made = api("operator", "put", "/machines/one/year", body)
    assert (status, [(one["name"], one["left"], one["source"]["confidence"]) for one in made]) == (
        200, [("national", 18_000, "A")],
    )  # fmt: skip
    assert api("officer", "get", "/pools?on=2026-11-23") == (200, made)
    assert api("operator", "put", "/machines/one/year", text(hours=0))[0] == 409
    assert api("operator", "put", "/machines/none/year", body)[0] == 404


@pytest.mark.parametrize("who", ["applicant", "assessor", "outsider"])
def test_nobody_else_sees_pools_or_declares_a_year(machine, api, who):
    assert api(who, "get", "/pools")[0] == 403
    assert api(who, "put", "/machines/one/year", text())[0] == 403
    assert api("officer", "put", "/machines/one/year", text())[0] == 403
