import json

import pytest
from fabrica.clusters.adapters.port import JobState
from fabrica.people import services as people
from fabrica.training import queries, tasks
from fabrica.training.models import Point, Run


@pytest.fixture
def call_api(client, site, now):
    """Call the API with a token of the applicant, or of the person given."""

    def ask(method, path, body=None, person=site.cast.applicant, scopes=("read", "train"), **query):
        _token, secret = people.create_token(name="t", scopes=list(scopes), days=9, by=person, now=site_now())
        answer = getattr(client, method)(
            f"/api{path}", body if method == "post" else query, content_type="application/json",
            headers={"Authorization": f"Bearer {secret}"},
        )  # fmt: skip
        return answer.status_code, answer.json()

    return ask


def site_now():
    from fabrica.kit.time import utcnow

    return utcnow()


@pytest.fixture
def base(site):
    return f"/projects/{site.project.slug}"


def test_recipes_tell_their_keys_and_bounds(call_api):
    status, rows = call_api("get", "/recipes")
    assert (status, [one["name"] for one in rows]) == (200, ["tiny", "demo", "small"])
    width = next(key for key in rows[0]["keys"] if key["key"] == "model.width")
    assert width == {
        "key": "model.width", "default": rows[0]["values"]["model"]["width"], "low": 16, "high": 16384, "choices": [],
    }  # fmt: skip


def test_a_plan_launches_nothing(call_api, base):
    status, plan = call_api("post", f"{base}/plan", {"recipe": {"name": "tiny"}})
    assert (status, plan["time_limit_seconds"], plan["held_gpu_seconds"]) == (200, 600, 600)
    assert plan["seconds"] * plan["devices"] == plan["gpu_seconds"]
    assert Run.objects.count() == 0


def test_a_run_is_launched_and_read_back(call_api, site, base):
    status, run = call_api("post", f"{base}/runs", {"recipe": {"name": "tiny"}, "data": [site.staging.version.uri]})
    assert (status, run["state"], run["number"], run["data"]) == (201, "queued", 1, [site.staging.version.uri])
    assert call_api("get", f"{base}/runs/1") == (200, run)
    listed = call_api("get", f"{base}/runs")[1]
    assert ([row["number"] for row in listed["rows"]], listed["next_cursor"]) == ([1], "")


def test_launching_needs_the_scope_train(call_api, site, base):
    body = {"recipe": {"name": "tiny"}, "data": [site.staging.version.uri]}
    assert call_api("post", f"{base}/runs", body, scopes=["read"])[0] == 403
    assert call_api("post", f"{base}/runs/1/cancel", {}, scopes=["read"])[0] == 403


def test_bad_wishes_are_told(call_api, base):
    assert call_api("post", f"{base}/runs", {"recipe": {"nam": 1}, "data": ["fabrica:none@1"]})[0] == 404
    status, told = call_api("post", f"{base}/runs", {"recipe": {"name": "tiny"}})
    assert (status, told["what"]) == (409, "A training needs data.")
    status, told = call_api("post", f"{base}/plan", {"recipe": {"steps": 0}})
    assert (status, told["what"]) == (409, "steps is 0.")
    assert call_api("post", f"{base}/runs", {"recipe": {}, "extra": 1})[0] == 422
    assert call_api("post", f"{base}/runs", {"command": ["x"] * 201})[0] == 422
    assert call_api("post", f"{base}/runs", {"command": ["true"], "devices": 0})[0] == 422


def test_data_that_was_never_staged_is_told(call_api, site, base):
    uri = site.staging.version.uri
    queries.visible_to(site.cast.applicant)
    type(site.staging).objects.all().delete()
    status, told = call_api("post", f"{base}/runs", {"recipe": {"name": "tiny"}, "data": [uri]})
    assert (status, told["todo"]) == (409, "Accept its terms and stage it first.")


def test_points_come_after_a_step(call_api, site, base, now):
    run = site.launch(now)
    Point.objects.bulk_create(
        Point(run=run, step=step, loss=2.5, tokens_per_second=10, elapsed_seconds=step) for step in (1, 2, 3)
    )
    rows = call_api("get", f"{base}/runs/1/points", after=1)[1]
    assert rows == [
        {"step": step, "loss": 2.5, "tokens_per_second": 10.0, "elapsed_seconds": float(step)} for step in (2, 3)
    ]
    assert len(call_api("get", f"{base}/runs/1/points")[1]) == 3
    assert len(call_api("get", f"{base}/runs/1/points", after=-(10**20))[1]) == 3
    assert call_api("get", f"{base}/runs/1/points", after=10**20)[1] == []


