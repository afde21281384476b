"""This machine as a cluster: real processes, really killed."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

import fabrica
from fabrica.clusters.adapters import jobfolder, local, records
from fabrica.clusters.adapters.local import LocalCluster, Settings
from fabrica.clusters.adapters.port import AccountSpec, JobRequest, JobState, Load
from fabrica.clusters.adapters.processes import start_ticks
from fabrica.clusters.adapters.records import Record
from fabrica.kit.errors import Refused, Unreachable

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
SETTINGS = Settings(devices_total=1, threads_per_device=3, grace_seconds=0.3, log_limit_bytes=2000)


def eventually(true, seconds=20):
    deadline = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return found


def is_alive(pid):
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


class Site:
    def __init__(self, folder):
        self.state = folder / "state"
        self.folder = folder / "run"
        self.folder.mkdir()
        self.cluster = self.worker()
        self.cluster.put_account(AccountSpec("team", "A team", None))

    def worker(self):
        return LocalCluster(self.state, SETTINGS)

    def job(self, script, token="one", **changes):
        command = ("sh", "-c", script)
        return replace(JobRequest(token, "a-run", "team", command, self.folder, 1, 600), **changes)

    def submit(self, script, token="one", **changes):
        return self.cluster.submit(self.job(script, token, **changes))

    def status(self, job_id):
        return self.cluster.states([job_id])[job_id]

    def ended(self, job_id):
        return eventually(lambda: (status := self.status(job_id)).state.ended and status)

    def look(self, job_id):
        with self.cluster._locked() as jobs:
            return jobs[job_id]

    def leader(self, job_id):
        return eventually(lambda: self.look(job_id).leader)["pid"]

    def supervisor(self, job_id):
        return eventually(lambda: self.look(job_id).started)["pid"]

    def text(self, name):
        return (self.folder / name).read_text()


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path)
    yield site
    jobs = os.listdir(site.state / "jobs")
    for job_id in jobs:
        site.cluster.cancel(job_id)
    for job_id in jobs:
        site.ended(job_id)


def test_output_of_both_kinds_is_appended_over_attempts(site):
    for token in ("one", "two"):
        site.ended(site.submit(f"echo out {token}; echo err {token} >&2", token))
    assert site.text("log.txt") == "out one\nerr one\nout two\nerr two\n"


def test_a_job_gets_a_fresh_environment_without_the_portals_secrets(site, monkeypatch):
    monkeypatch.setenv("FABRICA_SECRET_KEY", "secret")
    site.ended(site.submit("env -0 > env.txt; pwd > where.txt", env={"FABRICA_OUT": "/out", "TZ": "UTC"}))
    found = dict(line.split("=", 1) for line in site.text("env.txt").split("\0") if line)
    assert {name: found[name] for name in ("HOME", "LANG", "OMP_NUM_THREADS", "FABRICA_OUT", "TZ")} == {
        "HOME": str(site.folder),
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": "3",
        "FABRICA_OUT": "/out",
        "TZ": "UTC",
    }
    assert set(found) - {"PWD", "SHLVL", "_", "OLDPWD"} == {
        "CUDA_VISIBLE_DEVICES", "FABRICA_JOB_MARK", "FABRICA_OUT", "HOME", "LANG", "OMP_NUM_THREADS", "PATH", "TMPDIR", "TZ",
    }  # fmt: skip
    assert site.text("where.txt").strip() == str(site.folder)


def test_the_supervisor_has_no_secret_either(site, monkeypatch):
    monkeypatch.setenv("FABRICA_SECRET_KEY", "secret")
    job_id = site.submit("sleep 60")
    environ = Path(f"/proc/{site.supervisor(job_id)}/environ").read_bytes().split(b"\0")
    assert {line.split(b"=")[0] for line in environ if line} == {b"PATH", b"LANG", b"TMPDIR", b"PYTHONPATH"}


def test_arguments_are_never_read_by_a_shell(site):
    odd = "$(touch hacked); `touch hacked` 'x\" > hacked"
    job = replace(site.job(""), argv=(sys.executable, "-c", "import sys; print(sys.argv[1])", odd))
    site.ended(site.cluster.submit(job))
    assert site.text("log.txt") == f"{odd}\n"
    assert os.listdir(site.folder) == ["log.txt"]


def test_a_program_that_is_not_there_fails_with_a_sentence(site):
    status = site.ended(site.cluster.submit(replace(site.job(""), argv=("no-such-program",))))
    assert (status.state, status.exit_code) == (JobState.FAILED, 127)
    assert status.reason == "The command could not be started: No such file or directory: no-such-program"
    assert site.text("log.txt") == f"{status.reason}\n"


def test_a_folder_that_is_not_there_is_refused(site):
    with pytest.raises(Refused) as told:
        site.submit("true", folder=site.folder / "absent")
    assert told.value.what == f"The job's folder {site.folder / 'absent'} does not exist."


def test_a_job_that_is_killed_has_failed_with_the_signal(site):
    job_id = site.submit("sleep 60")
    os.kill(site.leader(job_id), signal.SIGKILL)
    status = site.ended(job_id)
    assert (status.state, status.signal, status.exit_code) == (JobState.FAILED, 9, None)
    assert status.reason == "It was ended by SIGKILL."


def test_cancelling_lets_the_job_write_its_last_words(site):
    job_id = site.submit("exec 2>/dev/null; trap 'echo saved; exit 143' TERM; echo ready; while :; do sleep 0.05; done")
    eventually(lambda: (site.folder / "log.txt").exists() and site.text("log.txt") == "ready\n")
    site.cluster.cancel(job_id)
    status = site.ended(job_id)
    assert (status.state, status.exit_code, status.reason) == (JobState.CANCELLED, 143, "It was cancelled.")
    assert site.text("log.txt") == "ready\nsaved\n"


def test_a_job_that_will_not_stop_is_killed_after_the_grace(site):
    job_id = site.submit("trap '' TERM; echo ready; while :; do sleep 0.05; done", time_limit_seconds=1)
    status = site.ended(job_id)
    assert (status.state, status.signal) == (JobState.TIMEOUT, 9)
    assert status.reason == "It reached its time limit of 1 seconds."
    assert [one.gpu_seconds for one in site.cluster.usage(BEGINNING)] == [1]


def test_what_a_job_left_running_ends_with_it(site):
    away = "setsid sh -c 'echo $$ > b.pid; exec sleep 60' &"
    job_id = site.submit(f"sleep 60 & echo $! > a.pid; {away} while [ ! -s b.pid ]; do sleep 0.05; done")
    assert site.ended(job_id).state is JobState.COMPLETED
    left = [int(site.text(name)) for name in ("a.pid", "b.pid")]
    assert [is_alive(pid) for pid in left] == [False, False]


def test_a_log_without_end_is_cut_and_the_job_goes_on(site):
    status = site.ended(site.submit("yes | head -c 100000; touch done.txt"))
    assert (status.state, status.reason) == (JobState.COMPLETED, "Its output was cut after 2000 bytes.")
    assert site.text("log.txt") == "y\n" * 1000 + "\n[Its output was cut after 2000 bytes.]\n"
    assert (site.folder / "done.txt").exists()


def test_a_log_that_cannot_be_written_does_not_hide_the_end(site):
    (site.folder / "log.txt").symlink_to("/dev/full")
    status = site.ended(site.submit("echo lost; exit 5"))
    assert (status.state, status.exit_code) == (JobState.FAILED, 5)
    assert status.reason.startswith("It ended with exit code 5. Its output could not be kept")


def test_jobs_go_on_while_no_worker_runs_and_the_next_one_knows(site):
    job_id = site.submit("sleep 0.3; echo done")
    site.cluster = None
    eventually(lambda: (site.folder / "log.txt").exists() and site.text("log.txt") == "done\n")
    site.cluster = site.worker()
    assert site.ended(job_id).state is JobState.COMPLETED
    assert site.cluster.submit(site.job("anything")) == job_id


def test_a_killed_supervisor_loses_the_job_and_takes_it_along(site):
    job_id = site.submit("sleep 60 & echo $! > a.pid; wait")
    leader = site.leader(job_id)
    beat = eventually(lambda: site.look(job_id).heartbeat)["elapsed_seconds"]
    eventually(lambda: (site.folder / "a.pid").exists() and site.text("a.pid"))
    os.kill(site.supervisor(job_id), signal.SIGKILL)
    status = site.ended(job_id)
    assert status.state is JobState.LOST
    assert status.reason == "Its supervisor was killed; what was left of it was ended."
    assert (status.ended_at - status.started_at).total_seconds() == pytest.approx(beat, abs=1.5)
    assert [is_alive(pid) for pid in (leader, int(site.text("a.pid")))] == [False, False]
    assert site.cluster.load() == Load(1, 0, 0, 0)


def test_a_supervisor_killed_before_it_wrote_down_its_child_still_takes_it_along(site):
    job_id = site.submit("setsid sleep 60; true")
    leader, supervisor = site.leader(job_id), site.supervisor(job_id)
    os.kill(supervisor, signal.SIGSTOP)
    with (site.state / "jobs" / job_id / "state").open("r+b") as state:
        state.seek(Record.LEADER * records.SIZE_BYTES)
        state.write(b" " * (records.SIZE_BYTES - 1))
    os.kill(supervisor, signal.SIGKILL)
    assert site.ended(job_id).state is JobState.LOST
    assert not is_alive(leader)


def test_a_pid_that_was_reused_is_left_alone(site):
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as stranger:
        job_id = site.submit("sleep 60")
        leader, supervisor = site.leader(job_id), site.supervisor(job_id)
        os.kill(supervisor, signal.SIGSTOP)
        older = {"pid": stranger.pid, "start_ticks": start_ticks(stranger.pid) - 1}
        jobfolder.note(site.state / "jobs" / job_id, Record.LEADER, older)
        os.kill(supervisor, signal.SIGKILL)
        assert site.ended(job_id).state is JobState.LOST
        assert (is_alive(stranger.pid), is_alive(leader)) == (True, False)
        stranger.kill()


def test_after_a_restart_of_the_machine_running_jobs_are_lost_and_no_process_is_touched(site):
    job_id = site.submit("sleep 60")
    leader, supervisor = site.leader(job_id), site.supervisor(job_id)
    os.kill(supervisor, signal.SIGSTOP)
    path = site.state / "jobs" / job_id
    started = site.look(job_id).started
    jobfolder.note(path, Record.STARTED, {**started, "boot_id": "another"})
    os.kill(supervisor, signal.SIGKILL)
    status = site.ended(job_id)
    assert (status.state, status.reason) == (JobState.LOST, "The machine was started again while it ran.")
    assert is_alive(leader)
    os.kill(leader, signal.SIGKILL)


def test_a_machine_that_shuts_down_lets_the_job_save_and_calls_it_lost(site):
    job_id = site.submit("exec 2>/dev/null; trap 'echo saved; exit 143' TERM; echo ready; while :; do sleep 0.05; done")
    eventually(lambda: (site.folder / "log.txt").exists() and site.text("log.txt") == "ready\n")
    os.kill(site.supervisor(job_id), signal.SIGTERM)
    assert site.ended(job_id).state is JobState.LOST
    assert site.text("log.txt") == "ready\nsaved\n"


def test_a_supervisor_that_cannot_start_is_not_tried_for_ever(site, monkeypatch):
    monkeypatch.setattr(local, "SUPERVISOR", "no.such.module")
    status = site.ended(site.submit("true"))
    assert (status.state, status.started_at) == (JobState.LOST, None)
    assert status.reason.startswith("Its supervisor did not come up in 3 attempts")
    assert site.cluster.usage(BEGINNING) == []


JOBS = 24
SUBMITTER = """
import sys
from pathlib import Path
from fabrica.clusters.adapters.local import LocalCluster, Settings
from fabrica.clusters.adapters.port import JobRequest
state, folder = map(Path, sys.argv[1:3])
cluster = LocalCluster(state, Settings(devices_total=4))
print("ready", flush=True)
for number in range(int(sys.argv[3])):
    command = ("sh", "-c", f"echo {number} >> ran.txt")
    cluster.submit(JobRequest(f"t{number}", "a-run", "team", command, folder, 1, 60))
