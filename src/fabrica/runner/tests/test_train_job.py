import hashlib
import json
import os
import resource
import shutil
import signal
import subprocess
import time

import pytest

from fabrica.kit.files import folder_sha256
from fabrica.runner.job import read_job
from fabrica.runner.progress import Progress
from fabrica.runner.stopping import Stop, Stopped
from fabrica.runner.tests.conftest import Folder
from fabrica.runner.train_job import TrainJob
from fabrica.trainer.package import generate_ids, load_model
from fabrica.trainer.recipe import named

pytestmark = pytest.mark.long

STEPS = named("tiny").steps


def wait_for(process, holds, seconds=60):
    ends = time.monotonic() + seconds
    while process.poll() is None and not holds() and time.monotonic() < ends:
        time.sleep(0.01)


def lines(folder):
    path = folder.path / "metrics.jsonl"
    return path.read_text().count("\n") if path.exists() else 0


def losses(folder):
    return [(line["step"], line["loss"]) for line in folder.metrics()]


def weights(folder):
    return hashlib.sha256((folder.path / "out" / "model.safetensors").read_bytes()).hexdigest()


def test_a_finished_run_leaves_the_agreed_files(finished):
    assert sorted(path.name for path in (finished.path / "out").iterdir()) == [
        "config.json",
        "evaluation.json",
        "model.safetensors",
        "recipe.json",
        "sample.txt",
        "tokenizer.json",
    ]
    assert not finished.has("failure.json") and not finished.has("work") and not finished.has(".reserve")
    assert finished.json("progress.json")["phase"] == "package"


def test_the_result_names_every_file_with_its_hash(finished):
    result = finished.json("result.json")
    assert (result["run"], result["kind"], result["provenance"]) == ("run-1", "train", {"award": "A-1"})
    for fact in result["files"]:
        raw = (finished.path / "out" / fact["path"]).read_bytes()
        assert (fact["size_bytes"], fact["sha256"]) == (len(raw), hashlib.sha256(raw).hexdigest())
    assert len(result["files"]) == 6


def test_the_summary_agrees_with_metrics_and_evaluation(finished):
    summary, evaluation = finished.json("result.json")["summary"], finished.json("out/evaluation.json")
    assert [step for step, _ in losses(finished)] == list(range(1, STEPS + 1))
    assert summary["loss_first"] == losses(finished)[0][1]
    assert summary["loss_last"] == losses(finished)[-1][1] < summary["loss_first"]
    for key in ("bits_per_byte", "bits_per_byte_untrained", "bits_per_byte_bigram", "bits_per_byte_xz"):
        assert summary[key] == evaluation[key] > 0
    assert summary["bits_per_byte"] < summary["bits_per_byte_untrained"]


def test_the_package_of_a_run_generates_text(finished):
    assert len(generate_ids(load_model(finished.path / "out"), [60], 5)) > 1


def test_a_finished_run_started_again_is_left_as_it_is(finished):
    before = folder_sha256(finished.path)
    assert finished.run() == 0
    assert folder_sha256(finished.path) == before


MOMENTS = {
    "in the tokenizer phase": lambda folder: folder.has("out/tokenizer.json"),
    "before the first checkpoint": lambda folder: lines(folder) >= 3,
    "after the last step": lambda folder: lines(folder) >= STEPS,
    "after the evaluation": lambda folder: folder.has("out/evaluation.json"),
}


@pytest.mark.parametrize("moment", list(MOMENTS))
def test_a_killed_run_started_again_gives_the_same_result(job, finished, moment):
    with job.start() as process:
        wait_for(process, lambda: MOMENTS[moment](job))
        os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode in (-signal.SIGKILL, 0)
    assert job.run() == 0, job.log
    assert losses(job) == losses(finished)
    assert weights(job) == weights(finished)
    assert job.json("out/evaluation.json") == finished.json("out/evaluation.json")
    assert (job.path / "out/sample.txt").read_bytes() == (finished.path / "out/sample.txt").read_bytes()


def test_a_torn_checkpoint_and_a_torn_line_do_no_harm(job, finished):
    with job.start() as process:
        wait_for(process, lambda: lines(job) >= 22)
        os.killpg(process.pid, signal.SIGKILL)
    with (job.path / "metrics.jsonl").open("a") as out:
        out.write('{"step": 99, "lo')
    newest = max((job.path / "checkpoints").glob("step-*"))
    (newest / "memory.safetensors").write_bytes(b"torn")
    assert job.run() == 0, job.log
    assert losses(job) == losses(finished)
    assert weights(job) == weights(finished)


