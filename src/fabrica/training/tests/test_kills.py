"""What survives kill -9: with the real adapter, the real runner, the real ledger, in processes of their own."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fabrica.kit.tests.databases import Own

pytestmark = [pytest.mark.long, pytest.mark.database]
SLEEP = {"command": ["sh", "-c", "sleep 0.6; echo done > done.txt"]}
ONCE_FOR_EVER = {"command": ["sh", "-c", "if [ -e begun ]; then rm begun; else touch begun; exec sleep 60; fi"]}
STEPS = 30
LONG = {"recipe": {"name": "tiny", "steps": STEPS, "checkpoint_every": 5}}
HOURS = 36_000


class Home:
    """A site in a process of its own: see site_process."""

    def __init__(self, path):
        self.path = path
        self.database = Own(path, "kills")
        command = [sys.executable, "-m", "fabrica.training.tests.site_process"]
        env = {**os.environ, "FABRICA_HOME": str(path), "DATABASE_URL": self.database.url}
        self.process = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert "pid" in self.hear()
        assert self.hear() == {"status": 0}

    def start(self, **wish):
        """Have a worker started; its pid."""
        self.process.stdin.write(json.dumps(wish) + "\n")
        self.process.stdin.flush()
        return self.hear()["pid"]

    def hear(self):
        return json.loads(self.process.stdout.readline())

    def finish(self):
        """The report of the worker, which ended in order."""
        told = self.hear()
        assert self.hear() == {"status": 0}
        return told

    def work(self, **wish):
        """Work until the run has ended; the report."""
        self.start(**wish)
        return self.finish()

    def die(self, **wish):
        """Work until this worker is killed."""
        self.start(**wish)
        assert self.hear() == {"status": -signal.SIGKILL}

    def runner(self):
        """The pid of the runner of this home's run."""
        return eventually(lambda: next(self.runners(), None))

    def runners(self):
        for one in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = one.read_bytes().split(b"\0")
            except OSError:
                continue
            if words[1:3] == [b"-m", b"fabrica.runner"] and words[3].startswith(str(self.path).encode()):
                yield int(one.parent.name)

    def wrote(self, pattern):
        """Whether a run wrote such a file; the newest of them."""
        found = list(self.path.glob(f"storage/projects/*/runs/*/{pattern}"))
        return max(found, key=lambda path: int(path.relative_to(self.path).parts[4])) if found else None

    def lines(self):
        path = self.wrote("metrics.jsonl")
        return path.read_text().count("\n") if path else 0


def eventually(look, seconds=60):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(0.01)
    raise AssertionError("it did not happen")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("site"))
    yield home
    home.process.stdin.close()
    home.process.wait(timeout=90)
    home.process.stdout.close()
    for pid in home.runners():
        os.kill(pid, signal.SIGKILL)
    home.database.drop()


def is_booked_once(told):
    """Each job that the machine ran is booked with what the machine says, once; nothing is held."""
    assert told["spent"] == told["usage"]
    assert told["used"] == sum(seconds for seconds, _because in told["attempts"]) == sum(s for _k, s in told["spent"])
    assert told["balance"] == [HOURS - told["used_by_all"], 0, told["used_by_all"]]
    assert told["ledger"] == []
    return True


@pytest.mark.parametrize(
    "moment",
    ["before submitting", "between submitting and recording", "while it runs", "between the end and booking",
     "between booking and ending", "after ending"],
)  # fmt: skip
def test_a_worker_killed_at_any_moment_leaves_one_job_booked_once(home, moment):
    home.die(launch=SLEEP, die=moment)
    told = home.work(ahead=90)
    assert (told["state"], [because for _s, because in told["attempts"]]) == ("succeeded", ["Done."])
    assert told["files"] == ["done.txt"]
    assert is_booked_once(told)


def test_a_trainer_killed_in_the_middle_goes_on_in_another_attempt(home):
    home.start(launch=LONG)
    eventually(lambda: home.lines() > 8)
    os.kill(home.runner(), signal.SIGKILL)
    told = home.finish()
    assert told["state"] == "succeeded"
    assert [because for _s, because in told["attempts"]] == ["It was ended by SIGKILL.", "Done."]
    assert told["steps"] == told["lines"] == list(range(1, STEPS + 1))
    assert "model.safetensors" in told["files"]
    assert is_booked_once(told)


def test_a_worker_and_its_job_killed_together_cost_nothing_but_time(home):
    worker = home.start(launch=ONCE_FOR_EVER)
    eventually(lambda: home.wrote("out/begun"))
    os.kill(worker, signal.SIGKILL)
    assert home.hear() == {"status": -signal.SIGKILL}
    os.kill(home.runner(), signal.SIGKILL)
    told = home.work(ahead=90)
    assert (told["state"], len(told["attempts"]), told["files"]) == ("succeeded", 2, [])
    assert is_booked_once(told)


def test_a_full_disk_fails_with_the_reason_and_gives_the_hours_back(home):
    told = home.work(launch={"recipe": {"name": "tiny"}, "disk_is_full": True})
    assert (told["state"], len(told["attempts"])) == ("failed", 1)
    assert told["error"][0] == "The disk is full: the run could not write its files."
    assert is_booked_once(told)


def test_missing_data_fails_with_the_reason_and_gives_the_hours_back(home):
    told = home.work(launch={"recipe": {"name": "tiny"}, "data_is_gone": True})
    assert told["state"] == "failed"
    assert told["error"][0].endswith("is missing.")
    assert told["error"][2] == "Stage the data again."
    assert is_booked_once(told)
