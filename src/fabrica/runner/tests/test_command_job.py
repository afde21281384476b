import os
import signal
import sys
import time
from pathlib import Path

from fabrica.runner.tests.test_train_job import wait_for


def python(code):
    return [sys.executable, "-c", code]


def test_a_command_finds_data_and_leaves_its_files(job, texts):
    code = (
        "import os, pathlib\n"
        "data = sorted(os.listdir(os.environ['FABRICA_DATA']))\n"
        "pathlib.Path(os.environ['FABRICA_OUT'], 'found.txt').write_text(f'{len(data)} {data[0]}')\n"
        "print('hello from the command')"
    )
    job.write(kind="command", command=python(code))
    assert job.run() == 0, job.log
    assert (job.path / "out" / "found.txt").read_text() == "30 00.txt"
    assert job.log == "hello from the command\n"
    assert [fact["path"] for fact in job.json("result.json")["files"]] == ["found.txt"]


def test_a_command_sees_only_what_is_allowed(job, texts):
    code = "import os, json, pathlib; pathlib.Path('env.json').write_text(json.dumps(dict(os.environ)))"
    job.write(kind="command", command=python(code), devices=2)
    environment = {"DATABASE_PASSWORD": "secret", "SLURM_JWT": "secret", "FABRICA_SECRET": "secret", "TZ": "UTC"}
    assert job.run(environment) == 0, job.log
    seen = job.json("out/env.json")
    assert "secret" not in seen.values()
    assert {key: value for key, value in seen.items() if key.startswith("FABRICA_")} == {
        "FABRICA_DATA": str(texts),
        "FABRICA_OUT": str(job.path / "out"),
        "FABRICA_RUN": "run-1",
        "FABRICA_DEVICES": "2",
    }
    assert seen["TZ"] == "UTC"


def test_a_command_that_fails_ends_the_run_for_good(job):
    job.write(kind="command", command=python("raise SystemExit(7)"))
    assert job.run() == 3
    assert job.failure()["what"] == "The command ended with exit code 7."
    assert not job.has("result.json")


def test_a_command_that_is_killed_names_the_signal(job):
    job.write(kind="command", command=python("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"))
    assert job.run() == 3
    assert job.failure()["what"] == "The command ended with signal SIGSEGV."


def test_a_command_that_does_not_exist_is_told(job):
    job.write(kind="command", command=["/nowhere/program"])
    assert job.run() == 3
    assert job.failure()["what"] == "The command '/nowhere/program' could not be started."


def test_a_command_is_given_to_no_shell(job):
    job.write(kind="command", command=["echo", "$HOME; touch x", "`id`"])
    assert job.run() == 0
    assert job.log == "$HOME; touch x `id`\n"


SLEEPER = (
    "import os, pathlib, subprocess, sys, time\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    "pathlib.Path('pids.new').write_text(f'{os.getpid()} {child.pid}')\n"
    "os.rename('pids.new', 'pids')\n"
    "time.sleep(60)"
)


def pids(job):
    return [int(one) for one in (job.path / "out" / "pids").read_text().split()]


def alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def all_end(found, seconds=10):
    ends = time.monotonic() + seconds
    while any(alive(pid) for pid in found) and time.monotonic() < ends:
        time.sleep(0.02)
    return not any(alive(pid) for pid in found)


def test_the_time_limit_ends_a_command_with_its_children(job):
    job.write(kind="command", command=python(SLEEPER), time_limit_seconds=3)
    assert job.run() == 3
    assert job.failure()["what"] == "The run reached its time limit."
    assert all_end(pids(job))


def test_sigterm_ends_a_command_with_its_children(job):
    job.write(kind="command", command=python(SLEEPER))
    with job.start() as process:
        wait_for(process, lambda: job.has("out/pids"))
        process.terminate()
        assert process.wait(30) == 143
    assert all_end(pids(job))
    assert not job.has("failure.json")


def test_a_command_does_not_outlive_a_killed_runner(job):
    job.write(kind="command", command=python(SLEEPER))
    with job.start() as process:
        wait_for(process, lambda: job.has("out/pids"))
        command, child = pids(job)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(30)
    assert all_end([command])
    os.kill(child, signal.SIGKILL)


def test_a_deaf_command_is_killed_after_a_grace(job, monkeypatch):
    from fabrica.runner import command
    from fabrica.runner.job import read_job
    from fabrica.runner.stopping import Stop, Stopped

    monkeypatch.setattr(command, "GRACE_SECONDS", 0.2)
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SLEEPER
    job.write(kind="command", command=python(deaf))
    out = job.path / "out"

    class WhenItRuns(Stop):
        def reason(self):
            return "signal" if (out / "pids").exists() else ""

    try:
        command.run_command(read_job(job.path / "job.json"), out, WhenItRuns(60))
    except Stopped as stopped:
        assert stopped.reason == "signal"
    assert all_end(pids(job))
