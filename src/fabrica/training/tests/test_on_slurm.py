"""The portal's own loops against the real cluster of `make cluster`: ready, run, billed, closed, opened, changed by hand."""

import os
import subprocess
import tempfile
import time
import uuid
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from fabrica.allocations import applying, queries
from fabrica.allocations import services as allocations
from fabrica.allocations import tasks as awards
from fabrica.allocations.models import Award, ClusterAccount
from fabrica.clusters import queries as machines
from fabrica.clusters import tasks as clusters
from fabrica.clusters.tests.slurm_stage import ROOT, slurm
from fabrica.kit.time import utcnow
from fabrica.projects.models import Project
from fabrica.training import tasks
from fabrica.training.models import Run
from fabrica.training.states import State
from fabrica.training.tests.factories import Site, awarded

pytestmark = [pytest.mark.slurm, pytest.mark.django_db(transaction=True)]
ENV = {**os.environ, "SLURM_CONF": str(ROOT / "etc/slurm.conf")}
PATIENCE_SECONDS = 150
LOOPS = (awards.reconcile, tasks.submit, tasks.follow, clusters.meter, awards.meter_book, awards.watch)


@pytest.fixture
def now() -> datetime:
    """The cluster has a clock of its own: the real one."""
    return utcnow()


@pytest.fixture
def storage(settings):
    with tempfile.TemporaryDirectory(prefix="fabrica-site-", dir="/var/tmp") as folder:
        settings.FABRICA_STORAGE = Path(folder) / "storage"
        yield settings.FABRICA_STORAGE


@pytest.fixture
def site(cast, call, storage, now):
    """A site whose project has a name of its own: the cluster remembers those of earlier tests."""
    cluster = slurm()
    machines.serve(call.machine.adapter, lambda _machine: cluster)
    award = awarded(cast, call, now, 36_000)
    slug = f"site-{uuid.uuid4().hex[:8]}"
    Project.objects.filter(pk=award.project_id).update(slug=slug)
    award = Award.objects.get(pk=award.pk)
    assert awards.reconcile(now)
    yield Site(cast, call.machine, award.project, award, None, cluster)
    subprocess.run(["scancel", "-A", slug], env=ENV, check=True)


def account(site):
    return queries.cluster_account_of(Award.objects.get(pk=site.award.pk))


def work_until(true):
    """Turn the worker's loops; rows are made due at once, so that the test need not wait for their pace."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := true()):
        assert time.monotonic() < deadline, "it did not come about"
        clusters.UsageMark.objects.update(next_read_at=utcnow())
        awards.Watch.objects.update(next_look_at=utcnow())
        for loop in LOOPS:
            loop(utcnow())
        time.sleep(0.5)
    return found


def by_hand(site, *options):
    """A job that the project's account hands over itself, past the portal."""
    command = ["sudo", "-n", "--preserve-env=SLURM_CONF", "-u", account(site).unix_name, "sbatch", "--parsable"]
    command += ["-A", site.project.slug, "--chdir=/tmp", "--output=/dev/null", *options]
    return subprocess.run(command, env=ENV, check=False, capture_output=True, text=True, timeout=60)


def sacct(job_id):
    command = ["sacct", "-n", "-P", "-D", "-X", "-j", job_id, "-o", "ElapsedRaw,AllocTRES"]
    lines = subprocess.run(command, env=ENV, check=True, capture_output=True, text=True).stdout.splitlines()
    starts = [line.split("|") for line in lines if line.split("|")[1]]
    gpus = [int(one.partition("=")[2]) for _, tres in starts for one in tres.split(",") if one.startswith("gres/gpu=")]
    return sum(int(seconds) * count for (seconds, _), count in zip(starts, gpus, strict=True))


def test_a_run_is_billed_what_slurm_accounts_and_its_hold_comes_back(site):
    assert queries.is_ready(site.award)
    run = site.launch(utcnow(), recipe=None, command=["sleep", "4"], stagings=[], devices=2, time_limit_seconds=120)
    ended = work_until(lambda: Run.objects.filter(pk=run.pk, ended_at__isnull=False).first())
    assert (ended.state, ended.error_what) == (State.SUCCEEDED, "")
    attempt = ended.attempts.get()
    assert ended.used_gpu_seconds == sacct(attempt.job_id) >= 8
    balance = queries.balance(site.award)
    assert (balance.held, balance.used) == (0, ended.used_gpu_seconds)
    assert queries.check_ledger() == []


def test_a_used_up_award_closes_its_account_and_a_top_up_opens_it_within_a_minute(site, cast):
    award = Award.objects.get(pk=site.award.pk)
    fill = award.gpu_seconds - 100
    allocations.book(award=award, machine=site.machine, key="before", gpu_seconds=fill, now=utcnow())
    handed = by_hand(site, "-N1", "--gpus-per-node=2", "-t", "1", "--wrap", "sleep 55")
    assert handed.returncode == 0, handed.stderr
    work_until(lambda: site.cluster.account(site.project.slug).is_open is False)
    # it closes while the job still runs, by what is in flight; the job goes on, and is booked when it has ended
    work_until(lambda: queries.balance(award).used > fill)
    assert queries.balance(award).used == fill + sacct(handed.stdout.strip())
    refused = by_hand(site, "-N1", "--gpus-per-node=1", "-t", "1", "--wrap", "true")
    assert "Job violates accounting/QOS policy" in refused.stderr
    began = time.monotonic()
    allocations.top_up(award=award, gpu_seconds=3_600, key="more", by=cast.operator, now=utcnow())
    work_until(lambda: site.cluster.account(site.project.slug).is_open)
    assert time.monotonic() - began < 60
    assert by_hand(site, "-N1", "--gpus-per-node=1", "-t", "1", "--wrap", "true").returncode == 0
    assert queries.check_ledger() == []


def test_what_a_hand_deletes_is_told_and_not_undone_until_somebody_says_so(site, cast):
    slug = site.project.slug
    for kind, name in (("user", account(site).unix_name), ("account", slug)):
        subprocess.run(["sacctmgr", "-i", "delete", kind, f"name={name}", *([f"account={slug}"] if kind == "user" else [])],
                       env=ENV, check=True, capture_output=True)  # fmt: skip
    ClusterAccount.objects.update(next_check_at=utcnow())
    awards.reconcile(utcnow())
    assert account(site).drifted_at is not None and not queries.is_ready(site.award)
    assert site.cluster.account(slug) is None
    plan = applying.plan_for(site.machine, utcnow())
    mine = [one for one in plan.actions if one.account == slug]
    assert mine != []
    only = replace(plan, actions=tuple(mine))  # other tests' accounts look like strays from here
    applying.apply_plan(site.machine, only, cast.operator, utcnow())
    assert site.cluster.account(slug).is_open
    assert queries.is_ready(site.award)
