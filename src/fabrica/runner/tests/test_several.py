"""One run by several processes: the same curve, one end, one writer, whoever is signalled or killed."""

import json
import os
import signal
import subprocess
import sys

import pytest

from fabrica.kit.files import folder_sha256
from fabrica.runner.tests.conftest import Folder
from fabrica.runner.tests.several import crew, free_port, places, slurm_places
from fabrica.runner.tests.test_train_job import limit_files, lines, losses

LONG = {"name": "tiny", "steps": 150}
pytestmark = pytest.mark.several
CLOSE = 1e-3  # in 150 steps the order of sums changes the last digits, and they grow


@pytest.fixture(scope="module")
def alone(tmp_path_factory, texts):
    """The long run by one process."""
    folder = Folder(tmp_path_factory.mktemp("alone") / "run", texts).write(recipe=LONG)
    assert folder.run() == 0, folder.log
    return folder


@pytest.fixture
def long(job):
    return job.write(recipe=LONG)


def newest_step(folder):
    return json.loads((max((folder.path / "checkpoints").glob("step-*")) / "state.json").read_text())["step"]


def close_to(found, expected):
    assert [step for step, _ in found] == [step for step, _ in expected]
    assert [loss for _, loss in found] == pytest.approx([loss for _, loss in expected], rel=CLOSE)


@pytest.mark.parametrize("launcher", [places, slurm_places])
def test_two_processes_give_the_run_that_one_gives(job, finished, launcher):
    job.write(processes=2)
    with crew(job, launcher(2)) as both:
        assert both.codes() == [0, 0], both.logs
    assert both.logs[1] == ""
    close_to(losses(job), losses(finished))
    ours, theirs = job.json("result.json"), finished.json("result.json")
    assert [fact["path"] for fact in ours["files"]] == [fact["path"] for fact in theirs["files"]]
    assert (ours["summary"]["processes"], theirs["summary"]["processes"]) == (2, 1)
    assert ours["summary"]["bits_per_byte"] == pytest.approx(theirs["summary"]["bits_per_byte"], rel=CLOSE)


def test_a_batch_may_be_shared_unevenly(job, finished):
    with crew(job, places(3)) as three:
        assert three.codes() == [0, 0, 0], three.logs
    close_to(losses(job), losses(finished))


def test_a_run_goes_on_with_another_number_of_processes(long, alone):
    reached = []
    for size, number, enough in [(2, signal.SIGTERM, 5), (1, signal.SIGUSR1, 40)]:
        with crew(long, places(size)) as some:
            some.wait_for(lambda: lines(long) >= enough)
            for rank in range(size):
                some.send(rank, number)
            assert set(some.codes()) == {143}, some.logs
        reached.append(newest_step(long))
        assert reached[-1] == lines(long)
    with crew(long, places(2)) as both:
        assert both.codes() == [0, 0], both.logs
    assert 5 <= reached[0] < reached[1] < 150
    close_to(losses(long), losses(alone))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1], ids=lambda one: one.name)
@pytest.mark.parametrize("rank", [0, 1])
def test_a_signal_to_any_process_ends_all_after_the_same_step(long, number, rank):
    with crew(long, places(2)) as both:
        both.wait_for(lambda: lines(long) >= 5)
        both.send(rank, number)
        assert both.codes() == [143, 143], both.logs
    assert newest_step(long) == lines(long) >= 5
    assert not long.has("failure.json") and not long.has("result.json")


def test_a_process_that_is_killed_ends_the_others_with_their_last_step_kept(long, alone):
    with crew(long, places(2)) as both:
        both.wait_for(lambda: lines(long) >= 5)
        both.send(1, signal.SIGKILL)
        assert both.codes() == [143, -signal.SIGKILL], both.logs
    assert both.logs[0].splitlines()[-1] == "Process 0: Process 1 is gone."
    assert newest_step(long) == lines(long) >= 5
    assert not long.has("failure.json")
    with crew(long, places(2)) as both:
        assert both.codes() == [0, 0], both.logs
    close_to(losses(long), losses(alone))


