"""The worker meets a Slurm that hangs, fails or answers with nonsense: nothing is lost or booked, and it is said."""

from datetime import timedelta

import pytest
from fabrica.allocations import tasks as allocations
from fabrica.allocations.models import ClusterAccount, JobBooking
from fabrica.allocations.queries import balance, charged_as, check_ledger
from fabrica.clusters import queries as clusters
from fabrica.clusters import tasks as machines
from fabrica.clusters.models import JobUsage, Machine, UsageMark
from fabrica.clusters.tests.commands import Commands
from fabrica.clusters.tests.test_slurm_malformed import GARBAGE
from fabrica.training import tasks
from fabrica.training.models import Run
from fabrica.training.states import State

pytestmark = pytest.mark.long

LATER = timedelta(minutes=10)
BAD = {
    "it hangs": ("hang", b""),
    "it fails": ("fail", b""),
    "a page of a proxy": ("garbage", GARBAGE["a page of a proxy"]),
    "ten megabytes": ("garbage", GARBAGE["ten megabytes"]),
    "invalid utf-8": ("garbage", GARBAGE["invalid utf-8"]),
    "a digit that is none": ("garbage", GARBAGE["a digit that is none"]),
}
COMMANDS = ("squeue", "sacct", "sacctmgr", "scontrol", "sinfo", "sbatch")


@pytest.fixture
def slurm(site, tmp_path):
    """The site's machine from now on: the real adapter, on commands that answer as a test says."""
    made = Commands(tmp_path / "bin")
    name = f"Fabrica award {site.award.application.code}"
    made.has(site.project.slug, site.award.gpu_seconds // 60, name, *charged_as(site.award))
    clusters.serve(site.machine.adapter, lambda _machine: made.cluster)
    return made


def fresh(run):
    return Run.objects.get(pk=run.pk)


def tokens(*runs):
    return [one.token for run in runs for one in run.attempts.all()]


def work(now):
    """Every loop of the worker that speaks to machines or books, once."""
    for loop in (tasks.submit, tasks.follow, machines.meter, allocations.meter_book, tasks.correct,
                 allocations.watch, allocations.reconcile, machines.observe):  # fmt: skip
        loop(now)


@pytest.mark.parametrize(("mode", "text"), BAD.values(), ids=BAD)
def test_a_machine_that_answers_nothing_of_use_changes_nothing_and_is_told(site, slurm, now, mode, text):
    handed, waiting = site.launch(now), None
    work(now)
    assert (fresh(handed).state, slurm.jobs()) == (State.SUBMITTED, tokens(handed))
    waiting, before = site.launch(now), balance(site.award)
    read_until = UsageMark.objects.get().read_until
    slurm.answer(mode, text=text)
    work(now + LATER)
    account, mark = ClusterAccount.objects.get(), UsageMark.objects.get()
    told = [fresh(handed).reason, fresh(waiting).reason, mark.error, account.error]
    assert [one.split(" ")[0] in (*COMMANDS, "Slurm") and "again by itself" in one for one in told] == [True] * 4, told
    assert (fresh(handed).state, fresh(waiting).state) == (State.SUBMITTED, State.QUEUED)
    assert (account.drifted_at, account.changes_waiting, account.is_ready) == (None, 0, True)
    assert mark.read_until == read_until
    assert (Machine.objects.get().is_reachable, balance(site.award)) == (False, before)
    assert (JobUsage.objects.count(), JobBooking.objects.count(), check_ledger()) == (0, 0, [])
    slurm.answer("")
    work(now + 2 * LATER)
    assert slurm.jobs() == tokens(handed, waiting)
    assert {fresh(one).state for one in (handed, waiting)} == {State.SUBMITTED}
    assert (ClusterAccount.objects.get().error, UsageMark.objects.get().error) == ("", "")


@pytest.mark.parametrize("command", [one for one in COMMANDS if one != "sinfo"])  # which no submission asks
@pytest.mark.parametrize(("mode", "text"), [BAD["it hangs"], BAD["a page of a proxy"]], ids=["hangs", "nonsense"])
def test_a_run_outlasts_each_command_and_becomes_one_job(site, slurm, now, command, mode, text):
    run = site.launch(now)
    slurm.answer(mode, command, text=text)
    for minutes in range(2):
        tasks.submit(now + timedelta(minutes=minutes))
        assert (fresh(run).state, fresh(run).tries, slurm.jobs()) == (State.QUEUED, minutes + 1, [])
        assert fresh(run).reason.startswith(command)
    assert balance(site.award).held == run.devices * run.time_limit_seconds
    slurm.answer("")
    tasks.submit(now + LATER)
    assert (fresh(run).state, slurm.jobs()) == (State.SUBMITTED, tokens(run))


def test_a_submission_whose_answer_never_came_is_found_again_and_is_one_job(site, slurm, now):
    run = site.launch(now)
    slurm.answer("hang after", "sbatch")
    tasks.submit(now)
    assert (fresh(run).state, slurm.jobs()) == (State.QUEUED, tokens(run))
    assert fresh(run).reason == ("sbatch gave no answer. It took longer than 1 seconds. It is tried again by itself.")
    slurm.answer("")
    tasks.submit(now + LATER)
    assert (fresh(run).state, fresh(run).attempts.get().job_id, slurm.jobs()) == (
        State.SUBMITTED, "101", tokens(run),
    )  # fmt: skip
    assert sum(one.startswith("sbatch") for one in slurm.calls()) == 1
