"""What every adapter keeps: the same stories told to the fake, to this machine and to a real Slurm cluster."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fabrica.clusters.adapters.fake import FakeCluster, Outcome
from fabrica.clusters.adapters.local import LocalCluster, Settings
from fabrica.clusters.adapters.port import AccountSpec, JobRequest, JobState, Load
from fabrica.clusters.tests.slurm_stage import OnNewerSlurm, OnRest, OnSlurm
from fabrica.kit.errors import NotFound, Refused

LATER = datetime(2100, 1, 1, tzinfo=UTC)
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
LONG = 300


class Plain:
    """Where names may be used again for every test, and a job beyond its account's limit is refused at once."""

    team = "team"

    def fill(self):
        """A job on every device of it."""
        self.cluster.submit(self.job("busy", seconds=LONG, devices=2))

    def kept(self, spec):
        return spec

    def token(self, name):
        return name

    def usage(self, since=BEGINNING, least=1):
        return list(self.cluster.usage(since))

    def load(self):
        return self.cluster.load()

    def put(self, limit, name="", **changes):
        spec = AccountSpec(name or self.team, "A team", limit, **changes)
        self.cluster.put_account(spec)
        return spec


class OnFake(Plain):
    def __init__(self, folder):
        self.folder = folder
        self.cluster = FakeCluster(BEGINNING, devices_total=2)

    def job(self, token, seconds=0.0, exit_code=0, **changes):
        self.cluster.outcomes[token] = Outcome(seconds, exit_code)
        asked = JobRequest(token, "a-run", "team", ("prog",), self.folder, 1, 600)
        return replace(asked, **changes)

    def until_started(self, job_id):
        return self.cluster.states([job_id])[job_id]

    def until_ended(self, job_id):
        self.cluster.advance(2 * LONG)
        return self.cluster.states([job_id])[job_id]

    def close(self):
        pass


class OnThisMachine(Plain):
    def __init__(self, folder):
        self.folder = folder / "run"
        self.folder.mkdir()
        self.cluster = LocalCluster(folder / "state", Settings(devices_total=2, grace_seconds=0.3))
        self.given = []

    def job(self, token, seconds=0.0, exit_code=0, **changes):
        self.given.append(token)
        command = ("sh", "-c", f"sleep {seconds}; exit {exit_code}")
        return replace(JobRequest(token, "a-run", "team", command, self.folder, 1, 600), **changes)

    def until(self, job_id, true):
        deadline = time.monotonic() + 20
        while not true(status := self.cluster.states([job_id])[job_id]):
            assert time.monotonic() < deadline, status
            time.sleep(0.02)
        return status

    def until_started(self, job_id):
        return self.until(job_id, lambda status: status.state is not JobState.PENDING)

    def until_ended(self, job_id):
        return self.until(job_id, lambda status: status.state.ended)

    def close(self):
        for token in self.given:
            if job_id := self.cluster.find(token):
                self.cluster.cancel(job_id)
        for token in self.given:
            if job_id := self.cluster.find(token):
                self.until_ended(job_id)


@pytest.fixture(params=[OnFake, OnThisMachine], ids=["fake", "local"])
def small_machine(request, tmp_path):
    """A machine of two devices that refuses at once what its accounts cannot pay, and counts seconds."""
    machine = request.param(tmp_path)
    machine.put(10_000)
    yield machine
    machine.close()


@pytest.fixture(
    params=[
        pytest.param(OnFake, id="fake"),
        pytest.param(OnThisMachine, id="local"),
        pytest.param(OnSlurm, id="slurm", marks=pytest.mark.slurm),
        pytest.param(OnNewerSlurm, id="slurm-24.11", marks=pytest.mark.slurm13),
        pytest.param(OnRest, id="rest", marks=pytest.mark.slurm13),
    ]
)
def machine(request, tmp_path):
    machine = request.param(tmp_path)
    machine.put(10_000)
    yield machine
    machine.close()


def test_a_job_runs_and_its_use_is_counted(machine):
    job_id = machine.cluster.submit(machine.job("one"))
    status = machine.until_ended(job_id)
    assert (status.state, status.exit_code, status.signal, status.reason) == (JobState.COMPLETED, 0, None, "")
    assert status.submitted_at <= status.started_at <= status.ended_at
    (used,) = machine.usage()
    assert (used.job_id, used.token, used.account, used.devices) == (job_id, machine.token("one"), machine.team, 1)
    assert (used.started_at, used.ended_at, used.state) == (
        status.started_at,
        status.ended_at,
        JobState.COMPLETED,
    )


