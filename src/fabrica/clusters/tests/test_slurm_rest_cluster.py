"""What only a real slurmrestd shows: whose token counts, what is dropped, and what a site's own hand keeps."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fabrica.clusters.adapters.port import JobState
from fabrica.clusters.adapters.slurm import rest as rest_module
from fabrica.clusters.adapters.slurm.rest_client import RestClient
from fabrica.clusters.tests.slurm_stage import (
    BEGINNING,
    CONF_13,
    DEBIAN_13,
    RUNS_AS,
    OnNewerSlurm,
    OnRest,
    settings,
    slurm_rest,
)
from fabrica.kit.errors import Refused, Unreachable

pytestmark = pytest.mark.slurm13
THERE = DEBIAN_13 / "var/tmp/fabrica-slurm13"
sys.path.insert(0, str(Path(__file__).resolve().parents[4] / "tests/slurm"))


@pytest.fixture
def machine():
    machine = OnRest()
    machine.cluster.devices_total = 8
    machine.put(36_000)
    yield machine
    machine.close()


@pytest.fixture
def others():
    """More ways to the same machine, closed at the end."""
    made = []
    yield lambda **changes: made.append(slurm_rest(**changes)) or made[-1]
    for one in made:
        one.client.close()


def ask(*command):
    argv = ["chroot", DEBIAN_13, "env", f"SLURM_CONF={CONF_13}", *command]
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=60).stdout


def pid_of(daemon):
    return int((THERE / f"run/{daemon}.pid").read_text())


def keep_token(file, account, seconds):
    import tokens

    file.touch(mode=0o600)
    file.write_text(tokens.token((THERE / "etc/jwt_hs256.key").read_bytes(), account, seconds))
    return str(file)


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


def test_the_job_runs_as_the_projects_account_without_a_secret_of_the_portal(machine, monkeypatch):
    monkeypatch.setenv("FABRICA_SECRET_KEY", "a secret of the portal")
    job = machine.job("one", argv=("sh", "-c", "id -un > who.txt; env > env.txt"), env={"FABRICA_RUN": "x"})
    machine.until_ended(machine.cluster.submit(job))
    assert (machine.folder / "who.txt").read_text() == f"{RUNS_AS}\n"
    told = (machine.folder / "env.txt").read_text()
    assert "FABRICA_RUN=x\n" in told
    assert [one for one in ("SECRET", "JWT", "TOKEN") if one in told] == []


def test_two_processes_on_two_nodes_are_told_where_they_meet(machine):
    words = 'echo "$SLURM_PROCID $SLURM_NTASKS $SLURMD_NODENAME $MASTER_ADDR" >> told.$SLURM_PROCID'
    job = machine.job("one", argv=("sh", "-c", words), devices=2, nodes=2, tasks=2)
    assert machine.until_ended(machine.cluster.submit(job)).state is JobState.COMPLETED
    told = [(machine.folder / f"told.{rank}").read_text().split() for rank in (0, 1)]
    assert [(one[0], one[1], one[3]) for one in told] == [("0", "2", "127.0.0.1"), ("1", "2", "127.0.0.1")]
    assert told[0][2] != told[1][2]
    assert [one.devices for one in machine.usage()] == [2]


def test_a_run_longer_than_its_partition_is_a_chain_that_one_submission_hands_over(machine):
    machine.put(36_000, programme="short")
    words = "n=$(cat count 2>/dev/null || echo 0); echo $((n+1)) > count; [ $n = 2 ] && exit 0; sleep 2; exit 143"
    job = machine.job("one", argv=("bash", "-c", words), programme="short", time_limit_seconds=300)
    job_id = machine.cluster.submit(job)
    load = machine.load()
    assert load.jobs_running + load.jobs_pending == 5
    assert machine.until_ended(job_id).state is JobState.COMPLETED
    assert (machine.folder / "count").read_text() == "3\n"
    assert [one.token for one in machine.usage(least=3)] == [machine.token("one")] * 3


def test_each_start_of_a_job_that_was_put_back_is_counted_once(machine):
    job = machine.job("one", argv=("sh", "-c", "[ -e began ] && exit 0; touch began; sleep 300"))
    job_id = machine.cluster.submit(job)
    machine.until(job_id, lambda _one: (machine.folder / "began").exists())
    time.sleep(2)
    ask("scontrol", "requeue", job_id)
    status = machine.until_ended(job_id)
    assert (status.state, status.restarts) == (JobState.COMPLETED, 1)
    starts = machine.usage(least=2)
    assert [(one.job_id, one.state) for one in starts] == [(job_id, JobState.LOST), (job_id, JobState.COMPLETED)]
    assert starts[0].ended_at <= starts[1].started_at


def test_many_jobs_are_asked_for_at_once_and_told_as_one_by_one(machine):
    ids = [machine.cluster.submit(machine.job(f"job-{number}", exit_code=number % 2)) for number in range(12)]
    for one in ids:
        machine.until_ended(one)
    asked = [*ids, "999999", "nothing"]
    assert machine.cluster.states(asked) == {one: machine.cluster.states([one])[one] for one in asked}


def test_usage_is_the_same_over_rest_and_over_the_command_line(machine):
    machine.until_ended(machine.cluster.submit(machine.job("one")))
    machine.usage()
    line = OnNewerSlurm.machine(None)
    ended = lambda found: sorted((one for one in found if one.ended_at), key=lambda one: one.key)  # noqa: E731
    assert ended(machine.cluster.usage(BEGINNING)) == ended(line.usage(BEGINNING))


def test_usage_in_many_small_windows_is_told_once_and_whole(machine, monkeypatch):
    for name in ("one", "two", "three"):
        machine.until_ended(machine.cluster.submit(machine.job(name, seconds=1)))
    running = machine.cluster.submit(machine.job("four", seconds=300))
    machine.until_started(running)
    whole = machine.usage(least=4)
    since = min(one.submitted_at for one in whole)
    asked = []
    get = machine.cluster.client.get

    def counted(path, pairs=(), **options):
        asked.append(path)
        return get(path, pairs, **options)

    monkeypatch.setattr(machine.cluster.client, "get", counted)
    monkeypatch.setattr(rest_module, "MAX_WINDOW_BYTES", 7_000)  # three jobs and a bit
    found = [one for one in machine.cluster.usage(since) if one.account == machine.team]
    assert len(asked) > 5
    assert [one.key for one in sorted(found, key=lambda one: one.started_at)] == [one.key for one in whole]


def test_a_token_that_expired_is_told_and_one_that_was_renewed_is_used(machine, others, tmp_path):
    file = tmp_path / "token"
    keep_token(file, "fabrica", -10)
    hasty = others(token_file=str(file))
    with pytest.raises(Unreachable) as told:
        hasty.load()
    assert told.value.what == "The machine does not take the token of fabrica."
    with pytest.raises(Unreachable) as told:
        hasty.accounts()  # another daemon is asked, and says it with other numbers
    assert told.value.what == "The machine does not take the token of fabrica."
    keep_token(file, "fabrica", 600)
    assert hasty.load().devices_total == 8


def test_the_token_of_another_account_hands_over_no_job(machine, others, tmp_path):
    (tmp_path / "tokens").mkdir()
    keep_token(tmp_path / "tokens" / RUNS_AS, "fp0002", 600)
    with pytest.raises(Unreachable) as told:
        others(tokens_folder=str(tmp_path / "tokens")).submit(machine.job("one"))
    assert told.value.what == f"The machine does not take the token of {RUNS_AS}."
    assert machine.cluster.find(machine.token("one")) is None


def test_the_token_of_who_administers_nothing_changes_nothing(machine, others, tmp_path):
    weak = others(user="fp0001", token_file=keep_token(tmp_path / "token", "fp0001", 600))
    before = machine.cluster.account(machine.team)
    cluster, machine.cluster = machine.cluster, weak
    try:
        with pytest.raises(Refused) as told:
            machine.put(72_000)
    finally:
        machine.cluster = cluster
    assert "Access/permission denied" in told.value.why
    assert machine.cluster.account(machine.team) == before


def test_what_a_site_set_on_our_budget_itself_stays(machine):
    qos = f"fabrica_{machine.team}"
    show = ["sacctmgr", "-nP", "show", "qos", f"name={qos}", "format=Flags,GrpTRESMins,MaxWall,MaxJobsPU,GraceTime"]
    ask("sacctmgr", "-i", "modify", "qos", f"name={qos}", "set", "MaxWall=100", "MaxJobsPU=7", "Flags+=UsageFactorSafe",
        "GraceTime=9", "GrpTRESMins+=cpu=50000")  # fmt: skip
    machine.put(72_000, is_open=False)
    assert ask(*show) == "NoDecay,UsageFactorSafe|cpu=50000,gres/gpu=1200|01:40:00|7|00:00:09\n"


def test_a_hand_that_takes_the_budgets_mark_of_no_decay_away_is_seen(machine):
    ask("sacctmgr", "-i", "modify", "qos", "where", f"name=fabrica_{machine.team}", "set", "Flags=-1")
    assert machine.cluster.account(machine.team).gpu_seconds_limit == 0
    machine.put(36_000)
    assert machine.cluster.account(machine.team).gpu_seconds_limit == 36_000


def test_what_is_not_ours_is_never_touched(machine):
    name = f"chem-{machine.mark}"
    ask("sacctmgr", "-i", "add", "account", name, "Organization=chemistry", "Description=theirs")
    try:
        with pytest.raises(Refused) as told:
            machine.put(60, name)
        assert told.value.what == f"The account {name} belongs to something else on this machine."
        assert name not in machine.cluster.accounts()
    finally:
        machine.made.discard(name)
        ask("sacctmgr", "-i", "delete", "account", f"name={name}")


def test_putting_an_account_twice_changes_nothing(machine, monkeypatch):
    monkeypatch.setattr(machine.cluster.client, "post", lambda *told: pytest.fail(f"it was changed again: {told}"))
    machine.put(36_000)
    monkeypatch.undo()


def test_a_project_moves_to_another_programme_with_its_members_and_its_budget(machine):
    wanted = machine.put(36_000, programme="large_scale", members=("fp0001", "fp0002"))
    assert machine.cluster.account(machine.team) == machine.kept(wanted)
    assert ask("sacctmgr", "-nP", "show", "qos", f"name=fabrica_{machine.team}", "format=Priority") == "100\n"


class LosesAnswers(RestClient):
    """Hands the submission over, and the answer is lost on the way."""

    def post(self, path, body, run_as=""):
        answer = super().post(path, body, run_as)
        if path == "slurm/job/submit":
            raise Unreachable("The answer was lost.")
        return answer


def test_a_submission_whose_answer_was_lost_is_found_again(machine, others):
    lossy = others()
    lossy.client.close()
    lossy.client = LosesAnswers(lossy.settings.rest, 30)
    with pytest.raises(Unreachable):
        lossy.submit(machine.job("one"))
    found = machine.cluster.find(machine.token("one"))
    assert machine.cluster.submit(machine.job("one")) == found
    assert ask("squeue", "-h", "-a", "-t", "all", "--name", machine.token("one"), "-o", "%A").split() == [found]


def test_while_slurmctld_hangs_nothing_is_handed_over(machine, others):
    hasty = others()
    hasty.client.timeout_seconds = 3
    hasty.client._http.timeout = 3
    os.kill(pid_of("slurmctld"), signal.SIGSTOP)
    try:
        with pytest.raises(Unreachable):
            hasty.submit(machine.job("one"))
    finally:
        os.kill(pid_of("slurmctld"), signal.SIGCONT)
    first = machine.cluster.submit(machine.job("one"))
    assert machine.cluster.submit(machine.job("one")) == first


def test_the_accounting_away_is_told_and_loses_nothing(machine):
    machine.until_ended(machine.cluster.submit(machine.job("one")))
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
            with pytest.raises(Unreachable) as told:
                question()
            assert "token" not in told.value.what
    finally:
        ask("slurmdbd")
        deadline = time.monotonic() + 60
        while "dev" not in subprocess.run(
            ["chroot", DEBIAN_13, "env", f"SLURM_CONF={CONF_13}", "sacctmgr", "-n", "show", "cluster"],
            check=False, capture_output=True, text=True,
        ).stdout:  # fmt: skip
            assert time.monotonic() < deadline
            time.sleep(0.2)
    assert [one.token for one in machine.usage()] == [machine.token("one")]


def test_a_partition_that_does_not_exist_is_told(others, machine):
    other = others()
    other.settings = other.settings.__class__(**{**vars(other.settings), "partition": "nowhere", "programmes": {}})
    with pytest.raises(Refused) as told:
        other.submit(machine.job("one"))
    assert told.value.what == "The partition of this access mode does not exist on the machine."


MODES = {"large": {"partition": "all", "priority": 100, "preempts": ["low"]}, "low": {"partition": "all"}}


def test_precedence_by_qos_is_kept_and_read_back_in_whatever_order_projects_come(machine):
    machine.cluster.settings = settings(conf=CONF_13, programmes=MODES, preemption="qos")
    names = {f"{machine.team}-{number}": mode for number, mode in enumerate(("low", "large", "low", "large"))}
    put = [machine.put(36_000, name=name, programme=mode) for name, mode in names.items()]
    there = machine.cluster.accounts()
    assert {name: there[name] for name in names} == {one.name: machine.kept(one) for one in put}
    budgets = machine.cluster._found().budgets
    below = {f"fabrica_{name}" for name, mode in names.items() if mode == "low"}
    assert [below <= budgets[f"fabrica_{name}"].preempts for name, mode in names.items() if mode == "large"] == [
        True
    ] * 2
    assert {budgets[name].preempt_mode for name in below} == {"requeue"}


def test_a_budget_of_nodes_is_kept_and_the_one_of_devices_lifted(machine):
    machine.put(1_200)
    machine.cluster.settings = settings(conf=CONF_13, units={"billed_by": "node"})
    assert machine.cluster.account(machine.team).gpu_seconds_limit == 0
    machine.put(1_019)
    assert machine.cluster.account(machine.team).gpu_seconds_limit == 960
    budget = machine.cluster._found(machine.team).budgets[f"fabrica_{machine.team}"]
    assert (budget.minutes, budget.has_other_limit) == (8, False)
