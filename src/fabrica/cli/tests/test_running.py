"""Training from the command line, against a site written by hand."""

import json
import zipfile
from io import BytesIO
from pathlib import Path

import httpx
import pytest

RUN = {
    "number": 1, "kind": "train", "state": "running", "phase": "train", "step": 1, "steps": 10, "loss": 3.5,
    "tokens_per_second": 1000.0, "seconds_left": 9.0, "used_gpu_seconds": 0, "created_at": "2026-11-23", "error": None,
}  # fmt: skip
STAGING = {
    "id": 7, "uri": "fabrica:words@1", "state": "waiting", "bytes_done": 0, "size_bytes": 5, "error_what": "",
    "error_why": "", "error_todo": "", "sha256": "00",
}  # fmt: skip
AT = "/api/projects/demo"


def one_after_another(*values):
    left = list(values)
    return lambda request: httpx.Response(200, json=left.pop(0) if len(left) > 1 else left[0])


@pytest.fixture
def project(site):
    site.answers["/api/projects"] = {"rows": [{"slug": "demo"}], "next_cursor": ""}
    site.answers[f"POST {AT}/stagings"] = STAGING
    site.answers[f"{AT}/stagings/7"] = one_after_another(STAGING, {**STAGING, "state": "staged", "bytes_done": 5})
    site.answers[f"POST {AT}/runs"] = RUN
    site.answers[f"{AT}/runs/1"] = one_after_another(RUN, {**RUN, "state": "succeeded", "step": 10, "loss": 1.25})
    return site


def sent(site, path):
    return [json.loads(one.content) for one in site.requests if (one.method, one.url.path) == ("POST", path)]


def test_training_stages_launches_and_watches(project, asked):
    run = asked("train", "--data", "fabrica:words@1", "--recipe", "tiny", "--set", "steps=10")
    assert (run["state"], run["loss"]) == ("succeeded", 1.25)
    (launched,) = sent(project, f"{AT}/runs")
    assert (launched["data"], launched["recipe"]["steps"]) == (["fabrica:words@1"], 10)


def test_detached_it_only_launches(project, asked):
    assert asked("train", "--command", "python -c 'print(1)'", "--detach") == RUN
    assert sent(project, f"{AT}/runs") == [
        {
            "data": [], "time_limit_seconds": None, "devices": 1, "command": ["python", "-c", "print(1)"],
            "container": "",
        }
    ]  # fmt: skip


def test_devices_may_be_spread_over_nodes(project, asked, fabrica):
    asked("train", "--command", "true", "--devices", "4", "--nodes", "2", "--detach")
    (launched,) = sent(project, f"{AT}/runs")
    assert (launched["devices"], launched["nodes"]) == (4, 2)


def test_a_waiting_run_tells_why_what_to_do_and_when(project, fabrica):
    waits = {"state": "submitted", "phase": "", "reason": "Jobs are ahead of it.", "todo": "It moves up by itself."}
    project.answers[f"{AT}/runs/1"] = {**RUN, **waits, "machine_starts_at": "2026-11-23T12:00:00Z"}
    project.answers[f"{AT}/runs/1/bill"] = {}
    told = " ".join(fabrica("runs", "1").stdout.split())
    assert told.rpartition("bill {} ")[2] == (
        "Jobs are ahead of it. It moves up by itself. Expected start: 2026-11-23T12:00:00Z. This is the machine's own "
        "estimate, which assumes that every job runs to its limit: usually later than what happens. "
        "0.00 GPU-hours used."
    )


def test_a_run_that_failed_ends_with_one_and_its_document(project, fabrica):
    error = {"what": "The data is gone.", "why": "", "todo": "Stage it again."}
    project.answers[f"{AT}/runs/1"] = {**RUN, "state": "failed", "error": error}
    result = fabrica("train", "--json")
    assert (result.exit_code, json.loads(result.stdout)["error"]) == (1, error)


def test_a_lost_connection_is_sat_out(project, asked):
    answers = iter([httpx.Response(503, json={"what": "Later."}), httpx.Response(502), httpx.Response(200, json=RUN)])
    done = httpx.Response(200, json={**RUN, "state": "succeeded"})
    project.answers[f"{AT}/runs/1"] = lambda request: next(answers, done)
    assert asked("train")["state"] == "succeeded"


