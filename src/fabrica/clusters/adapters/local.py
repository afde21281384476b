"""The embedded default: this machine as a cluster of one node, whose jobs are processes here (Linux).

There is no daemon. All state lies in one folder; whoever calls the port takes its lock and moves the queue
on: jobs whose supervisor died are settled, waiting jobs are started in the order they came.
"""

import dataclasses
import fcntl
import hashlib
import json
import os
import sys
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path

import fabrica
from fabrica.clusters.adapters import checks, jobfolder, outputs, records
from fabrica.clusters.adapters.jobfolder import Job
from fabrica.clusters.adapters.port import AccountSpec, JobRequest, JobState, JobStatus, Load, UsageRecord
from fabrica.clusters.adapters.processes import boot_id, kill_job
from fabrica.clusters.adapters.records import Record
from fabrica.clusters.engine import Counting
from fabrica.kit.errors import NotFound, Refused, Unreachable
from fabrica.kit.files import write_atomic
from fabrica.kit.time import utcnow

SUPERVISOR = "fabrica.clusters.adapters.supervise"
PREFIX = "local-"
LOCK_SECONDS = 15.0
LOCK_PAUSE_SECONDS = 0.01
MAX_LAUNCHES = 3
MAX_IDS = 10_000

# Of this process, whichever object asked: a job that ended never changes and is read once (the inode tells a
# folder that was made anew), and supervisors started here are waited for, so that none stays a zombie.
_finished: dict[tuple[str, int], Job] = {}
_children: set[int] = set()


@dataclasses.dataclass(frozen=True)
class Settings:
    """What an operator may choose. `threads_per_device` is what a job's numerical libraries may use.

    Devices are slots: on a machine with GPUs, `devices_total` is their number and a job sees its own only
    (CUDA_VISIBLE_DEVICES); elsewhere a slot is a share of the processor.
    """

    devices_total: int = 1
    threads_per_device: int = max(1, os.cpu_count() or 1)
    grace_seconds: float = 10.0
    log_limit_bytes: int = 64 << 20


