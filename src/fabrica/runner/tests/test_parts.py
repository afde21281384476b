import errno
import hashlib
import json
import math
import signal
import subprocess
import sys
import time

import pytest

from fabrica.kit.errors import Problem, Refused
from fabrica.runner import failure
from fabrica.runner.failure import RESERVE_BYTES, explain, reserve, write_failure
from fabrica.runner.folder import verify_model
from fabrica.runner.job import job_from, read_job
from fabrica.runner.main import main
from fabrica.runner.progress import Progress
from fabrica.runner.stopping import Stop, Stopped
from fabrica.runner.used import Used
from fabrica.trainer.report import Report

GOOD = {
    "version": 1,
    "run": "r",
    "kind": "command",
    "command": ["true"],
    "data": [{"name": "a@1", "path": "/data/a", "sha256": "0" * 64}],
    "devices": 1,
    "time_limit_seconds": 60,
}


def test_what_a_job_need_not_say_has_its_default():
    job = job_from(GOOD)
    assert (job.processes, job.link_seconds, job.attempt) == (1, 0, "")
    job = job_from(GOOD | {"processes": 4, "link_seconds": 3600, "attempt": "r-2"})
    assert (job.processes, job.link_seconds, job.attempt) == (4, 3600, "r-2")


def test_a_job_is_read_with_every_value():
    job = job_from(GOOD | {"provenance": {"x": 1}})
    assert (job.run, job.command, job.devices, job.time_limit_seconds) == ("r", ("true",), 1, 60)
    assert (job.data[0].name, str(job.data[0].path), job.provenance) == ("a@1", "/data/a", {"x": 1})


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"run": ""},
        {"run": "x" * 101},
        {"run": 3},
        {"kind": "shell"},
        {"command": "true"},
        {"command": []},
        {"command": [""]},
        {"command": ["a", 3]},
        {"command": ["a\0b"]},
        {"command": ["a"] * 1001},
        {"data": {}},
        {"data": [{}]},
        {"data": [GOOD["data"][0] | {"path": "relative"}]},
        {"data": [GOOD["data"][0] | {"sha256": "xyz"}]},
        {"data": [GOOD["data"][0] | {"sha256": "0" * 64 + "\n"}]},
        {"data": [GOOD["data"][0] | {"name": ""}]},
        {"data": [GOOD["data"][0] | {"language": "français"}]},
        {"kind": "evaluate"},
        {"kind": "evaluate", "model": GOOD["data"][0], "profile": "endless"},
        {"data": [GOOD["data"][0]] * 101},
        {"devices": 0},
        {"devices": True},
        {"devices": 1.0},
        {"time_limit_seconds": 0},
        {"time_limit_seconds": 10**9},
        {"provenance": []},
        {"processes": 0},
        {"processes": "2"},
        {"processes": 10**9},
        {"link_seconds": 0},
        {"link_seconds": None},
        {"attempt": 3},
        {"attempt": "x" * 101},
        {"surprise": 1},
        {"kind": "train", "recipe": 3},
    ],
)
def test_a_job_not_as_agreed_is_refused(change):
    with pytest.raises(Refused):
        job_from(GOOD | change)


@pytest.mark.parametrize("key", ["version", "run", "kind", "data", "devices", "time_limit_seconds"])
def test_a_missing_key_is_named(key):
    with pytest.raises(Refused) as refused:
        job_from({one: value for one, value in GOOD.items() if one != key})
    assert refused.value.what == f"The job file is not as agreed: {key} is missing."


@pytest.mark.parametrize("raw", [None, b"", b"{", b"[]", b"\xff"])
def test_a_job_file_that_is_none_is_refused(tmp_path, raw):
    if raw is not None:
        (tmp_path / "job.json").write_bytes(raw)
    with pytest.raises(Refused):
        read_job(tmp_path / "job.json")


def test_without_a_job_file_the_failure_is_told_where_the_portal_looks(tmp_path):
    assert main([str(tmp_path / "job.json")]) == 3
    assert json.loads((tmp_path / "failure.json").read_text())["todo"] == "Launch the run again."