def test_the_same_token_is_the_same_job(machine):
    first = machine.cluster.submit(machine.job("one"))
    machine.until_ended(first)
    assert machine.cluster.submit(machine.job("one")) == first
    assert machine.cluster.find(machine.token("one")) == first
    assert len(machine.usage()) == 1


def test_the_same_token_is_answered_even_when_the_account_is_used_up(machine):
    first = machine.cluster.submit(machine.job("one", seconds=LONG))
    machine.put(0)
    assert machine.cluster.submit(machine.job("one", seconds=LONG)) == first


def test_a_job_that_ends_with_a_code_has_failed_with_that_code(machine):
    status = machine.until_ended(machine.cluster.submit(machine.job("one", exit_code=3)))
    assert (status.state, status.exit_code, status.reason) == (JobState.FAILED, 3, "It ended with exit code 3.")


def test_a_job_is_stopped_at_its_time_limit_and_charged_no_more(small_machine):
    asked = small_machine.job("one", seconds=LONG, devices=2, time_limit_seconds=1)
    status = small_machine.until_ended(small_machine.cluster.submit(asked))
    assert status.state is JobState.TIMEOUT
    assert [one.gpu_seconds for one in small_machine.usage()] == [2]


def test_jobs_wait_in_the_order_they_came(small_machine):
    first = small_machine.cluster.submit(small_machine.job("one", seconds=LONG))
    wide = small_machine.cluster.submit(small_machine.job("wide", devices=2))
    narrow = small_machine.cluster.submit(small_machine.job("narrow"))
    waiting = small_machine.cluster.states([wide, narrow])
    assert [waiting[one].state for one in (wide, narrow)] == [JobState.PENDING] * 2
    assert waiting[wide].reason == "It waits for free devices: 1 of 2 are busy. Jobs before it: 0."
    assert waiting[narrow].reason == "It waits for free devices: 1 of 2 are busy. Jobs before it: 1."
    assert small_machine.load() == Load(2, 1, 1, 2)
    small_machine.cluster.cancel(first)
    ended = [small_machine.until_ended(one) for one in (wide, narrow)]
    assert [one.state for one in ended] == [JobState.COMPLETED] * 2
    assert ended[0].started_at <= ended[1].started_at


def test_a_running_job_is_cancelled(machine):
    job_id = machine.cluster.submit(machine.job("one", seconds=LONG))
    machine.until_started(job_id)
    machine.cluster.cancel(job_id)
    assert machine.until_ended(job_id).state is JobState.CANCELLED
    load = machine.load()
    assert (load.devices_busy, load.jobs_running, load.jobs_pending) == (0, 0, 0)


def test_a_waiting_job_is_cancelled_and_never_starts(machine):
    machine.fill()
    waiting = machine.cluster.submit(machine.job("waiting"))
    machine.cluster.cancel(waiting)
    status = machine.cluster.states([waiting])[waiting]
    assert (status.state, status.started_at) == (JobState.CANCELLED, None)
    assert machine.token("waiting") not in [one.token for one in machine.usage(least=0)]


def test_cancelling_what_has_ended_changes_nothing(machine):
    job_id = machine.cluster.submit(machine.job("one"))
    ended = machine.until_ended(job_id)
    machine.cluster.cancel(job_id)
    assert machine.cluster.states([job_id]) == {job_id: ended}


def test_what_the_machine_never_heard_of_is_unknown(machine):
    assert machine.cluster.states(["nothing"])["nothing"].state is JobState.UNKNOWN
    assert machine.cluster.find("nothing") is None
    assert machine.cluster.account("nothing") is None
    with pytest.raises(NotFound):
        machine.cluster.cancel("nothing")


def test_an_account_is_what_was_put_last(machine):
    machine.put(120)
    wanted = machine.put(7_200)
    assert machine.cluster.account(machine.team) == machine.kept(wanted)
    machine.put(7_200)
    assert machine.cluster.account(machine.team) == machine.kept(wanted)


def test_an_account_without_a_limit_and_one_with_none_left_are_told_apart(machine):
    assert machine.cluster.account(machine.put(None).name).gpu_seconds_limit is None
    assert machine.cluster.account(machine.put(0).name).gpu_seconds_limit == 0


def test_all_accounts_are_read_at_once(machine):
    other = machine.put(120, f"{machine.team}-2", members=("fp0001", "fp0002"), programme="large_scale", is_open=False)
    found = machine.cluster.accounts()
    assert found[machine.team] == machine.cluster.account(machine.team)
    assert found[other.name] == machine.kept(other)


def test_who_leaves_an_account_may_charge_it_no_more_and_may_come_back(machine):
    for members in (("fp0001", "fp0002"), ("fp0002",), ("fp0001", "fp0002")):
        machine.put(120, members=members)
        assert machine.cluster.account(machine.team).members == members


