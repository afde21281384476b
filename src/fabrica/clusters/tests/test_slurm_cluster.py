"""What only a real Slurm cluster shows: budgets that hold, chains, precedence, accounts of others, and faults."""

import os
import pwd
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from fabrica.clusters.adapters.port import JobState
from fabrica.clusters.adapters.slurm import clock_skew_seconds
from fabrica.clusters.adapters.slurm.shell import Here, become
from fabrica.clusters.tests.slurm_stage import BEGINNING, ROOT, RUNS_AS, OnSlurm, slurm
from fabrica.kit.errors import Refused, Unreachable

pytestmark = pytest.mark.slurm
ENV = {**os.environ, "SLURM_CONF": str(ROOT / "etc/slurm.conf")}


@pytest.fixture
def machine():
    machine = OnSlurm()
    machine.cluster.devices_total = 8
    machine.put(36_000)
    yield machine
    machine.close()


@pytest.fixture
def other():
    machine = OnSlurm()
    machine.cluster.devices_total = 8
    machine.put(36_000, programme="large_scale", members=("fp0002",))
    yield machine
    machine.close()


def ask(*command):
    return subprocess.run(command, env=ENV, check=True, capture_output=True, text=True, timeout=60).stdout


def pid_of(daemon):
    return int((ROOT / f"run/{daemon}.pid").read_text())


def test_a_job_beyond_the_budget_waits_and_says_so_until_a_larger_budget_starts_it(machine):
    machine.put(120)
    job_id = machine.cluster.submit(machine.job("one", time_limit_seconds=180))
    status = machine.until(job_id, lambda one: one.reason_code not in ("", "None"))
    assert (status.state, status.reason_code, status.starts_at) == (JobState.PENDING, "QOSGrpGRESMinutes", None)
    machine.put(180)
    assert machine.until_ended(job_id).state is JobState.COMPLETED


def test_a_closed_account_takes_no_job_and_an_open_one_does(machine):
    machine.put(36_000, is_open=False)
    with pytest.raises(Refused) as told:
        machine.cluster.submit(machine.job("one"))
    assert told.value.what == "The project may submit no more jobs."
    machine.put(36_000)
    assert machine.until_ended(machine.cluster.submit(machine.job("one"))).state is JobState.COMPLETED


def test_who_is_no_member_may_not_charge_the_account(machine):
    with pytest.raises(Refused) as told:
        machine.cluster.submit(machine.job("one", run_as="fp0003"))
    assert told.value.what == "The machine does not let this job be charged to its account."


@pytest.mark.parametrize("name", ["root", "-u root", "a b", "fp0001;id", "FP0001"])
def test_a_job_runs_as_no_other_account_than_a_plain_one(machine, name):
    with pytest.raises(Refused):
        machine.cluster.submit(machine.job("one", run_as=name))


def test_the_job_runs_as_the_projects_account_without_a_secret_of_the_portal(machine, monkeypatch):
    monkeypatch.setenv("FABRICA_SECRET_KEY", "a secret of the portal")
    job = machine.job("one", argv=("sh", "-c", "id -un > who.txt; env > env.txt"), env={"FABRICA_RUN": "x"})
    machine.until_ended(machine.cluster.submit(job))
    assert (machine.folder / "who.txt").read_text() == f"{RUNS_AS}\n"
    names = {line.partition("=")[0] for line in (machine.folder / "env.txt").read_text().splitlines()}
    strange = {one for one in names if not one.startswith(("SLURM", "SRUN_", "MASTER_"))}
    assert strange <= {
        "FABRICA_RUN", "PATH", "LANG", "HOME", "PWD", "OLDPWD", "SHLVL", "_", "TMPDIR", "ENVIRONMENT", "HOSTNAME",
        "CUDA_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL", "ROCR_VISIBLE_DEVICES", "ZE_AFFINITY_MASK", "USER", "LOGNAME",
        "SHELL", "MAIL", "LS_COLORS",
    }  # fmt: skip


AS_THE_PORTAL = """
from fabrica.clusters.tests.slurm_stage import OnSlurm
machine = OnSlurm()
machine.put(36_000)
job = machine.job("one", argv=("sh", "-c", "umask 077; id -un > who.txt; sleep 1"))
status = machine.until_ended(machine.cluster.submit(job))
told = machine.cluster.read_output(machine.folder, "log.txt", 0, 1000)
waiting = machine.cluster.submit(machine.job("two", seconds=60))
machine.cluster.cancel(waiting)
print(status.state, machine.until_ended(waiting).state, (machine.folder / "who.txt").stat().st_uid, told)
machine.close()
"""
PORTAL = ["setpriv", "--reuid=fabrica", "--regid=fabrica", "--clear-groups"]