def test_a_missing_folder_and_a_wrong_call_are_no_traces(tmp_path, capsys):
    assert main([str(tmp_path / "nowhere" / "job.json")]) == 3
    assert main([]) == 2
    assert capsys.readouterr().err.count("\n") == 2


def test_room_is_reserved_and_given_up_for_the_failure(tmp_path):
    reserve(tmp_path)
    assert (tmp_path / ".reserve").stat().st_size == RESERVE_BYTES
    write_failure(tmp_path, Problem("What.", why="Why.", todo="Todo."))
    assert [path.name for path in tmp_path.iterdir()] == ["failure.json"]
    assert json.loads((tmp_path / "failure.json").read_text()) == {"what": "What.", "why": "Why.", "todo": "Todo."}


@pytest.mark.parametrize("number", sorted(failure.NO_ROOM))
def test_no_room_is_told_as_a_full_disk(number):
    told = explain(OSError(number, "No room", "/x/y"))
    assert told.what == "The disk is full: the run could not write its files."
    assert told.why == "No room (/x/y)"


def test_a_missing_file_and_too_little_memory_are_told():
    assert explain(FileNotFoundError(errno.ENOENT, "gone", "/x")).what == "A file is missing (/x)."
    assert explain(MemoryError()).what == "The run needed more memory than there is."


def test_an_unforeseen_fault_is_a_plain_sentence_with_its_trace_in_the_log(capsys):
    try:
        {}["nothing"]
    except KeyError as fault:
        told = explain(fault)
    assert told.what == "The run ended by a fault that the runner did not foresee."
    assert told.why == "KeyError: 'nothing'"
    assert "Traceback" in capsys.readouterr().err


def test_a_problem_stays_what_it_is():
    problem = Refused("No.")
    assert explain(problem) is problem


def test_the_time_limit_leaves_a_margin():
    assert Stop(100, began=0).ends == 95
    assert Stop(10_000, began=0).ends == 9_995


def test_a_job_bounds_the_attempt_and_its_link():
    stop = Stop(began=0)
    assert stop.ends == stop.link_ends == math.inf
    stop.bind(job_from(GOOD | {"time_limit_seconds": 1000, "link_seconds": 100}), 300)
    assert (stop.ends, stop.link_ends) == (695, 95)
    stop.bind(job_from(GOOD | {"time_limit_seconds": 1000}), 0)
    assert (stop.ends, stop.link_ends) == (995, math.inf)


def test_the_end_of_a_link_comes_after_the_time_limit_and_both_after_a_signal():
    stop = Stop(began=-10_000)
    stop.link_ends = 0
    assert stop.reason() == "link"
    stop.ends = 0
    assert stop.reason() == "time limit"
    stop.note()
    assert stop.reason() == "signal"


def test_the_time_used_is_counted_over_all_lives_of_one_attempt(tmp_path):
    with Used(tmp_path, "a", time.monotonic() - 100):
        pass
    again = Used(tmp_path, "a", time.monotonic() - 50)
    assert 100 <= again.before < 150
    with again:
        pass
    assert 150 <= Used(tmp_path, "a", 0).before < 250
    assert Used(tmp_path, "b", 0).before == 0
    assert Used(tmp_path, "", 0).before == 0


def test_the_time_of_an_attempt_without_a_name_is_never_carried_over(tmp_path):
    with Used(tmp_path, "", time.monotonic() - 100):
        pass
    assert Used(tmp_path, "", 0).before == 0


@pytest.mark.parametrize("raw", ["", "{", "[]", "3", "{}", '{"attempt": "a", "seconds": "x"}', '{"attempt": "a", "seconds": -1}',
                                 '{"attempt": "a", "seconds": NaN}', '{"attempt": "a", "seconds": 1e999}'])  # fmt: skip
def test_a_count_that_makes_no_sense_is_nothing(tmp_path, raw):
    (tmp_path / "used.json").write_text(raw)
    assert Used(tmp_path, "a", 0).before == 0


