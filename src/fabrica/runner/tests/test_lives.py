"""Several lives of one attempt, as after a requeue or in a chain: signals, links, and the time of all together."""

import json
import os
import signal

import pytest

from fabrica.runner.tests.test_command_job import SLEEPER, all_end, pids, python
from fabrica.runner.tests.test_train_job import lines, losses, wait_for

pytestmark = pytest.mark.long


def newest_step(job):
    return json.loads((max((job.path / "checkpoints").glob("step-*")) / "state.json").read_text())["step"]


def test_sigusr1_ends_with_a_checkpoint_of_the_last_step_and_the_next_life_goes_on(job, finished):
    with job.start() as process:
        wait_for(process, lambda: lines(job) >= 3)
        process.send_signal(signal.SIGUSR1)
        assert process.wait(30) == 143
    assert newest_step(job) == lines(job) >= 3
    assert not job.has("failure.json")
    assert job.run() == 0, job.log
    assert losses(job) == losses(finished)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1], ids=lambda one: one.name)
def test_a_signal_ends_a_command(job, number):
    job.write(kind="command", command=python(SLEEPER))
    with job.start() as process:
        wait_for(process, lambda: job.has("out/pids"))
        process.send_signal(number)
        assert process.wait(30) == 143
    assert all_end(pids(job))


def test_the_end_of_a_link_is_no_failure(job):
    job.write(kind="command", command=python(SLEEPER), link_seconds=2)
    assert job.run() == 143
    assert all_end(pids(job))
    assert not job.has("failure.json") and not job.has("result.json")


def test_a_link_that_ends_before_the_first_step_leaves_all_to_the_next(job, finished):
    job.write(link_seconds=1)  # less than it takes to load PyTorch
    assert job.run() == 143, job.log
    assert not job.has("failure.json")
    assert job.write().run() == 0, job.log
    assert losses(job) == losses(finished)


def used_before(job, seconds, attempt):
    (job.path / "used.json").write_text(json.dumps({"attempt": attempt, "seconds": seconds}))


def test_the_time_limit_is_for_all_lives_of_an_attempt_together(job):
    used_before(job, 119, "run-1-1")
    job.write(attempt="run-1-1")
    assert job.run() == 3
    assert job.failure()["what"] == "The run reached its time limit."
    assert job.failure()["why"].startswith("time limit: 120 seconds.")
    assert job.json("used.json")["seconds"] > 119


def test_another_attempt_has_a_time_of_its_own(job):
    used_before(job, 119, "run-1-1")
    job.write(attempt="run-1-2")
    assert job.run() == 0, job.log
    assert job.json("used.json")["attempt"] == "run-1-2"


def test_a_killed_life_leaves_its_count(job):
    used_before(job, 50, "run-1-1")
    job.write(attempt="run-1-1", kind="command", command=python(SLEEPER))
    with job.start() as process:
        wait_for(process, lambda: job.has("out/pids"))
        process.kill()
        process.wait(30)
    command, child = pids(job)
    assert all_end([command])
    os.kill(child, signal.SIGKILL)
    assert job.json("used.json")["seconds"] > 50