def test_a_portal_without_rights_of_its_own_hands_over_follows_reads_and_cancels():
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[3]), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [*PORTAL, sys.executable, "-c", AS_THE_PORTAL]
    done = subprocess.run(command, env=env, cwd="/", capture_output=True, text=True, timeout=150)
    assert done.stdout == f"COMPLETED CANCELLED {pwd.getpwnam(RUNS_AS).pw_uid} b''\n", done.stderr


@pytest.mark.parametrize(
    ("run_as", "command"),
    [(RUNS_AS, ["id"]), (RUNS_AS, ["sbatch"]), ("root", ["sbatch", "--parsable"]), ("slurm", ["sbatch", "--parsable"])],
)
def test_the_sudo_rule_allows_nothing_else(run_as, command):
    env = {"PATH": "/usr/sbin:/usr/bin:/bin"}
    asked = [*PORTAL, "sudo", "-n", "-u", run_as, "--", *command]
    done = subprocess.run(asked, env=env, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert (done.returncode, done.stderr.strip()) == (1, "sudo: a password is required")


def test_two_processes_on_two_nodes_are_told_where_they_meet(machine):
    words = 'echo "$SLURM_PROCID $SLURM_NTASKS $SLURMD_NODENAME $MASTER_ADDR $MASTER_PORT" >> told.$SLURM_PROCID'
    job = machine.job("one", argv=("sh", "-c", words), devices=2, nodes=2, tasks=2)
    job_id = machine.cluster.submit(job)
    assert machine.until_ended(job_id).state is JobState.COMPLETED
    told = [(machine.folder / f"told.{rank}").read_text().split() for rank in (0, 1)]
    port = str(20_000 + int(job_id) % 20_000)
    assert [one[:2] for one in told] == [["0", "2"], ["1", "2"]]
    assert told[0][2] != told[1][2]
    assert [one[3:] for one in told] == [["127.0.0.1", port]] * 2
    (used,) = machine.usage()
    assert used.devices == 2


CHAIN = """
n=$(cat count 2>/dev/null || echo 0); n=$((n+1)); echo $n > count
trap 'echo told >> warned; exit 143' USR1 TERM
[ $n = 3 ] && exit 0
sleep 2; exit 143
"""


def test_a_run_longer_than_its_partition_is_a_chain_that_one_submission_hands_over(machine):
    machine.put(36_000, programme="short")
    job = machine.job("one", argv=("bash", "-c", CHAIN), programme="short", time_limit_seconds=300)
    job_id = machine.cluster.submit(job)
    assert ask("squeue", "-h", "-a", "-r", "-j", job_id).count("\n") == 5
    status = machine.until_ended(job_id)
    assert (status.state, status.exit_code) == (JobState.COMPLETED, 0)
    assert (machine.folder / "count").read_text() == "3\n"
    assert [one.token for one in machine.usage(least=3)] == [machine.token("one")] * 3


def test_a_chain_ends_with_the_link_that_failed_for_good(machine):
    machine.put(36_000, programme="short")
    job = machine.job("one", argv=("bash", "-c", "exit 3"), programme="short", time_limit_seconds=300)
    status = machine.until_ended(machine.cluster.submit(job))
    assert (status.state, status.exit_code) == (JobState.FAILED, 3)
    assert len(machine.usage()) == 1


RESUMES = """
trap 'echo stopped >> stopped; exit 143' TERM USR1
[ -e stopped ] && exit 0
touch began
for i in $(seq 600); do sleep 0.2; done
"""


def ran_between(starts, others):
    """The one start of another team's job took the place of the first of two, and the second came after it."""
    (first, second), (between,) = starts, others
    assert [one.state for one in (first, between, second)] == [JobState.LOST, JobState.COMPLETED, JobState.COMPLETED]
    assert first.ended_at <= between.started_at < between.ended_at <= second.started_at


def test_a_job_that_is_preempted_goes_back_into_the_queue_and_both_starts_are_billed(machine, other):
    job = machine.job("one", argv=("bash", "-c", RESUMES), devices=8, tasks=4)
    victim = machine.cluster.submit(job)
    machine.until(victim, lambda _one: (machine.folder / "began").exists())
    time.sleep(2)
    large = other.job("large", seconds=3, devices=8, programme="large_scale", run_as="fp0002")
    winner = other.cluster.submit(large)
    again = machine.until(victim, lambda one: one.restarts > 0 or one.state.ended)
    assert (again.state.ended, again.restarts) == (False, 1)
    assert other.until_ended(winner).state is JobState.COMPLETED
    assert machine.until_ended(victim).state is JobState.COMPLETED
    starts = machine.usage(least=2)
    ran_between(starts, other.usage(least=1))
    assert len({one.key for one in starts}) == 2
    for one in starts:
        assert one.gpu_seconds == 8 * int((one.ended_at - one.started_at).total_seconds())


def test_a_lost_node_puts_the_job_back_and_it_ends_elsewhere(machine):
    job = machine.job(
        "one", argv=("bash", "-c", "[ -e ran ] && exit 0; touch ran; echo $SLURMD_NODENAME > node; sleep 300")
    )
    job_id = machine.cluster.submit(job)
    machine.until(job_id, lambda _one: (machine.folder / "node").exists() and (machine.folder / "node").read_text())
    node = (machine.folder / "node").read_text().strip()
    ask("scontrol", "update", f"nodename={node}", "state=down", "reason=test")
    try:
        assert machine.until_ended(job_id).state is JobState.COMPLETED
    finally:
        back = ["scontrol", "update", f"nodename={node}", "state=resume"]  # it may have come back by itself
        subprocess.run(back, env=ENV, check=False, capture_output=True)
    assert len(machine.usage(least=2)) == 2


def test_suspended_time_is_not_charged(machine):
    job_id = machine.cluster.submit(machine.job("one", argv=("sh", "-c", "touch began; sleep 4")))
    machine.until(job_id, lambda _one: (machine.folder / "began").exists())  # srun survives no suspension before
    ask("scontrol", "suspend", job_id)
    time.sleep(6)
    ask("scontrol", "resume", job_id)
    machine.until_ended(job_id)
    (used,) = machine.usage()
    span = (used.ended_at - used.started_at).total_seconds()
    assert span - used.gpu_seconds >= 5


def test_a_submission_while_slurmctld_hangs_leaves_one_job(machine):
    hasty = slurm(timeout_seconds=3)
    os.kill(pid_of("slurmctld"), signal.SIGSTOP)
    try:
        # the token is looked for first: as long as nobody answers, nothing is handed over
        with pytest.raises(Unreachable):
            hasty.submit(machine.job("one"))
    finally:
        os.kill(pid_of("slurmctld"), signal.SIGCONT)
    first = machine.cluster.submit(machine.job("one"))
    assert machine.cluster.submit(machine.job("one")) == first
    assert ask("squeue", "-h", "-a", "-t", "all", "--name", machine.token("one"), "-o", "%A").split() == [first]


class LosesAnswers(Here):
    """Hands the submission over, and the answer is lost on the way."""

    def run(self, argv, *, stdin="", run_as=""):
        answer = super().run(argv, stdin=stdin, run_as=run_as)
        if argv[0] == "sbatch":
            raise Unreachable("The answer was lost.")
        return answer


def test_a_submission_whose_answer_was_lost_is_found_again(machine):
    lossy = slurm()
    lossy.shell = LosesAnswers(lossy.shell.env, 30)
    with pytest.raises(Unreachable):
        lossy.submit(machine.job("one"))
    found = machine.cluster.find(machine.token("one"))
    assert machine.cluster.submit(machine.job("one")) == found
    assert ask("squeue", "-h", "-a", "-t", "all", "--name", machine.token("one"), "-o", "%A").split() == [found]


def test_two_workers_that_submit_one_job_at_once_after_another_start_it_once(machine):
    answers = [machine.cluster.submit(machine.job("one", seconds=5)) for _ in range(2)]
    assert len(set(answers)) == 1


def test_the_accounting_away_is_told_and_loses_nothing(machine):
    job_id = machine.cluster.submit(machine.job("one"))
    machine.until_ended(job_id)
    pid = pid_of("slurmdbd")
    os.kill(pid, signal.SIGTERM)
    while Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2][:3]:
        time.sleep(0.1)
    try:
        for question in (
            lambda: list(machine.cluster.usage(BEGINNING)),
            machine.cluster.accounts,
            lambda: machine.put(60),
        ):
            with pytest.raises(Unreachable):
                question()
    finally:
        subprocess.run(["slurmdbd"], env=ENV, check=True)
        while subprocess.run(
            ["sacctmgr", "-n", "show", "cluster"], env=ENV, check=False, capture_output=True
        ).returncode:
            time.sleep(0.2)
    assert [one.token for one in machine.usage()] == [machine.token("one")]