def test_a_folder_that_cannot_be_written_does_not_end_the_work(tmp_path):
    (tmp_path / "file").write_text("")
    with Used(tmp_path / "file", "", 0) as used:
        used.note()
    assert (tmp_path / "file").read_text() == ""


def test_a_stop_is_raised_with_its_reason():
    Stop(1000).check()
    with pytest.raises(Stopped) as stopped:
        Stop(1000, began=-10_000_000).check()
    assert stopped.value.reason == "time limit"
    signalled = Stop(1000)
    signalled._note(signal.SIGTERM, None)
    assert signalled.reason() == "signal"


def report(step):
    return Report(step=step, loss=1.5, tokens_per_second=10.04, elapsed_seconds=step, seconds_left=2.0)


def test_each_logged_step_is_one_line(tmp_path):
    progress = Progress(tmp_path)
    for step in (1, 2, 3):
        progress.trained(report(step), 10)
    assert [line["step"] for line in progress.lines()] == [1, 2, 3]
    assert sorted(progress.lines()[0]) == ["at", "elapsed_seconds", "loss", "step", "tokens_per_second"]


def test_lines_after_a_step_are_forgotten_and_a_torn_one_too(tmp_path):
    progress = Progress(tmp_path)
    for step in (1, 2, 3):
        progress.trained(report(step), 10)
    with progress.metrics.open("a") as out:
        out.write('{"step": 4')
    progress.forget_after(2)
    progress.trained(report(3), 10)
    assert [line["step"] for line in progress.lines()] == [1, 2, 3]


def test_progress_says_where_the_run_is(tmp_path):
    progress = Progress(tmp_path)
    progress.tell("tokenizer", 0, 3)
    progress.trained(report(7), 7)
    told = json.loads((tmp_path / "progress.json").read_text())
    assert told.pop("at").endswith("+00:00")
    assert told == {
        "phase": "train",
        "step": 7,
        "steps": 7,
        "loss": 1.5,
        "tokens_per_second": 10.0,
        "seconds_left": 2.0,
    }


def test_progress_is_not_written_at_every_step(tmp_path):
    progress = Progress(tmp_path)
    progress.tell("train", 1, 1000)
    progress.tell("train", 2, 1000)
    assert json.loads((tmp_path / "progress.json").read_text())["step"] == 1
    progress.tell("train", 1000, 1000)
    assert json.loads((tmp_path / "progress.json").read_text())["step"] == 1000


def test_a_command_job_needs_neither_pytorch_nor_django():
    code = "import sys, fabrica.runner.main; print(sorted({'torch', 'numpy', 'django'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": "src"})
    assert done.stdout == "[]\n", done.stderr


def evaluating(folder, **files):
    listed = [{"path": name, "sha256": hashlib.sha256(raw).hexdigest()} for name, raw in files.items()]
    for name, raw in files.items():
        (folder / name).write_bytes(raw)
    model = {"name": "m@1", "path": str(folder), "sha256": "a" * 64, "files": listed}
    return {key: value for key, value in GOOD.items() if key != "recipe"} | {
        "kind": "evaluate",
        "model": model,
        "seed": 9,
    }


def test_a_model_is_measured_only_if_each_file_that_was_named_is_what_it_was(tmp_path):
    job = job_from(evaluating(tmp_path, weights=b"w", config=b"{}"))
    (tmp_path / "release").mkdir()  # what joined it later does not matter
    verify_model(job.model)
    assert (job.seed, job.profile) == (9, "quick")
    (tmp_path / "config").write_bytes(b"[]")
    with pytest.raises(Refused, match=r"m@1 is not what was registered: its file config changed.*Nothing was measured"):
        verify_model(job.model)
    (tmp_path / "weights").unlink()
    (tmp_path / "weights").symlink_to("config")
    with pytest.raises(Refused, match="and is no such file"):
        verify_model(job.model)


@pytest.mark.parametrize("path", ["/etc/passwd", "../secret", ""])
def test_a_file_of_a_model_lies_inside_its_folder(tmp_path, path):
    values = evaluating(tmp_path, weights=b"w")
    values["model"]["files"][0]["path"] = path
    with pytest.raises(Refused, match=r"model\.files"):
        job_from(values)