def test_the_log_is_read_on_by_offset(call_api, site, base, clock):
    run = site.launch(clock.now)
    assert call_api("get", f"{base}/runs/1/log")[1] == {"text": "", "next_offset": 0, "done": False}
    tasks.submit(clock.now)
    tasks.follow(clock.advance(2))
    raw = "één\n".encode()
    (run.folder / "log.txt").write_bytes(raw[:-2])
    first = call_api("get", f"{base}/runs/1/log")[1]
    assert first == {"text": "éé", "next_offset": 4, "done": False}
    (run.folder / "log.txt").write_bytes(raw + "é".encode()[:1])
    more = call_api("get", f"{base}/runs/1/log", offset=4)[1]
    assert more == {"text": "n\n", "next_offset": 6, "done": False}
    (run.folder / "result.json").write_text(json.dumps({"run": run.uid, "files": [], "summary": {}}))
    tasks.follow(clock.advance(70))
    assert call_api("get", f"{base}/runs/1/log", offset=6)[1] == {"text": "\ufffd", "next_offset": 7, "done": True}
    assert call_api("get", f"{base}/runs/1/log", offset=-5)[1]["next_offset"] == 7


def test_a_long_log_comes_in_pieces(call_api, site, base, clock, monkeypatch):
    monkeypatch.setattr("fabrica.training.queries.outputs.PIECE_BYTES", 100)
    run = site.launch(clock.now)
    tasks.submit(clock.now)
    whole = "é€𝄞x" * 60
    (run.folder / "log.txt").write_text(whole)
    text, offset = "", 0
    for _ in range(12):
        piece = call_api("get", f"{base}/runs/1/log", offset=offset)[1]
        text, offset = text + piece["text"], piece["next_offset"]
    assert text == whole


def test_cancel_by_api(call_api, site, base, now):
    site.launch(now)
    status, run = call_api("post", f"{base}/runs/1/cancel", {})
    assert (status, run["state"]) == (200, "cancelled")
    assert call_api("post", f"{base}/runs/1/cancel", {})[0] == 409


def test_bills_of_a_run_and_of_its_project(call_api, site, base, clock, fake):
    for _ in range(2):
        run = site.launch(clock.now)
        tasks.submit(clock.now)
        (run.folder / "result.json").write_text(json.dumps({"run": run.uid, "files": [], "summary": {}}))
        tasks.follow(clock.advance(70))
    assert {one.status.state for one in fake._jobs.values()} == {JobState.COMPLETED}
    one, both = call_api("get", f"{base}/runs/1/bill")[1], call_api("get", f"{base}/bill")[1]
    assert (one["runs"], one["attempts"], one["used_gpu_seconds"], one["actual_seconds"]) == (1, 1, 60, 60)
    assert (both["runs"], both["used_gpu_seconds"], both["left_gpu_seconds"]) == (2, 120, 36_000 - 120)
    assert both["energy_wh"] == pytest.approx(2 * one["energy_wh"])
    assert one["planned_seconds"] == Run.objects.get(number=1).planned_seconds
    assert one["assumptions"] != []


def test_outsiders_find_nothing(call_api, site, base, now):
    site.launch(now)
    outsider = {"person": site.cast.outsider}
    gets = ["/runs", "/runs/1", "/runs/1/points", "/runs/1/log", "/runs/1/bill", "/bill"]
    assert [call_api("get", base + path, **outsider)[0] for path in gets] == [404] * 6
    posts = [("/plan", {"recipe": {}}), ("/runs", {"recipe": {}}), ("/runs/1/cancel", {})]
    assert [call_api("post", base + path, body, **outsider)[0] for path, body in posts] == [404] * 3


def test_a_number_beyond_bounds_is_not_found(call_api, base):
    assert call_api("get", f"{base}/runs/{10**30}")[0] == 404
    assert call_api("get", f"{base}/runs/0")[0] == 404


def test_devices_are_spread_over_nodes(call_api, site, base):
    body = {"recipe": {"name": "tiny"}, "data": [site.staging.version.uri], "devices": 2, "nodes": 2}
    assert call_api("post", f"{base}/runs", body)[1]["nodes"] == 2
    status, told = call_api("post", f"{base}/runs", {**body, "devices": 1})
    assert (status, told["what"]) == (409, "1 devices cannot be spread evenly over 2 nodes.")
    assert call_api("post", f"{base}/runs", {**body, "nodes": -1})[0] == 422


def test_a_waiting_run_tells_why_what_to_do_and_when_the_machine_means_to_start(call_api, site, base, now):
    run = site.launch(now)
    Run.objects.filter(pk=run.pk).update(waiting_code="Priority", machine_starts_at=now, reason="Priority")
    told = call_api("get", f"{base}/runs/1")[1]
    names = ("reason", "todo", "waiting_code", "machine_starts_at")
    assert [told[name] for name in names] == [
        "Jobs with a higher priority are ahead of it.", "It moves up by itself.", "Priority", "2026-11-23T09:00:00Z",
    ]  # fmt: skip
    assert [call_api("get", f"{base}/runs")[1]["rows"][0][name] for name in names] == [told[name] for name in names]
