"""The real cluster of `make cluster`, as the tests use it: an account and names of its own for each test."""

import os
import tempfile
import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from fabrica.clusters.adapters.port import AccountSpec, JobRequest, JobState
from fabrica.clusters.adapters.slurm import commands
from fabrica.clusters.adapters.slurm.cluster import SlurmCluster
from fabrica.clusters.adapters.slurm.rest import SlurmRest
from fabrica.clusters.adapters.slurm.settings import settings_from
from fabrica.clusters.adapters.slurm.shell import Here, become

ROOT = Path(os.environ.get("FABRICA_SLURM_ROOT", "/var/tmp/fabrica-slurm"))
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
DEBIAN_13 = Path(os.environ.get("FABRICA_TRIXIE", "/var/tmp/fabrica-trixie"))
CONF_13 = "/var/tmp/fabrica-slurm13/etc/slurm.conf"
RUNS_AS = "fp0001"
LONG = 300
PATIENCE_SECONDS = 90


def settings(**changes):
    values = {
        "cluster": "dev",
        "partition": "all",
        "gpus_per_node": 2,
        "conf": str(ROOT / "etc/slurm.conf"),
        "programmes": {"large_scale": {"partition": "large", "priority": 100}, "short": {"partition": "short"}},
    }
    return settings_from(values | changes)


def slurm(**changes):
    return SlurmCluster(settings(**changes), devices_total=8)


def slurm_rest(**changes):
    tokens = DEBIAN_13 / "var/tmp/fabrica-slurm13/tokens"
    rest = {
        "url": os.environ.get("FABRICA_TRIXIE_REST", "http://127.0.0.1:18820"),
        "user": "fabrica",
        "token_file": str(tokens / "fabrica"),
        "tokens_folder": str(tokens),
    }
    return SlurmRest(settings(conf=CONF_13, rest=rest | changes), devices_total=8)


class OnSlurm:
    up, start = ROOT / "up", "make cluster"
    scratches = Path("/var/tmp")

    def __init__(self, folder=None, cluster=None):
        if not self.up.exists():
            raise RuntimeError(f"The development cluster is not up: run `{self.start}` first.")
        # not below pytest's own folder, which another pytest that starts meanwhile closes again
        self.scratch = tempfile.TemporaryDirectory(prefix="fabrica-job-", dir=self.scratches)
        self.folder = Path(self.scratch.name) / "run"
        self.folder.mkdir()
        self.cluster = cluster or self.machine()
        self.cluster.devices_total = 2
        self.mark = uuid.uuid4().hex[:8]
        self.team = f"team-{self.mark}"
        self.made = set()
        self.given = []

    def machine(self):
        return slurm()

    def token(self, name):
        return f"{name}.1.{self.mark}"

    def kept(self, spec):
        limit = spec.gpu_seconds_limit
        return replace(spec, description=spec.description.lower(), gpu_seconds_limit=limit and limit // 60 * 60)

    def put(self, limit, name="", members=(RUNS_AS,), **changes):
        spec = AccountSpec(name or self.team, "A team", limit, members=members, **changes)
        self.made.add(spec.name)
        self.cluster.put_account(spec)
        return spec

    def job(self, name, seconds=0.0, exit_code=0, **changes):
        self.given.append(name)
        command = ("sh", "-c", f"sleep {seconds}; exit {exit_code}")
        asked = JobRequest(self.token(name), "a-run", self.team, command, self.folder, 1, 600, run_as=RUNS_AS)
        return replace(asked, **changes)

    def fill(self):
        """A job on every device of its four nodes."""
        self.cluster.devices_total = 8
        busy = self.cluster.submit(self.job("busy", seconds=LONG, devices=8))
        self.cluster.devices_total = 2
        self.until_started(busy)

    def load(self):
        return self.cluster.load()

    def usage(self, since=BEGINNING, least=1):
        """The accounting lags behind the queue by some seconds: wait until there is as much as must be."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            found = [one for one in self.cluster.usage(since) if one.account == self.team]
            if len(found) >= least:
                return sorted(found, key=lambda one: one.started_at)
            assert time.monotonic() < deadline, found
            time.sleep(0.5)

    def until(self, job_id, true):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not true(status := self.cluster.states([job_id])[job_id]):
            assert time.monotonic() < deadline, status
            time.sleep(0.3)
        return status

    def until_started(self, job_id):
        return self.until(job_id, lambda status: status.state is not JobState.PENDING)

    def until_ended(self, job_id):
        return self.until(job_id, lambda status: status.state.ended)

    def close(self):
        jobs = [job_id for name in self.given if (job_id := self.cluster.find(self.token(name)))]
        for job_id in jobs:
            self.cluster.cancel(job_id)
        for job_id in jobs:
            self.until_ended(job_id)
        for name in self.made:
            self.cluster.put_account(AccountSpec(name, "A team", 0, is_open=False))
        self.scratch.cleanup()


class OnRest(OnSlurm):
    """The cluster of `tests/slurm/debian13.sh`, over slurmrestd."""

    up, start = DEBIAN_13 / "var/tmp/fabrica-slurm13/up", "sudo tests/slurm/debian13.sh"
    scratches = Path(os.environ.get("FABRICA_TRIXIE_JOBS", "/var/tmp/fabrica-rest-jobs"))

    def machine(self):
        return slurm_rest()

    def kept(self, spec):
        return replace(super().kept(spec), description=spec.description)  # sacctmgr makes it small, REST does not

    def close(self):
        super().close()
        self.cluster.client.close()


class OnNewerSlurm(OnSlurm):
    """The same cluster, over the command line of its own Debian."""

    up, start, scratches = OnRest.up, OnRest.start, OnRest.scratches

    def machine(self):
        shell = InDebian13(commands.environment(CONF_13), 30)
        return SlurmCluster(settings(conf=CONF_13), devices_total=8, shell=shell)


class InDebian13(Here):
    """A shell in the folder of another Debian."""

    def run(self, argv, *, stdin="", run_as=""):
        return super().run(["chroot", str(DEBIAN_13), *become(argv, run_as, self._kept)], stdin=stdin)

    def lines(self, argv):
        return super().lines(["chroot", str(DEBIAN_13), *argv])