def test_a_cluster_that_answers_slowly_is_waited_for_and_no_longer_than_agreed(machine):
    pid = pid_of("slurmctld")
    os.kill(pid, signal.SIGSTOP)
    timer = threading.Timer(6, os.kill, (pid, signal.SIGCONT))
    timer.start()
    try:
        assert machine.cluster.load().devices_total == 8
    finally:
        timer.join()


class AnswersLate(Here):
    """The real commands, each of which is done at once and answers half a minute later."""

    LATE = ("sh", "-c", '"$@"; ended=$?; sleep 30; exit $ended', "late")

    def run(self, argv, *, stdin="", run_as=""):
        only = ("squeue", "sbatch")
        late = [*self.LATE, *become(argv, run_as, self._kept)] if argv[0] in only else argv
        return super().run(late, stdin=stdin, run_as="" if argv[0] in only else run_as)


def test_a_cluster_that_answers_after_half_a_minute_is_understood_where_so_long_is_agreed(machine):
    job_id = machine.cluster.submit(machine.job("one", seconds=120))
    patient = slurm()
    patient.shell = AnswersLate(patient.shell.env, 60)
    assert patient.states([job_id])[job_id].state in (JobState.PENDING, JobState.RUNNING)


def test_a_cluster_that_answers_after_half_a_minute_gets_one_job_of_who_waits_five_seconds(machine):
    hasty = slurm()
    hasty.shell = AnswersLate(hasty.shell.env, 5)
    with pytest.raises(Unreachable):
        hasty.states(["1"])
    hasty._find = lambda token: None  # the question before found nothing; only the submission is late
    with pytest.raises(Unreachable):
        hasty.submit(machine.job("one"))
    found = machine.cluster.find(machine.token("one"))
    assert machine.cluster.submit(machine.job("one")) == found
    assert ask("squeue", "-h", "-a", "-t", "all", "--name", machine.token("one"), "-o", "%A").split() == [found]


