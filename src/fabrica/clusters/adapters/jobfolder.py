"""One job of the local adapter on disk: what was asked (`request.json`) and what became of it (`state`)."""

import fcntl
import json
import math
import os
import shutil
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fabrica.clusters.adapters import records
from fabrica.clusters.adapters.port import JobRequest, JobState, JobStatus, UsageRecord
from fabrica.clusters.adapters.records import Record
from fabrica.kit.files import write_atomic

REQUEST = "request.json"
STATE = "state"
SUPERVISOR_LOG = "supervisor.log"


@dataclass(frozen=True)
class Job:
    """A job as it was found: the request, the records, and whether a supervisor holds its lock."""

    job_id: str
    path: Path
    request: JobRequest
    sequence: int
    submitted_at: datetime
    mark: str
    alive: bool
    launch: dict[str, Any] | None
    cancel: dict[str, Any] | None
    started: dict[str, Any] | None
    leader: dict[str, Any] | None
    heartbeat: dict[str, Any] | None
    ended: dict[str, Any] | None

    @property
    def state(self) -> JobState:
        if self.ended:
            return JobState(self.ended["state"])
        return JobState.RUNNING if self.started else JobState.PENDING

    @property
    def slots(self) -> list[int]:
        """The numbers of the devices it was given."""
        given: list[int] = (self.launch or {}).get("slots", [])
        return given

    @property
    def settled_at(self) -> datetime | None:
        """When its end became known: later than its end where nobody was there to see it."""
        if not self.ended or not self.ended_at:
            return None
        return max(self.ended_at, datetime.fromtimestamp(self.ended["at"], UTC))

    @property
    def elapsed_seconds(self) -> float:
        """Seconds on the supervisor's own clock, which no change of the wall clock moves."""
        return float((self.ended or self.heartbeat or {}).get("elapsed_seconds", 0.0))

    @property
    def gpu_seconds(self) -> int:
        """ceil(devices x seconds), at most what was asked: the grace after the limit is not charged."""
        return min(math.ceil(self.request.devices * self.elapsed_seconds), self.request.gpu_seconds)

    @property
    def committed_gpu_seconds(self) -> int:
        """What the job used, or the most it can become while it has not ended."""
        return self.gpu_seconds if self.ended else self.request.gpu_seconds

    @property
    def started_at(self) -> datetime | None:
        return datetime.fromtimestamp(self.started["at"], UTC) if self.started else None

    @property
    def ended_at(self) -> datetime | None:
        if not self.ended:
            return None
        if self.started_at:
            return self.started_at + timedelta(seconds=self.elapsed_seconds)
        return datetime.fromtimestamp(self.ended["at"], UTC)

    def status(self, waiting_because: str = "") -> JobStatus:
        """The port's view. `waiting_because` is the reason while the job is pending."""
        ended = self.ended or {}
        reason = waiting_because if self.state is JobState.PENDING else ""
        if self.alive and not self.started:
            reason = "It is being started."
        if self.cancel and not ended:
            reason = "It was asked to stop."
        return JobStatus(
            self.job_id,
            self.state,
            self.submitted_at,
            self.started_at,
            self.ended_at,
            ended.get("exit_code"),
            ended.get("signal"),
            ended.get("reason", reason),
        )

    def usage(self) -> UsageRecord | None:
        """The port's record of use; None for a job that never started."""
        if not self.started_at:
            return None
        asked = self.request
        return UsageRecord(
            self.job_id,
            asked.token,
            asked.account,
            asked.devices,
            self.started_at,
            self.ended_at,
            self.gpu_seconds,
            self.state,
        )


def create(path: Path, job: JobRequest, facts: dict[str, Any]) -> None:
    """Put a new job on disk: whole or not at all, also when the machine dies now. Raises OSError."""
    draft = path.with_name(f".new-{path.name}")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    try:
        paths = {"folder": str(job.folder), "reads": [str(one) for one in job.reads]}
        asked = {**asdict(job), **paths, "env": dict(job.env)}
        write_atomic(draft / REQUEST, json.dumps({**facts, "request": asked}), 0o600)
        fd = os.open(draft / STATE, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            records.preallocate(fd)
        finally:
            os.close(fd)
        (draft / SUPERVISOR_LOG).touch(0o600)  # now, so that starting the job later needs no room
        draft.rename(path)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    parent = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)


def read_request(path: Path) -> tuple[JobRequest, dict[str, Any]]:
    """What was asked, and the facts the adapter added: sequence, submitted_at, mark, settings."""
    facts = json.loads((path / REQUEST).read_text())
    asked = facts.pop("request")
    reads = tuple(Path(one) for one in asked.get("reads", ()))
    asked |= {"argv": tuple(asked["argv"]), "folder": Path(asked["folder"]), "reads": reads}
    return JobRequest(**asked), facts


def is_held(fd: int) -> bool:
    """Whether a supervisor lives. It holds the lock from before it starts until the kernel takes it away."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(fd, fcntl.LOCK_UN)
    return False


def observe(path: Path) -> Job:
    """Look at a job. Call it under the adapter's lock only: looking takes the job's lock for an instant."""
    request, facts = read_request(path)
    fd = os.open(path / STATE, os.O_RDWR)
    try:
        alive = is_held(fd)  # first: once it is free, nobody writes any more and the records are final
        found = {record.name.lower(): records.read(fd, record) for record in Record}
    finally:
        os.close(fd)
    submitted_at = datetime.fromisoformat(facts["submitted_at"])
    return Job(path.name, path, request, facts["sequence"], submitted_at, facts["mark"], alive, **found)


def note(path: Path, record: Record, facts: dict[str, Any]) -> None:
    """Write one of the adapter's own records of a job."""
    fd = os.open(path / STATE, os.O_RDWR)
    try:
        records.write(fd, record, facts)
    finally:
        os.close(fd)
