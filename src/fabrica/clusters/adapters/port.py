"""The port to a machine: what Fabrica asks of any cluster, and the facts it gets back.

A machine may always raise `Unreachable`: nothing is known then, and the same call may be made again.
"""

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from fabrica.clusters.engine import Counting


class JobState(enum.StrEnum):
    """Where a job stands on its machine."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    TIMEOUT = "TIMEOUT"
    LOST = "LOST"  # the machine or its supervisor died under it; Slurm calls it NODE_FAIL
    UNKNOWN = "UNKNOWN"  # the machine has never heard of it

    @property
    def ended(self) -> bool:
        """Whether the job will never change again."""
        return self not in (JobState.PENDING, JobState.RUNNING, JobState.UNKNOWN)


@dataclass(frozen=True)
class JobRequest:
    """A program to run: `argv` in `folder` on `devices`, stopped after `time_limit_seconds`.

    `token` names the wish, not the job: the same token again means the same job. `env` may hold only the
    names that `checks.env_is_allowed` knows.
    """

    token: str
    name: str
    account: str
    argv: tuple[str, ...]
    folder: Path
    devices: int
    time_limit_seconds: int
    env: Mapping[str, str] = field(default_factory=dict)
    programme: str = ""  # decides partition and precedence where a machine has several
    run_as: str = ""  # the UNIX account it runs as; empty where the machine knows one only
    nodes: int = 0  # over how many nodes the devices are spread; 0 for as few as they fit on
    tasks: int = 1  # copies of the program, spread evenly over the nodes and told where they meet
    reads: tuple[Path, ...] = ()  # folders beside its own that it must be able to read

    @property
    def gpu_seconds(self) -> int:
        """The most that the job can be charged where a device is a GPU of the ledger."""
        return self.devices * self.time_limit_seconds


@dataclass(frozen=True)
class JobStatus:
    """What the machine knows of one job. `reason` is a sentence: why it waits, or why it ended badly.

    `reason_code` is the machine's own word for it; `starts_at` its own estimate of a waiting job's start;
    `restarts` how often it was put back into the queue and started again.
    """

    job_id: str
    state: JobState
    submitted_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    exit_code: int | None = None
    signal: int | None = None
    reason: str = ""
    reason_code: str = ""
    starts_at: datetime | None = None
    restarts: int = 0


@dataclass(frozen=True)
class AccountSpec:
    """An account as it should be, with who may charge it.

    `gpu_seconds_limit` is the total it may ever use; None means no limit. A machine that counts in steps keeps what
    `Counting.kept` says of it. `programme` is the access mode it stands under and takes its precedence from;
    `members` are UNIX names, sorted; `is_open` says whether new jobs may be submitted.
    """

    name: str
    description: str
    gpu_seconds_limit: int | None
    programme: str = ""
    members: tuple[str, ...] = ()
    is_open: bool = True


@dataclass(frozen=True)
class UsageRecord:
    """What one start of one job used, so far or for good.

    A job that was put back and started again has a record for each start, told apart by `key`; so has each task of
    an array. `devices` are those that were held for it, and `gpu_seconds` what the ledger charges for them, suspended
    time left out. `token` is empty for a job that was not submitted through this port; `energy_joules` is None where
    the machine does not measure it.
    """

    job_id: str
    token: str
    account: str
    devices: int
    started_at: datetime
    ended_at: datetime | None
    gpu_seconds: int
    state: JobState
    user: str = ""
    submitted_at: datetime | None = None
    energy_joules: int | None = None

    @property
    def key(self) -> str:
        """Names this start of this job for good: a job id may come back after years, or after a restart."""
        return f"{self.job_id}.{int(self.started_at.timestamp())}"


@dataclass(frozen=True)
class Load:
    """How busy the machine is now."""

    devices_total: int
    devices_busy: int
    jobs_running: int
    jobs_pending: int


class Cluster(Protocol):
    """One machine. Every call may be repeated safely; every call may raise Unreachable."""

    @property
    def counting(self) -> Counting:
        """What its devices and seconds are worth to the ledger. Known without asking the machine."""

    def access_card(self, account: str, programme: str) -> tuple[str, ...]:
        """The lines that a member's own job script begins with, to be charged to the account in an access mode.

        Empty where nobody signs in. Known without asking the machine.
        """

    def submit(self, job: JobRequest) -> str:
        """Queue the job and return its id; the same token again returns the same id and starts nothing.

        That also holds when the caller died between its call and the answer. Raises Refused when the
        account is unknown, its limit would be passed, or the request cannot run on this machine.
        """

    def cancel(self, job_id: str) -> None:
        """Ask the job to stop (SIGTERM, a grace, SIGKILL). Nothing happens to one that has ended.

        Raises NotFound for an id that the machine never gave out.
        """

    def states(self, job_ids: Iterable[str]) -> dict[str, JobStatus]:
        """The status of each id asked for; UNKNOWN where the machine never heard of it."""

    def find(self, token: str) -> str | None:
        """The id of the job that this token started, if it did."""

    def put_account(self, account: AccountSpec) -> None:
        """Create the account or make it look like this. Applying it twice changes nothing."""

    def account(self, name: str) -> AccountSpec | None:
        """The account as the machine has it."""

    def accounts(self) -> dict[str, AccountSpec]:
        """Every account of ours by name, in one reading: those of others are left out."""

    def usage(self, since: datetime) -> Iterable[UsageRecord]:
        """What each start of each job used that still runs, or whose end became known at or after `since`.

        One after the other, so that a million take no more memory than one; `local` and `fake` tell the oldest start
        first. A job's end may lie before `since` when nobody was there to see it. Raises Unreachable, also half-way.
        """

    def load(self) -> Load:
        """How busy the machine is now."""

    def read_output(self, job_folder: Path, name: str, offset: int, limit_bytes: int) -> bytes:
        """At most `limit_bytes` of a file that the job wrote, from `offset` (negative: from the end).

        `name` is a path inside the folder, without links. Raises NotFound while there is no such file.
        """
