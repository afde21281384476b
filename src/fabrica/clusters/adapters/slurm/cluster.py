"""The port on Slurm's command line (22.05 to 25.x)."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from fabrica.clusters.adapters import checks, outputs
from fabrica.clusters.adapters.port import AccountSpec, JobRequest, JobState, JobStatus, Load, UsageRecord
from fabrica.clusters.adapters.slurm import access, answers, commands, objects
from fabrica.clusters.adapters.slurm.found import Found
from fabrica.clusters.adapters.slurm.jobs import status_of
from fabrica.clusters.adapters.slurm.refusals import is_silent, problem_of
from fabrica.clusters.adapters.slurm.script import access_card, batch_script
from fabrica.clusters.adapters.slurm.settings import SlurmSettings, Ssh
from fabrica.clusters.adapters.slurm.shell import Answer, Here, Shell
from fabrica.kit.errors import NotFound, Refused, Unreachable
from fabrica.kit.time import utcnow

MAX_IDS = 10_000
IDS_AT_ONCE = 500
LOOK_BACK = timedelta(days=30)
BEFORE = timedelta(minutes=1)
FACTS_SECONDS = 300.0
LONG_SECONDS = 15.0  # of preparing, after which another worker may have taken the same job up and handed it over
NOTHING_NEW = ("nothing new added", "nothing modified", "already existing")


class SlurmCluster:
    """One machine run by Slurm. `devices_total` bounds what a job may ask for."""

    def __init__(self, settings: SlurmSettings, devices_total: int, shell: Shell | None = None) -> None:
        self.settings, self.devices_total = settings, devices_total
        self.counting = settings.counting
        env = commands.environment(settings.conf)
        here = Here(env, settings.timeout_seconds)
        self.shell = shell or (_over_ssh(settings.ssh, env, settings.timeout_seconds) if settings.ssh else here)
        self._fields: list[str] = []
        self._partitions: dict[str, int | None] = {}
        self._partitions_at = -FACTS_SECONDS

    def access_card(self, account: str, programme: str) -> tuple[str, ...]:
        return access_card(self.settings, account, programme)

    def submit(self, job: JobRequest) -> str:
        checks.check_request(job, self.devices_total)
        begun = time.monotonic()
        if found := self._find(job.token):
            return found
        if self.account(job.account) is None:
            raise checks.no_account(job.account)
        script = batch_script(job, self.settings, self._longest(job.programme))
        access.give(job, self.settings)
        if time.monotonic() - begun > LONG_SECONDS and (found := self._find(job.token)):
            return found
        run_as = job.run_as if self.settings.become == "sudo" else ""
        return answers.submitted(self._ask(commands.submit(), stdin=script, run_as=run_as).out)

    def cancel(self, job_id: str) -> None:
        if not job_id.isdigit() or (self._queued([job_id]) == [] and self._accounted([job_id]) == []):
            raise NotFound(f"This machine has no job {job_id[:80]}.")
        done = self.shell.run(commands.cancel(job_id))
        if done.code and "invalid job id" not in done.err.lower() and "already" not in done.err.lower():
            raise problem_of("scancel", done.err)

    def states(self, job_ids: Iterable[str]) -> dict[str, JobStatus]:
        asked = list(job_ids)
        if len(asked) > MAX_IDS:
            raise Refused(f"Ask for at most {MAX_IDS} jobs at a time.")
        known = [one for one in asked if one.isdigit()]
        told: dict[str, JobStatus] = {}
        for start in range(0, len(known), IDS_AT_ONCE):
            told |= self._states(known[start : start + IDS_AT_ONCE])
        return {one: told.get(one, JobStatus(one, JobState.UNKNOWN)) for one in asked}

    def find(self, token: str) -> str | None:
        return self._find(token) if checks.TOKEN.fullmatch(token) else None

    def put_account(self, account: AccountSpec) -> None:
        checks.check_account(account)
        have = self._found(account.name)
        objects.check_owned(self.settings, have, account.name)
        for command in objects.changes(self.settings, have, account):
            self._change(command)

    def account(self, name: str) -> AccountSpec | None:
        return objects.spec_of(self.settings, self._found(name), name) if checks.NAME.fullmatch(name) else None

    def accounts(self) -> dict[str, AccountSpec]:
        return objects.specs(self.settings, self._found())

    def usage(self, since: datetime) -> Iterator[UsageRecord]:
        fields, mark = self._account_fields(), commands.new_mark()
        asked, cluster = min(since, utcnow()) - BEFORE, self.settings.cluster
        lines = self.shell.lines(commands.accounting(fields, utcnow(), since=asked, cluster=cluster, mark=mark))
        for one in answers.accounted(fields, lines, self.settings.gres, self.counting, mark):
            if one.usage is not None and (one.ended_at is None or one.ended_at >= since):
                yield one.usage

    def load(self) -> Load:
        nodes = self._ask(commands.NODES).out.splitlines()
        total, busy = answers.devices(nodes, self.settings.gres)
        running, pending = answers.counts(self._ask(commands.COUNTS).out)
        return Load(total, busy, running, pending)

    def read_output(self, job_folder: Path, name: str, offset: int, limit_bytes: int) -> bytes:
        return outputs.read_output(job_folder, name, offset, limit_bytes)

    def _find(self, token: str) -> str | None:
        """The job of a token: in the queue, or among those of the last month that were accounted."""
        mark = commands.new_mark()
        done = self.shell.run(commands.queue(name=token, mark=mark))
        if done.code:
            raise problem_of("squeue", done.err)
        waiting = [one.base_id for one in answers.queued(done.out.split("\n"), mark)]
        if waiting:
            return min(waiting, key=int)
        found = self._starts(since=utcnow() - LOOK_BACK, name=token)
        return min((one.base_id for one in found), key=int, default=None)

    def _states(self, job_ids: Sequence[str]) -> dict[str, JobStatus]:
        queued = self._queued(job_ids)
        active = {one.base_id for one in queued if not one.state.ended}
        ended = self._accounted([one for one in job_ids if one not in active]) if set(job_ids) - active else []
        return {
            job_id: status_of(
                job_id,
                [one for one in queued if one.base_id == job_id],
                [one for one in ended if one.base_id == job_id],
                utcnow(),
            )
            for job_id in job_ids
        }

    def _queued(self, job_ids: Sequence[str]) -> list[answers.Queued]:
        mark = commands.new_mark()
        done = self.shell.run(commands.queue(job_ids, mark=mark))
        if done.code:
            if "invalid job id" in done.err.lower():
                return []
            raise problem_of("squeue", done.err)
        return list(answers.queued(done.out.split("\n"), mark))

    def _accounted(self, job_ids: Sequence[str]) -> list[answers.Accounted]:
        return self._starts(job_ids=job_ids)

    def _starts(
        self, *, job_ids: Sequence[str] = (), since: datetime | None = None, name: str = ""
    ) -> list[answers.Accounted]:
        """What the accounting has of some jobs, or of those of a name."""
        fields, mark = self._account_fields(), commands.new_mark()
        command = commands.accounting(
            fields, utcnow(), job_ids=job_ids, since=since, name=name, cluster=self.settings.cluster, mark=mark
        )
        lines = self._ask(command).out.split("\n")
        return list(answers.accounted(fields, lines, self.settings.gres, self.counting, mark))

    def _account_fields(self) -> list[str]:
        if not self._fields:
            self._fields = commands.account_fields(self._ask(commands.FIELDS).out)
        return self._fields

    def _longest(self, programme: str) -> int | None:
        """The longest a job of a programme may take, in seconds; None without a limit. Asked every five minutes."""
        if time.monotonic() - self._partitions_at >= FACTS_SECONDS:
            self._partitions = answers.partitions(self._ask(commands.PARTITIONS).out.splitlines())
            self._partitions_at = time.monotonic()
        name = self.settings.programme(programme).partition
        if name not in self._partitions:
            raise problem_of("scontrol", f"invalid partition {name}")
        return self._partitions[name]

    def _found(self, name: str = "") -> Found:
        return objects.found(self.settings, *(self.shell.lines(one) for one in objects.show(self.settings, name)))

    def _ask(self, command: Sequence[str], *, stdin: str = "", run_as: str = "") -> Answer:
        done = self.shell.run(command, stdin=stdin, run_as=run_as)
        if done.code:
            raise problem_of(command[0], done.err or done.out)
        if is_silent(done.err):  # sacct tells of a database that is away, and ends well
            raise problem_of(command[0], done.err)
        return replace(done, err="")

    def _change(self, command: Sequence[str]) -> None:
        done = self.shell.run(command)
        said = f"{done.out}\n{done.err}"
        if done.code and not any(words in said.lower() for words in NOTHING_NEW):
            raise problem_of("sacctmgr", said)


def _over_ssh(where: Ssh, env: Mapping[str, str], timeout_seconds: int) -> Shell:
    from fabrica.clusters.adapters.slurm.ssh import OverSsh  # noqa: PLC0415 - 12 MB that only such a machine needs

    return OverSsh(where, env, timeout_seconds)


def clock_skew_seconds(cluster: SlurmCluster) -> float:
    """How far the machine's clock is before ours. Raises Unreachable."""
    done = cluster.shell.run(commands.CLOCK)
    if done.code or not done.out.strip().isdigit():
        raise Unreachable("The machine does not tell its time.", why=done.err[:300])
    return int(done.out) - utcnow().timestamp()