def test_an_unknown_account_is_refused(machine):
    with pytest.raises(Refused) as told:
        machine.cluster.submit(machine.job("one", account="strangers"))
    assert told.value.what == "This machine has no account strangers."
    assert machine.cluster.find(machine.token("one")) is None


def test_a_job_that_could_pass_the_limit_is_refused_with_the_figures(small_machine):
    small_machine.put(3600)
    small_machine.cluster.submit(small_machine.job("one", seconds=LONG, time_limit_seconds=1800))
    with pytest.raises(Refused) as told:
        small_machine.cluster.submit(small_machine.job("two", time_limit_seconds=1801))
    assert told.value.what == (
        "The job may need 0.50 GPU-hours (1801 GPU-seconds) and the account team has "
        "0.50 GPU-hours (1800 GPU-seconds) left."
    )
    small_machine.cluster.submit(small_machine.job("three", time_limit_seconds=1800))


def test_what_a_job_did_not_use_is_free_again_when_it_ends(machine):
    machine.put(601)
    machine.until_ended(machine.cluster.submit(machine.job("one", time_limit_seconds=600)))
    used = sum(one.gpu_seconds for one in machine.usage())
    assert used in (0, 1)
    machine.cluster.submit(machine.job("two", time_limit_seconds=600))


def test_an_account_without_a_limit_is_never_full(machine):
    machine.put(None)
    machine.cluster.submit(machine.job("one", time_limit_seconds=30 * 86400))


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"devices": 3}, "The job asks for 3 devices."),
        ({"devices": 0}, "The job asks for 0 devices."),
        ({"time_limit_seconds": 0}, "The job asks for 0 seconds."),
        ({"argv": ()}, "The job's command cannot be run."),
        ({"argv": ("a\0b",)}, "The job's command cannot be run."),
        ({"folder": Path("relative")}, "The job's folder relative is not an absolute path."),
        ({"env": {"AWS_SECRET_ACCESS_KEY": "x"}}, "The job may not be given AWS_SECRET_ACCESS_KEY."),
        ({"env": {"LD_PRELOAD": "x"}}, "The job may not be given LD_PRELOAD."),
        ({"name": "a b"}, "The job's name 'a b' is not a plain name of at most 64 letters."),
        ({"token": "../up"}, "The job's token '../up' is not a plain name of at most 128 letters."),
    ],
)
def test_a_request_out_of_bounds_is_refused(machine, change, what):
    with pytest.raises(Refused) as told:
        machine.cluster.submit(replace(machine.job("one"), **change))
    assert told.value.what == what


def test_use_before_the_asked_time_is_left_out(machine):
    ended = machine.until_ended(machine.cluster.submit(machine.job("one"))).ended_at
    assert [one.token for one in machine.usage(ended)] == [machine.token("one")]
    assert machine.usage(ended + timedelta(hours=1), least=0) == []


def test_a_running_job_counts_as_use_without_an_end(machine):
    machine.until_started(machine.cluster.submit(machine.job("one", seconds=LONG)))
    (used,) = machine.usage(LATER)
    assert (used.ended_at, used.state) == (None, JobState.RUNNING)


def test_output_is_read_from_either_end(machine):
    folder = machine.folder
    (folder / "out").mkdir()
    (folder / "out" / "words.txt").write_bytes(b"0123456789")
    read = machine.cluster.read_output
    assert read(folder, "out/words.txt", 0, 4) == b"0123"
    assert read(folder, "out/words.txt", 4, 100) == b"456789"
    assert read(folder, "out/words.txt", -3, 100) == b"789"
    assert read(folder, "out/words.txt", -30, 2) == b"01"
    assert read(folder, "out/words.txt", 10, 100) == b""


def test_output_that_is_not_there_is_not_found(machine):
    with pytest.raises(NotFound):
        machine.cluster.read_output(machine.folder, "log.txt", 0, 100)


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "", "out/../../secret", "a/b/c/d/e/f/g/h/i"])
def test_output_outside_the_folder_is_refused(machine, name):
    with pytest.raises(Refused):
        machine.cluster.read_output(machine.folder, name, 0, 100)


def test_a_link_in_the_folder_is_not_followed(machine, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "secret").write_text("secret")
    (machine.folder / "log.txt").symlink_to(elsewhere / "secret")
    (machine.folder / "out").symlink_to(elsewhere)
    for name in ("log.txt", "out/secret", "out"):
        with pytest.raises(NotFound):
            machine.cluster.read_output(machine.folder, name, 0, 100)