class LocalCluster:
    """The port on this machine. `root` keeps its state, is created when absent and belongs to it alone."""

    counting = Counting()

    def __init__(self, root: Path, settings: Settings | None = None) -> None:
        self.root = root.absolute()
        self.settings = settings or Settings()

    def access_card(self, account: str, programme: str) -> tuple[str, ...]:  # noqa: ARG002 - as the port says it
        return ()

    def submit(self, job: JobRequest) -> str:
        with self._locked() as jobs:
            job_id = _job_id(job.token)
            if job_id not in jobs:
                self._admit(job, jobs)
                facts = {
                    "sequence": 1 + max((one.sequence for one in jobs.values()), default=0),
                    "submitted_at": utcnow().isoformat(),
                    "mark": uuid.uuid4().hex,
                    "threads": self.settings.threads_per_device * job.devices,
                    "grace_seconds": self.settings.grace_seconds,
                    "log_limit_bytes": self.settings.log_limit_bytes,
                }
                jobfolder.create(self._jobs_folder / job_id, job, facts)
                self._advance(self._observe())
            return job_id

    def cancel(self, job_id: str) -> None:
        with self._locked() as jobs:
            job = jobs.get(job_id)
            if job is None:
                raise NotFound(f"This machine has no job {job_id[:80]}.")
            if job.ended:
                return
            if not job.alive:
                ended = {"state": JobState.CANCELLED, "at": time.time(), "reason": "It was cancelled while it waited."}
                jobfolder.note(job.path, Record.ENDED, ended)
                self._advance(self._observe())
            elif not job.cancel:
                jobfolder.note(job.path, Record.CANCEL, {"at": time.time()})

    def states(self, job_ids: Iterable[str]) -> dict[str, JobStatus]:
        asked = list(job_ids)
        if len(asked) > MAX_IDS:
            raise Refused(f"Ask for at most {MAX_IDS} jobs at a time.")
        with self._locked() as jobs:
            reasons = _waiting_reasons(jobs, self.settings.devices_total)
            return {
                job_id: jobs[job_id].status(reasons.get(job_id, ""))
                if job_id in jobs
                else JobStatus(job_id, JobState.UNKNOWN)
                for job_id in asked
            }

    def find(self, token: str) -> str | None:
        with self._locked() as jobs:
            return _job_id(token) if _job_id(token) in jobs else None

    def put_account(self, account: AccountSpec) -> None:
        checks.check_account(account)
        with self._locked():
            accounts = self._accounts()
            if accounts.get(account.name) != account:
                accounts[account.name] = account
                rows = [dataclasses.asdict(one) for one in accounts.values()]
                write_atomic(self.root / "accounts.json", json.dumps(rows, indent=1), 0o600)

    def account(self, name: str) -> AccountSpec | None:
        with self._locked():
            return self._accounts().get(name)

    def accounts(self) -> dict[str, AccountSpec]:
        with self._locked():
            return self._accounts()

    def usage(self, since: datetime) -> list[UsageRecord]:
        with self._locked() as jobs:
            late = [job for job in jobs.values() if job.settled_at is None or job.settled_at >= since]
        found = [record for job in late if (record := job.usage())]
        return sorted(found, key=lambda one: (one.started_at, one.job_id))

    def load(self) -> Load:
        with self._locked() as jobs:
            running = [job for job in jobs.values() if _occupies(job)]
            return Load(
                self.settings.devices_total,
                sum(job.request.devices for job in running),
                len(running),
                len(_waiting(jobs)),
            )

    def read_output(self, job_folder: Path, name: str, offset: int, limit_bytes: int) -> bytes:
        return outputs.read_output(job_folder, name, offset, limit_bytes)

    @property
    def _jobs_folder(self) -> Path:
        return self.root / "jobs"

    @contextmanager
    def _locked(self) -> Iterator[dict[str, Job]]:
        """The jobs, settled and moved on, while nobody else touches them."""
        try:
            self._jobs_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            fd = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                _take(fd)
                yield self._advance(self._observe())
            finally:
                os.close(fd)
        except OSError as error:
            raise Unreachable(
                "This machine's job queue cannot be used.",
                why=f"{error.filename or self.root}: {error.strerror or error}.",
                todo="Free or repair the disk it lies on; nothing is lost, the same call may be made again.",
            ) from error

    def _observe(self) -> dict[str, Job]:
        found = {}
        with os.scandir(self._jobs_folder) as entries:
            known = {entry.name: (entry.path, entry.inode()) for entry in entries if entry.name.startswith(PREFIX)}
        for name, key in known.items():
            found[name] = _finished.get(key) or self._look(name)
            if found[name].ended:
                _finished[key] = found[name]
        return found

    def _look(self, name: str) -> Job:
        path = self._jobs_folder / name
        try:
            return jobfolder.observe(path)
        except (ValueError, KeyError, TypeError) as error:
            raise Unreachable(
                f"The record of job {name} cannot be read.",
                why=f"{path / jobfolder.REQUEST}: {error}.",
                todo="Repair the disk, or move that folder away: the job is then unknown.",
            ) from error

    def _advance(self, jobs: dict[str, Job]) -> dict[str, Job]:
        """Settle what died, start what fits; the first that does not fit holds the rest (first come first)."""
        _reap()
        for job in list(jobs.values()):
            if not job.ended and not job.alive and (reason := _lost_because(job)):
                _settle(job, reason)
                jobs[job.job_id] = jobfolder.observe(job.path)
        for job in _waiting(jobs):
            slots = self._free_slots(jobs)[: job.request.devices]
            if len(slots) < job.request.devices:
                break
            self._start(job, slots)
            jobs[job.job_id] = jobfolder.observe(job.path)
        return jobs

    def _free_slots(self, jobs: dict[str, Job]) -> list[int]:
        """The numbers of the devices that no job holds; none while an operator's smaller total is overdrawn."""
        taken = [slot for job in jobs.values() if _occupies(job) for slot in job.slots]
        free = [slot for slot in range(self.settings.devices_total) if slot not in taken]
        return free[: max(0, self.settings.devices_total - len(taken))]

    def _start(self, job: Job, slots: list[int]) -> None:
        """Hand the job's lock to a new supervisor: there is no instant at which it has two, or none and looks lost."""
        with ExitStack() as stack:
            state = os.open(job.path / jobfolder.STATE, os.O_RDWR)
            stack.callback(os.close, state)
            fcntl.flock(state, fcntl.LOCK_EX | fcntl.LOCK_NB)
            count = 1 + (job.launch["count"] if job.launch else 0)
            records.write(state, Record.LAUNCH, {"count": count, "slots": slots})
            words = os.open(job.path / jobfolder.SUPERVISOR_LOG, os.O_WRONLY | os.O_TRUNC)
            stack.callback(os.close, words)
            actions = [
                (os.POSIX_SPAWN_DUP2, state, 0),
                (os.POSIX_SPAWN_DUP2, words, 1),
                (os.POSIX_SPAWN_DUP2, words, 2),
            ]
            command = [sys.executable, "-m", SUPERVISOR, str(job.path)]
            _children.add(os.posix_spawn(command[0], command, _supervisor_env(), file_actions=actions, setsid=True))

    def _admit(self, job: JobRequest, jobs: dict[str, Job]) -> None:
        checks.check_request(job, self.settings.devices_total)
        if not job.folder.is_dir():
            raise Refused(f"The job's folder {job.folder} does not exist.", todo="Create it before submitting.")
        committed = sum(one.committed_gpu_seconds for one in jobs.values() if one.request.account == job.account)
        checks.check_limit(job, self._accounts().get(job.account), committed, job.gpu_seconds)

    def _accounts(self) -> dict[str, AccountSpec]:
        try:
            rows = json.loads((self.root / "accounts.json").read_text())
        except FileNotFoundError:
            return {}
        return {row["name"]: AccountSpec(**{**row, "members": tuple(row.get("members", ()))}) for row in rows}


