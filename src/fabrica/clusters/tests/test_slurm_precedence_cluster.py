"""Precedence by QoS on the real cluster, whose `PreemptType` is another one for as long."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from fabrica.clusters.adapters.port import JobState
from fabrica.clusters.tests.slurm_stage import ROOT, OnSlurm, slurm
from fabrica.clusters.tests.test_slurm_cluster import ENV, RESUMES, pid_of, ran_between

pytestmark = pytest.mark.slurm
MODES = {
    "large": {"partition": "all", "priority": 100, "preempts": ["low"]},
    "low": {"partition": "all"},
}
PATIENCE_SECONDS = 60


def until(true):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def answers():
    done = subprocess.run(["scontrol", "ping"], env=ENV, check=False, capture_output=True, text=True, timeout=60)
    return "UP" in done.stdout


def is_there(pid):
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def restart():
    pid = pid_of("slurmctld")
    os.kill(pid, signal.SIGTERM)
    until(lambda: not is_there(pid))
    subprocess.run(["slurmctld"], env=ENV, check=True, timeout=60)
    until(answers)


@pytest.fixture
def by_qos():
    conf = ROOT / "etc/slurm.conf"
    before = conf.read_text()
    conf.write_text(before.replace("PreemptType=preempt/partition_prio", "PreemptType=preempt/qos"))
    restart()
    yield slurm(programmes=MODES, preemption="qos")
    conf.write_text(before)
    restart()


@pytest.fixture
def teams(by_qos):
    found = {}
    for mode, account in (("low", "fp0001"), ("large", "fp0002")):
        found[mode] = OnSlurm(cluster=by_qos)
        found[mode].cluster.devices_total = 8
        found[mode].put(36_000, programme=mode, members=(account,))
    yield found
    for one in found.values():
        one.close()


def test_a_job_of_a_higher_mode_takes_the_place_of_a_lower_one_which_goes_on_later(teams):
    low, large = teams["low"], teams["large"]
    specs = low.cluster.accounts()
    assert {mode: specs[one.team].programme for mode, one in teams.items()} == {"low": "low", "large": "large"}
    victim = low.cluster.submit(low.job("one", argv=("bash", "-c", RESUMES), devices=8, tasks=4, programme="low"))
    low.until(victim, lambda _one: (low.folder / "began").exists())
    time.sleep(2)
    wish = large.job("two", seconds=3, devices=8, programme="large", run_as="fp0002")
    winner = large.cluster.submit(wish)
    again = low.until(victim, lambda one: one.restarts > 0 or one.state.ended)
    assert (again.state.ended, again.restarts) == (False, 1)
    assert large.until_ended(winner).state is JobState.COMPLETED
    assert low.until_ended(victim).state is JobState.COMPLETED
    ran_between(low.usage(least=2), large.usage(least=1))


def test_a_project_that_comes_later_is_named_by_those_above_and_read_back_in_its_place(teams):
    low, large = teams["low"], teams["large"]
    second = low.put(36_000, name=f"{low.team}-b", programme="low")
    there = low.cluster.accounts()
    assert there[second.name] == low.kept(second)
    assert there[large.team].programme == "large"
    closed = low.put(36_000, name=second.name, programme="low", is_open=False)
    assert low.cluster.account(second.name) == low.kept(closed)
    low.put(36_000, name=second.name, programme="low")
    assert low.cluster.account(second.name) == low.kept(second)