def test_terms_are_accepted_only_when_somebody_said_yes(project, fabrica):
    project.answers[f"POST {AT}/stagings"] = httpx.Response(409, json={"what": "Accept first."})
    project.answers[f"POST {AT}/agreements"] = {"uri": "fabrica:words@1"}
    result = fabrica("train", "--data", "fabrica:words@1", "--json")
    assert (result.exit_code, json.loads(result.stderr)["what"]) == (1, "Licence and policy were not accepted.")
    assert sent(project, f"{AT}/agreements") == []
    fabrica("train", "--data", "fabrica:words@1", "--json", "--yes")
    assert sent(project, f"{AT}/agreements") == [{"uri": "fabrica:words@1"}]


def test_a_folder_is_sent_without_its_hidden_files_and_then_staged(project, asked, fabrica):
    Path("text/sub").mkdir(parents=True)
    Path("text/.git").mkdir()
    for name in ("text/a.txt", "text/sub/b.txt", "text/.env", "text/.git/config"):
        Path(name).write_text("words")
    got = []

    def keep(request):
        got.append(request.read())
        return httpx.Response(201, json={"uri": "fabrica:words@1"})

    project.answers[f"POST {AT}/own-data"] = keep
    result = fabrica("train", "--data", "text", "--rights", "--no-personal-data", "--json")
    assert (result.exit_code, json.loads(result.stdout)["state"]) == (0, "succeeded")
    start = got[0].index(b"PK\x03\x04")
    with zipfile.ZipFile(BytesIO(got[0][start : got[0].rindex(b"\r\n--")])) as archive:
        assert sorted(archive.namelist()) == ["a.txt", "sub/b.txt"]
    assert sent(project, f"{AT}/stagings") == [{"uri": "fabrica:words@1"}]


def test_a_folder_needs_both_answers(project, fabrica):
    Path("text").mkdir()
    result = fabrica("train", "--data", "text", "--json", "--rights")
    assert (result.exit_code, json.loads(result.stderr)["what"]) == (1, "Two answers are missing.")


def test_a_staging_that_stopped_is_told_in_the_words_of_the_site(project, fabrica):
    told = {"error_what": "Its bytes changed.", "error_why": "Two hashes.", "error_todo": "Ask the provider."}
    project.answers[f"{AT}/stagings/7"] = {**STAGING, "state": "refused", **told}
    result = fabrica("data", "stage", "fabrica:words@1", "--json")
    assert (result.exit_code, json.loads(result.stderr)) == (1, {
        "what": "fabrica:words@1 was not staged.", "why": "Its bytes changed. Two hashes.", "todo": "Ask the provider.",
    })  # fmt: skip


def test_a_log_is_followed_to_its_end(project, fabrica):
    pieces = [
        {"text": "one\n", "next_offset": 4, "done": False}, {"text": "", "next_offset": 4, "done": False},
        {"text": "two\n", "next_offset": 8, "done": True}, {"text": "", "next_offset": 8, "done": True},
    ]  # fmt: skip
    project.answers[f"{AT}/runs/1/log"] = one_after_another(*pieces)
    assert fabrica("logs", "1", "--follow").stdout == "one\ntwo\n"
    offsets = [one.url.params["offset"] for one in project.requests if one.url.path.endswith("/log")]
    assert offsets == ["0", "4", "4", "8"]


def test_stopping_asks_first_and_not_on_standard_output(project, fabrica):
    project.answers[f"POST {AT}/runs/1/cancel"] = {**RUN, "is_cancelling": True}
    said_no = fabrica("cancel", "1", input="n\n")
    assert (said_no.exit_code, sent(project, f"{AT}/runs/1/cancel")) == (1, [])
    # the runner echoes what is typed, as a terminal would
    said_yes = fabrica("cancel", "1", "--json", input="y\n")
    assert (said_yes.exit_code, json.loads(said_yes.stdout.partition("y\n")[2])["is_cancelling"]) == (0, True)


def test_of_several_projects_one_must_be_named(site, fabrica):
    site.answers["/api/projects"] = {"rows": [{"slug": "one"}, {"slug": "two"}], "next_cursor": ""}
    result = fabrica("runs")
    assert (result.exit_code, result.stderr) == (1, "Which project?\nName it with --project. Yours: one, two.\n")


def test_open_quotes_are_told(project, fabrica):
    result = fabrica("train", "--command", "echo 'x")
    assert (result.exit_code, result.stderr.splitlines()[0]) == (1, "The command cannot be read.")