"""


def run_submitter(site):
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(fabrica.__file__).parents[1])}
    command = [sys.executable, "-c", SUBMITTER, str(site.state), str(site.folder), str(JOBS)]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("pause_seconds", [0.002, 0.017])
def test_a_worker_killed_while_submitting_leaves_each_job_started_once(site, pause_seconds):
    for number in range(4):
        with run_submitter(site) as worker:
            assert worker.stdout.readline() == "ready\n"
            if number < 3:
                time.sleep(pause_seconds * (number + 1))
                worker.kill()
    jobs = [site.cluster.find(f"t{number}") for number in range(JOBS)]
    assert None not in jobs
    ended = eventually(lambda: all(s.state.ended for s in site.cluster.states(jobs).values()), seconds=60)
    assert ended
    assert sorted(int(line) for line in site.text("ran.txt").split()) == list(range(JOBS))
    assert {one.state for one in site.cluster.states(jobs).values()} == {JobState.COMPLETED}


def test_half_a_submission_is_as_if_it_never_was(site):
    job_id = site.submit("true")
    site.ended(job_id)
    other = local._job_id("two")
    (site.state / "jobs" / f".new-{other}").mkdir()
    assert site.cluster.find("two") is None
    assert site.ended(site.submit("true", "two")).state is JobState.COMPLETED


def test_a_full_disk_is_told_and_does_not_hide_what_ended(site, monkeypatch):
    job_id = site.submit("sleep 0.3")

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(jobfolder, "write_atomic", full)
    monkeypatch.setattr(local, "write_atomic", full)
    with pytest.raises(Unreachable) as told:
        site.submit("true", "two")
    assert told.value.why == f"{site.state}: No space left on device."
    assert site.cluster.find("two") is None
    assert site.ended(job_id).state is JobState.COMPLETED


def test_the_end_of_a_job_takes_no_room_that_was_not_taken_before(site):
    job_id = site.submit("sleep 0.3")
    before = (site.state / "jobs" / job_id / "state").stat()
    site.ended(job_id)
    after = (site.state / "jobs" / job_id / "state").stat()
    assert (after.st_size, after.st_blocks) == (before.st_size, before.st_blocks)
    assert sorted(os.listdir(site.state / "jobs" / job_id)) == ["request.json", "state", "supervisor.log"]


def test_a_torn_record_counts_as_not_written(tmp_path):
    fd = os.open(tmp_path / "state", os.O_RDWR | os.O_CREAT)
    records.preallocate(fd)
    records.write(fd, Record.ENDED, {"state": "COMPLETED"})
    assert records.read(fd, Record.ENDED) == {"state": "COMPLETED"}
    os.pwrite(fd, b"X", Record.ENDED * records.SIZE_BYTES + 15)
    assert records.read(fd, Record.ENDED) is None
    assert records.read(fd, Record.HEARTBEAT) is None
    with pytest.raises(ValueError):
        records.write(fd, Record.ENDED, {"reason": "x" * records.SIZE_BYTES})
    os.close(fd)


def test_a_queue_that_cannot_be_opened_is_unreachable(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Unreachable) as told:
        LocalCluster(tmp_path / "file").load()
    assert told.value.what == "This machine's job queue cannot be used."


def test_a_queue_that_somebody_holds_is_unreachable_after_a_while(site, monkeypatch):
    monkeypatch.setattr(local, "LOCK_SECONDS", 0.05)
    with site.cluster._locked(), pytest.raises(Unreachable):
        site.worker().load()


def test_a_record_that_cannot_be_read_is_named(site, monkeypatch):
    job_id = site.submit("true")
    site.ended(job_id)
    monkeypatch.setattr(local, "_finished", {})  # as in another process
    request = site.state / "jobs" / job_id / "request.json"
    whole = request.read_text()
    request.write_text(whole[:20])
    (site.state / "jobs" / "a-stray-file").write_text("")
    with pytest.raises(Unreachable) as told:
        site.worker().load()
    assert told.value.what == f"The record of job {job_id} cannot be read."
    request.write_text(whole)
    (site.state / "jobs" / "a-stray-file").unlink()


def test_a_queue_made_anew_in_the_same_place_forgets_the_old_jobs(site):
    old = site.submit("exit 1")
    assert site.ended(old).state is JobState.FAILED
    site.state.rename(site.state.with_name("old"))
    site.cluster.put_account(AccountSpec("team", "A team", None))
    assert site.cluster.find("one") is None
    assert site.ended(site.submit("exit 0")).state is JobState.COMPLETED


def test_no_supervisor_stays_a_zombie_whoever_asks_next(site):
    job_id = site.submit("true")
    supervisor = site.supervisor(job_id)
    site.ended(job_id)
    eventually(lambda: site.worker().load() and start_ticks(supervisor) is None)


def test_each_job_sees_its_own_devices(site):
    wide = LocalCluster(site.state, replace(SETTINGS, devices_total=3))
    script = "echo $CUDA_VISIBLE_DEVICES > {}; sleep 60"
    for token, devices in (("one", 1), ("two", 2)):
        wide.submit(site.job(script.format(token), token, devices=devices))
    eventually(lambda: all((site.folder / name).exists() and site.text(name) for name in ("one", "two")))
    assert (site.text("one"), site.text("two")) == ("0\n", "1,2\n")
    assert site.worker().load() == Load(1, 3, 2, 0)
    late = wide.submit(site.job("echo $CUDA_VISIBLE_DEVICES > late", "late"))
    assert site.worker().states([late])[late].state is JobState.PENDING
    wide.cancel(wide.find("one"))
    site.cluster = wide
    site.ended(late)
    assert site.text("late") == "0\n"


def test_use_that_nobody_saw_end_is_still_told_later(site):
    job_id = site.submit("sleep 60")
    eventually(lambda: site.look(job_id).heartbeat)
    os.kill(site.supervisor(job_id), signal.SIGKILL)
    time.sleep(0.3)
    since = datetime.now(UTC)
    (used,) = site.cluster.usage(since)
    assert (used.job_id, used.state, used.ended_at < since) == (job_id, JobState.LOST, True)


def test_nobody_else_on_the_machine_can_read_the_queue(site):
    job_id = site.submit("true")
    assert {oct((site.state / part).stat().st_mode & 0o777) for part in ("jobs", f"jobs/{job_id}")} == {"0o700"}
    assert (site.state / "jobs" / job_id / "request.json").stat().st_mode & 0o777 == 0o600


def test_time_is_taken_from_the_supervisors_own_clock(site, monkeypatch):
    job_id = site.submit("sleep 0.2")
    site.ended(job_id)
    path = site.state / "jobs" / job_id
    started, ended = site.look(job_id).started, site.look(job_id).ended
    jobfolder.note(path, Record.ENDED, {**ended, "at": started["at"] - 86400})
    monkeypatch.setattr(local, "_finished", {})  # as in another process
    again = site.worker().states([job_id])[job_id]
    assert (again.ended_at - again.started_at).total_seconds() == pytest.approx(ended["elapsed_seconds"], abs=1e-5)


def test_the_supervisor_is_light():
    code = "import sys, fabrica.clusters.adapters.supervise; print(sorted({n.split('.')[0] for n in sys.modules}))"
    env = {"PYTHONPATH": str(Path(fabrica.__file__).parents[1])}
    loaded = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    names = set(json.loads(loaded.stdout.replace("'", '"')))
    assert names & {"django", "torch", "numpy", "ninja", "rich", "httpx", "cryptography"} == set()