def test_the_clocks_of_portal_and_machine_are_compared(machine):
    assert abs(clock_skew_seconds(machine.cluster)) < 5


def test_what_a_hand_deleted_is_seen_and_made_again(machine):
    ask("sacctmgr", "-i", "delete", "user", f"name={RUNS_AS}", f"account={machine.team}")
    ask("sacctmgr", "-i", "delete", "account", f"name={machine.team}")
    assert machine.cluster.account(machine.team) is None
    wanted = machine.put(36_000)
    assert machine.cluster.account(machine.team) == machine.kept(wanted)


def test_what_is_not_ours_is_never_touched(machine):
    ask("sacctmgr", "-i", "add", "account", f"chem-{machine.mark}", "Organization=chemistry", "Description=theirs")
    try:
        with pytest.raises(Refused) as told:
            machine.put(60, f"chem-{machine.mark}")
        assert told.value.what == f"The account chem-{machine.mark} belongs to something else on this machine."
        assert f"chem-{machine.mark}" not in machine.cluster.accounts()
    finally:
        machine.made.discard(f"chem-{machine.mark}")
        ask("sacctmgr", "-i", "delete", "account", f"name=chem-{machine.mark}")


def test_putting_an_account_twice_changes_nothing(machine, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(machine.cluster, "_change", lambda command: pytest.fail(f"it was changed again: {command}"))
        machine.put(36_000)


def test_a_hand_that_takes_the_budgets_mark_of_no_decay_away_is_seen(machine):
    ask("sacctmgr", "-i", "modify", "qos", "where", f"name=fabrica_{machine.team}", "set", "Flags=-1")
    assert machine.cluster.account(machine.team).gpu_seconds_limit == 0
    machine.put(36_000)
    assert machine.cluster.account(machine.team).gpu_seconds_limit == 36_000


def test_the_use_of_a_budget_does_not_fade(machine):
    assert "NoDecay" in ask("sacctmgr", "-nP", "show", "qos", f"name=fabrica_{machine.team}", "format=Flags")


def test_a_job_that_an_operator_put_back_ends_with_its_second_start(machine):
    job = machine.job("one", argv=("sh", "-c", "[ -e began ] && exit 0; touch began; sleep 300"))
    job_id = machine.cluster.submit(job)
    machine.until(job_id, lambda _one: (machine.folder / "began").exists())
    ask("scontrol", "requeue", job_id)
    status = machine.until_ended(job_id)
    assert (status.state, status.restarts) == (JobState.COMPLETED, 1)


def test_a_members_own_script_with_the_card_is_charged_to_the_account(machine):
    card = machine.cluster.access_card(machine.team, "")
    script = "\n".join(["#!/bin/sh", *card, "#SBATCH --output=/dev/null", "sleep 60", ""])
    done = machine.cluster.shell.run(["sbatch", "--parsable"], stdin=script, run_as=RUNS_AS)
    assert done.code == 0, done.err
    try:
        told = ask("squeue", "-h", "-j", done.out.strip(), "-o", "%a %q %P %u").split()
        assert told == [machine.team, f"fabrica_{machine.team}", "all", RUNS_AS]
    finally:
        ask("scancel", done.out.strip())