def test_sigterm_ends_with_a_checkpoint_of_the_last_step(job, finished):
    with job.start() as process:
        wait_for(process, lambda: lines(job) >= 3)
        process.terminate()
        assert process.wait(30) == 143
    newest = max((job.path / "checkpoints").glob("step-*"))
    assert json.loads((newest / "state.json").read_text())["step"] == lines(job) >= 3
    assert not job.has("failure.json") and not job.has("result.json")
    assert job.run() == 0, job.log
    assert losses(job) == losses(finished)
    assert weights(job) == weights(finished)


def test_a_second_attempt_at_the_same_time_steps_back(job, monkeypatch):
    from fabrica.runner import folder
    from fabrica.runner import main as runner

    with job.start() as process:
        wait_for(process, lambda: lines(job) >= 1)
        monkeypatch.setattr(folder, "LOCK_SECONDS", 0)
        assert runner.main([str(job.path / "job.json")]) == runner.BUSY
        os.killpg(process.pid, signal.SIGKILL)


def test_the_time_limit_ends_the_training_in_order(job):
    class AfterSomeSteps(Stop):
        def reason(self):
            return "time limit" if lines(job) >= 5 else ""

    training = TrainJob(job.path, read_job(job.path / "job.json"), Progress(job.path), AfterSomeSteps(60))
    with pytest.raises(Stopped) as stopped:
        training.run()
    assert stopped.value.reason == "time limit"
    assert [path.name for path in (job.path / "checkpoints").iterdir()] == ["step-0000000005"]


def limit_files():
    resource.setrlimit(resource.RLIMIT_FSIZE, (250_000, 250_000))


def test_a_full_disk_is_told_as_such_and_the_run_can_go_on(job, finished):
    assert job.run(preexec_fn=limit_files) == 3
    assert job.failure()["what"] == "The disk is full: the run could not write its files."
    assert not job.has("result.json")
    assert not list((job.path / "checkpoints").glob(".unfinished-*"))
    assert job.run() == 0, job.log
    assert not job.has("failure.json")
    assert losses(job) == losses(finished)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of two megabytes; only where this user may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(place)], capture_output=True)
    if mounted.returncode:
        pytest.skip("this user may not mount a file system")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_truly_full_disk_leaves_room_to_say_so(small_disk, texts):
    folder = Folder(small_disk / "run", texts).write()
    (small_disk / "filler").write_bytes(bytes(1_300_000))
    assert folder.run() == 3, folder.log
    assert folder.failure()["what"] == "The disk is full: the run could not write its files."
    (small_disk / "filler").unlink()


@pytest.fixture
def own(tmp_path, texts):
    """A job with data of its own, which a test may spoil."""
    shutil.copytree(texts, tmp_path / "data")
    return Folder(tmp_path / "run", tmp_path / "data").write()


def test_data_that_changed_is_refused_with_both_hashes(own):
    agreed = own.json("job.json")["data"][0]["sha256"]
    (own.data / "00.txt").write_text("changed")
    assert own.run() == 3
    assert own.failure() == {
        "what": "The data texts@1 changed after it was staged.",
        "why": f"Its SHA-256 was {agreed} and is {folder_sha256(own.data)}.",
        "todo": "Stage the data again.",
    }


def test_a_missing_file_is_refused(own):
    (own.data / "00.txt").unlink()
    assert own.run() == 3
    assert own.failure()["what"] == "The data texts@1 changed after it was staged."


def test_a_missing_folder_is_refused(own):
    shutil.rmtree(own.data)
    assert own.run() == 3
    assert own.failure()["what"] == "The data texts@1 is missing."
    assert "Traceback" not in own.log


def test_a_folder_with_another_jobs_work_is_refused(finished, tmp_path, texts):
    shutil.copytree(finished.path, tmp_path / "copy")
    other = Folder.__new__(Folder)
    other.path, other.data = tmp_path / "copy", texts
    (other.path / "result.json").unlink()
    other.write(recipe={"name": "tiny", "seed": 9})
    assert other.run() == 3
    assert other.failure()["what"] == "This folder holds the work of another job."


def test_an_unknown_recipe_key_is_told(job):
    job.write(recipe={"model": {"widht": 3}})
    assert job.run() == 3
    assert job.failure()["what"] == "model.widht: unknown key."