def _job_id(token: str) -> str:
    """The id follows from the token, so that a token can never name two jobs."""
    return f"{PREFIX}{hashlib.sha256(token.encode()).hexdigest()[:20]}"


def _reap() -> None:
    for pid in list(_children):
        with suppress(ChildProcessError):
            if os.waitpid(pid, os.WNOHANG) == (0, 0):
                continue
        _children.discard(pid)


def _take(fd: int) -> None:
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise
            time.sleep(LOCK_PAUSE_SECONDS)
        else:
            return


def _supervisor_env() -> dict[str, str]:
    """Nothing of the portal's environment but where programs and temporary files are."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "TMPDIR": tempfile.gettempdir(),
        "PYTHONPATH": str(Path(fabrica.__file__).parents[1]),
    }


def _occupies(job: Job) -> bool:
    return job.alive and not job.ended


def _waiting(jobs: dict[str, Job]) -> list[Job]:
    """The jobs nobody supervises yet, first come first."""
    waiting = [job for job in jobs.values() if not job.ended and not job.alive]
    return sorted(waiting, key=lambda job: job.sequence)


def _lost_because(job: Job) -> str:
    """Why a job that nobody supervises is lost; nothing while it merely waits."""
    if job.started:
        if job.started["boot_id"] != boot_id():
            return "The machine was started again while it ran."
        return "Its supervisor was killed; what was left of it was ended."
    if job.launch and job.launch["count"] >= MAX_LAUNCHES:
        return f"Its supervisor did not come up in {MAX_LAUNCHES} attempts: see {job.path / jobfolder.SUPERVISOR_LOG}."
    return ""


def _settle(job: Job, reason: str) -> None:
    """Write the end of a job that lost its supervisor; it ended with its last heartbeat."""
    if job.started and job.started["boot_id"] == boot_id():
        leader = job.leader
        kill_job(job.mark, (leader["pid"], leader["start_ticks"]) if leader else None)
    seconds = job.elapsed_seconds
    ended = {"state": JobState.LOST, "at": time.time(), "elapsed_seconds": seconds, "reason": reason}
    jobfolder.note(job.path, Record.ENDED, ended)


def _waiting_reasons(jobs: dict[str, Job], devices_total: int) -> dict[str, str]:
    busy = sum(job.request.devices for job in jobs.values() if _occupies(job))
    return {job.job_id: checks.waiting_reason(busy, devices_total, ahead) for ahead, job in enumerate(_waiting(jobs))}