def test_when_the_first_process_is_killed_the_others_end_as_interrupted(long):
    with crew(long, places(2)) as both:
        both.wait_for(lambda: lines(long) >= 5)
        both.send(0, signal.SIGKILL)
        assert both.codes() == [-signal.SIGKILL, 143], both.logs
    assert not long.has("failure.json")


def test_a_process_that_never_comes_is_told_by_number(job):
    with crew(job, [one | {"FABRICA_RENDEZVOUS_SECONDS": "15"} for one in places(3)[:2]]) as two:
        assert two.codes() == [3, 3], two.logs
    assert job.failure()["what"] == "Not all 3 processes came within 15 seconds."
    assert job.failure()["why"] == "Missing: process 2."


def test_without_the_first_process_the_others_give_up_in_words(job):
    with crew(job, [places(2)[1] | {"FABRICA_RENDEZVOUS_SECONDS": "2"}]) as one:
        assert one.codes() == [3]
    assert one.logs[0].startswith("Process 1: Not all 2 processes came within 2 seconds. Missing: process 0.")
    assert sorted(path.name for path in job.path.iterdir()) == ["job.json"]


def test_a_signal_while_the_others_are_awaited_ends_in_order(job):
    with crew(job, places(2)[:1]) as one:
        one.wait_for(lambda: job.has(".lock"))
        one.send(0, signal.SIGTERM)
        assert one.codes() in ([143], [-signal.SIGTERM]), one.logs
    assert not job.has("failure.json")


def test_what_the_first_process_refuses_ends_all(job):
    (first,) = job.json("job.json")["data"]
    job.write(data=[first | {"sha256": "0" * 64}])
    with crew(job, places(2)) as both:
        assert both.codes() == [3, 3]
    assert job.failure()["why"] == f"Its SHA-256 was {'0' * 64} and is {folder_sha256(job.data)}."


def test_a_checkpoint_that_cannot_be_written_ends_all_with_the_same_code(job):
    with crew(job, places(2), preexec_fn=limit_files) as both:
        assert both.codes() == [3, 3], both.logs
    assert job.failure()["what"] == "The disk is full: the run could not write its files."


def test_more_processes_than_rows_are_refused(job):
    job.write(recipe={"name": "tiny", "batch": 1})
    with crew(job, places(2)) as both:
        assert both.codes() == [3, 3]
    assert job.failure()["what"] == "A batch of 1 cannot be shared by 2 processes."


def test_a_finished_run_is_left_as_it_is_by_all(job):
    with crew(job, places(2)) as both:
        assert both.codes() == [0, 0], both.logs
    before = folder_sha256(job.path)
    with crew(job, places(2)) as both:
        assert both.codes() == [0, 0], both.logs
    assert folder_sha256(job.path) == before


def test_another_number_of_processes_than_the_job_asks_for_is_refused(job):
    job.write(processes=4)
    assert job.run() == 3
    assert job.failure()["what"] == "The job asks for 4 processes, and 1 came."


def test_a_process_without_a_meeting_place_is_refused(job):
    assert job.run({"SLURM_PROCID": "1", "SLURM_NTASKS": "2"}) == 3
    assert job.failure()["what"] == "This process cannot tell its place among the others."


def test_a_command_is_started_once_and_may_find_the_others(job):
    code = "import os; print(os.environ['RANK'], os.environ['WORLD_SIZE'], os.environ['MASTER_ADDR'])"
    job.write(kind="command", command=[sys.executable, "-c", code])
    with crew(job, places(2)) as both:
        assert both.codes() == [0, 0]
    assert both.logs == ["0 2 127.0.0.1\n", ""]


def test_torchrun_starts_the_processes(job, finished):
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--master-addr=127.0.0.1"]
    launch += [f"--master-port={free_port()}", "-m", "fabrica.runner", str(job.path / "job.json")]
    environment = {**os.environ, "PYTHONPATH": "src", "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    done = subprocess.run(launch, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    close_to(losses(job), losses(finished))
    assert job.json("result.json")["summary"]["processes"] == 2
