"""The supervisor of one local job: `python -m fabrica.clusters.adapters.supervise JOBFOLDER`.

It outlives the worker that started it. Its standard input is the job's `state` file, opened and locked by
the adapter before this process existed: while the lock is held, the job has a supervisor.
"""

import fcntl
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from typing import Any

from fabrica.clusters.adapters import records
from fabrica.clusters.adapters.jobfolder import read_request
from fabrica.clusters.adapters.joblog import JobLog
from fabrica.clusters.adapters.port import JobRequest, JobState
from fabrica.clusters.adapters.processes import MARK, boot_id, kill_job, start_ticks
from fabrica.clusters.adapters.records import Record

STATE_FD = 0
TICK_SECONDS = 0.1
HEARTBEAT_SECONDS = 1.0
NOT_FOUND = 127
MAX_REASON = 400
REASONS = {
    JobState.CANCELLED: "It was cancelled.",
    JobState.TIMEOUT: "It reached its time limit of {limit} seconds.",
    JobState.LOST: "The machine asked its supervisor to stop, as it does before it shuts down.",
}


@dataclass
class Supervision:
    """One run of one job, from its start to its last record."""

    job: JobRequest
    facts: dict[str, Any]
    log: JobLog
    began: float = field(default_factory=time.monotonic)
    beat: float = -HEARTBEAT_SECONDS
    stopping: JobState | None = None
    kill_after: float = 0.0
    told_to_stop: bool = False

    def elapsed(self) -> float:
        return time.monotonic() - self.began

    def run(self) -> None:
        """Start the command, follow it, and write how it ended."""
        records.write(STATE_FD, Record.STARTED, {"at": time.time(), "boot_id": boot_id(), "pid": os.getpid()})
        if records.read(STATE_FD, Record.CANCEL):
            self.end(JobState.CANCELLED, reason="It was cancelled before it began.")
            return
        try:
            process = self._spawn()
        except OSError as error:
            reason = f"The command could not be started: {error.strerror or error}: {error.filename or ''}"
            self.log.write(f"{reason}\n".encode())
            self.end(JobState.FAILED, exit_code=NOT_FOUND, reason=reason)
            return
        leader = (process.pid, start_ticks(process.pid) or 0)
        records.write(STATE_FD, Record.LEADER, {"pid": leader[0], "start_ticks": leader[1]})
        self._follow(process)
        kill_job(self.facts["mark"], leader)
        self._end_as(process)

    def _spawn(self) -> "subprocess.Popen[bytes]":
        launch = records.read(STATE_FD, Record.LAUNCH) or {}
        env = {
            "CUDA_VISIBLE_DEVICES": ",".join(str(slot) for slot in launch.get("slots", [])),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "TMPDIR": os.environ["TMPDIR"],
            "OMP_NUM_THREADS": str(self.facts["threads"]),
            **self.job.env,
            "HOME": str(self.job.folder),
            MARK: self.facts["mark"],
        }
        process = subprocess.Popen(  # noqa: S603 - an argument list, checked by the adapter, without a shell
            self.job.argv,
            cwd=self.job.folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        with suppress(OSError):  # when memory runs out, the job should die before its supervisor
            Path(f"/proc/{process.pid}/oom_score_adj").write_text("500")
        return process

    def _follow(self, process: "subprocess.Popen[bytes]") -> None:
        """Copy the output and keep the clock until the command has ended."""
        assert process.stdout  # noqa: S101 - for the type checker: stdout is a pipe
        output = process.stdout.fileno()
        os.set_blocking(output, False)
        ended = os.pidfd_open(process.pid)
        with DefaultSelector() as selector:
            selector.register(output, EVENT_READ)
            selector.register(ended, EVENT_READ)
            while process.poll() is None:
                ready = {key.fd for key, _events in selector.select(TICK_SECONDS)}
                if output in ready and not self.log.copy(output):
                    selector.unregister(output)
                self._keep_time(process)
        os.close(ended)
        self.log.copy(output, until_empty=True)

    def _keep_time(self, process: "subprocess.Popen[bytes]") -> None:
        elapsed = self.elapsed()
        if elapsed - self.beat >= HEARTBEAT_SECONDS:
            records.write(STATE_FD, Record.HEARTBEAT, {"elapsed_seconds": elapsed}, durable=False)
            self.beat = elapsed
        if self.stopping is None:
            self.stopping = self._why_stop(elapsed)
            if self.stopping:
                self.kill_after = elapsed + self.facts["grace_seconds"]
                _signal_group(process.pid, signal.SIGTERM)
        elif elapsed >= self.kill_after:
            _signal_group(process.pid, signal.SIGKILL)

    def _why_stop(self, elapsed: float) -> JobState | None:
        if records.read(STATE_FD, Record.CANCEL):
            return JobState.CANCELLED
        if elapsed >= self.job.time_limit_seconds:
            return JobState.TIMEOUT
        return JobState.LOST if self.told_to_stop else None

    def _end_as(self, process: "subprocess.Popen[bytes]") -> None:
        code = process.returncode
        killed_by = -code if code < 0 else None
        state = self.stopping or (JobState.FAILED if code else JobState.COMPLETED)
        reason = REASONS.get(state, "").format(limit=self.job.time_limit_seconds)
        if state is JobState.FAILED:
            reason = f"It was ended by {signal_name(-code)}." if code < 0 else f"It ended with exit code {code}."
        self.end(state, exit_code=None if code < 0 else code, signal=killed_by, reason=reason)

    def end(self, state: JobState, *, reason: str, exit_code: int | None = None, signal: int | None = None) -> None:
        """Write the last record."""
        facts = {"state": state, "at": time.time(), "elapsed_seconds": self.elapsed()}
        facts |= {"exit_code": exit_code, "signal": signal}
        text = " ".join(part for part in (reason, self.log.trouble) if part)[:MAX_REASON]
        records.write(STATE_FD, Record.ENDED, {**facts, "reason": text})


def signal_name(number: int) -> str:
    """`SIGKILL` for 9, and plain words for a number without a name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _signal_group(pid: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def main() -> None:
    """Supervise the job in the folder that is the only argument."""
    fcntl.flock(STATE_FD, fcntl.LOCK_EX | fcntl.LOCK_NB)  # ours already; fails when somebody else's
    os.umask(0o077)
    job, facts = read_request(Path(sys.argv[1]))
    supervision = Supervision(job, facts, JobLog(job.folder / "log.txt", facts["log_limit_bytes"]))

    def stop(_number: int, _frame: object) -> None:
        supervision.told_to_stop = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    supervision.run()


if __name__ == "__main__":
    main()
