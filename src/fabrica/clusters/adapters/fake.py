"""A cluster in memory with a clock of its own, for tests of everything above: same port, same refusals."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

from fabrica.clusters.adapters import checks, outputs
from fabrica.clusters.adapters.port import (
    AccountSpec,
    JobRequest,
    JobState,
    JobStatus,
    Load,
    UsageRecord,
)
from fabrica.clusters.engine import Counting
from fabrica.kit.errors import NotFound, Unreachable


@dataclass(frozen=True)
class Outcome:
    """How a job of the fake will go: how long it runs, and how it ends by itself."""

    seconds: float = 60.0
    exit_code: int = 0


@dataclass
class _Job:
    request: JobRequest
    status: JobStatus
    outcome: Outcome

    def ends_at(self) -> datetime:
        assert self.status.started_at  # noqa: S101 - asked of running jobs only
        seconds = min(self.outcome.seconds, self.request.time_limit_seconds)
        return self.status.started_at + timedelta(seconds=seconds)


class FakeCluster:
    """The port in memory. Jobs start first come first served and end when the clock is moved past their end.

    `outcomes` maps a token to how its job will go (60 seconds and exit code 0 otherwise). `unreachable` makes
    every call raise; `lose_answers` makes `submit` start the job and then raise, as a broken connection does;
    `slow_seconds` passes on the clock in every call. A `counting` may be given to count as another machine does.
    """

    def __init__(self, now: datetime, devices_total: int = 4, counting: Counting | None = None) -> None:
        self.now = now
        self.counting = counting or Counting()
        self.devices_total = devices_total
        self.outcomes: dict[str, Outcome] = {}
        self.unreachable = False
        self.lose_answers = False
        self.slow_seconds = 0.0
        self._jobs: dict[str, _Job] = {}
        self._accounts: dict[str, AccountSpec] = {}

    def access_card(self, account: str, programme: str) -> tuple[str, ...]:
        return (f"#JOB --account={account}", f"#JOB --programme={programme}")

    def advance(self, seconds: float) -> None:
        """Let time pass: jobs end at their own instants, and the next ones start then."""
        until = self.now + timedelta(seconds=seconds)
        while running := [job for job in self._in(JobState.RUNNING) if job.ends_at() <= until]:
            job = min(running, key=lambda one: one.ends_at())
            self.now = job.ends_at()
            if job.outcome.seconds > job.request.time_limit_seconds:
                self._end(job, JobState.TIMEOUT, reason="It reached its time limit.")
            else:
                code = job.outcome.exit_code
                reason = f"It ended with exit code {code}." if code else ""
                self._end(job, JobState.FAILED if code else JobState.COMPLETED, reason=reason, exit_code=code)
        self.now = until

    def lose(self, job_id: str) -> None:
        """The node under a running job dies."""
        self._end(self._jobs[job_id], JobState.LOST, reason="The node failed.")

    def forget(self, job_id: str) -> None:
        """The machine loses every trace of a job."""
        del self._jobs[job_id]

    def submit(self, job: JobRequest) -> str:
        self._call()
        job_id = f"fake-{job.token}"
        if job_id not in self._jobs:
            checks.check_request(job, self.devices_total)
            account = self._accounts.get(job.account)
            checks.check_limit(job, account, self._committed(job.account), self._most(job))
            status = JobStatus(job_id, JobState.PENDING, submitted_at=self.now)
            self._jobs[job_id] = _Job(job, status, self.outcomes.get(job.token, Outcome()))
            self._start_what_fits()
        if self.lose_answers:
            raise Unreachable("The answer of the fake cluster was lost.")
        return job_id

    def cancel(self, job_id: str) -> None:
        self._call()
        if job_id not in self._jobs:
            raise NotFound(f"This machine has no job {job_id[:80]}.")
        if not self._jobs[job_id].status.state.ended:
            self._end(self._jobs[job_id], JobState.CANCELLED, reason="It was cancelled.")

    def states(self, job_ids: Iterable[str]) -> dict[str, JobStatus]:
        self._call()
        unknown = JobStatus("", JobState.UNKNOWN)
        return {
            job_id: self._jobs[job_id].status if job_id in self._jobs else replace(unknown, job_id=job_id)
            for job_id in job_ids
        }

    def find(self, token: str) -> str | None:
        self._call()
        return f"fake-{token}" if f"fake-{token}" in self._jobs else None

    def put_account(self, account: AccountSpec) -> None:
        self._call()
        checks.check_account(account)
        limit = account.gpu_seconds_limit
        kept = None if limit is None else self.counting.kept(limit)
        self._accounts[account.name] = replace(account, gpu_seconds_limit=kept)

    def account(self, name: str) -> AccountSpec | None:
        self._call()
        return self._accounts.get(name)

    def accounts(self) -> dict[str, AccountSpec]:
        self._call()
        return dict(self._accounts)

    def usage(self, since: datetime) -> list[UsageRecord]:
        self._call()
        records = [self._usage(job, job.status.started_at) for job in self._jobs.values() if job.status.started_at]
        late = [one for one in records if one.ended_at is None or one.ended_at >= since]
        return sorted(late, key=lambda one: (one.started_at, one.job_id))

    def load(self) -> Load:
        self._call()
        running = self._in(JobState.RUNNING)
        return Load(self.devices_total, self._busy(), len(running), len(self._in(JobState.PENDING)))

    def read_output(self, job_folder: Path, name: str, offset: int, limit_bytes: int) -> bytes:
        self._call()
        return outputs.read_output(job_folder, name, offset, limit_bytes)

    def _call(self) -> None:
        if self.unreachable:
            raise Unreachable("The fake cluster does not answer.", todo="Try again later.")
        self.advance(self.slow_seconds)

    def _in(self, state: JobState) -> list[_Job]:
        return [job for job in self._jobs.values() if job.status.state is state]

    def _busy(self) -> int:
        return sum(job.request.devices for job in self._in(JobState.RUNNING))

    def _start_what_fits(self) -> None:
        for job in self._in(JobState.PENDING):
            if job.request.devices > self.devices_total - self._busy():
                break
            job.status = replace(job.status, state=JobState.RUNNING, started_at=self.now, reason="")
        for ahead, job in enumerate(self._in(JobState.PENDING)):
            job.status = replace(job.status, reason=checks.waiting_reason(self._busy(), self.devices_total, ahead))

    def _end(self, job: _Job, state: JobState, *, reason: str, exit_code: int | None = None) -> None:
        job.status = replace(job.status, state=state, ended_at=self.now, reason=reason, exit_code=exit_code)
        self._start_what_fits()

    def _committed(self, account: str) -> int:
        jobs = [job for job in self._jobs.values() if job.request.account == account]
        return sum(self._gpu_seconds(job) if job.status.ended_at else self._most(job.request) for job in jobs)

    def _most(self, job: JobRequest) -> int:
        return self.counting.hold(job.devices, job.nodes, job.time_limit_seconds)

    def _gpu_seconds(self, job: _Job) -> int:
        if not job.status.started_at:
            return 0
        lasted = (job.status.ended_at or self.now) - job.status.started_at
        seconds = Fraction(lasted // timedelta(microseconds=1), 1_000_000)
        units = self.counting.units(job.request.devices, job.request.nodes)
        return min(math.ceil(units * seconds * self.counting.gpus_per_unit), self._most(job.request))

    def _usage(self, job: _Job, started_at: datetime) -> UsageRecord:
        asked, status = job.request, job.status
        return UsageRecord(
            status.job_id,
            asked.token,
            asked.account,
            asked.devices,
            started_at,
            status.ended_at,
            self._gpu_seconds(job),
            status.state,
        )
