"""Processes of this machine: which boot, which start, and how the last one of a job is ended (Linux, /proc)."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
MARK = "FABRICA_JOB_MARK"
PASSES = 100
PAUSE_SECONDS = 0.02
STATE, SESSION, START = 0, 3, 19  # fields of /proc/<pid>/stat, counted after the name


def boot_id() -> str:
    """The name of this boot: process ids of another boot mean nothing."""
    return (PROC / "sys/kernel/random/boot_id").read_text().strip()


def _stat(pid: int) -> list[str]:
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return []


def start_ticks(pid: int) -> int | None:
    """When the process started, in ticks since boot; None when there is none. A reused pid differs here."""
    fields = _stat(pid)
    return int(fields[START]) if fields else None


def _carries(pid: int, mark: str) -> bool:
    with suppress(OSError):
        return f"{MARK}={mark}".encode() in (PROC / str(pid) / "environ").read_bytes().split(b"\0")
    return False


def _belongs(pid: int, mark: str, leader: tuple[int, int] | None) -> bool:
    """Whether a living process is of the job: by the mark in its environment, or by the job's session."""
    fields = _stat(pid)
    if not fields or fields[STATE] in "ZX":
        return False
    if leader and int(fields[SESSION]) == leader[0] and start_ticks(leader[0]) in (None, leader[1]):
        return int(fields[START]) >= leader[1]
    return _carries(pid, mark)


def _kill(pid: int, mark: str, leader: tuple[int, int] | None) -> bool:
    """Kill through a handle taken before the check, so that a pid reused meanwhile is never hit."""
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        if not _belongs(pid, mark, leader):
            return False
        with suppress(ProcessLookupError, PermissionError):
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        return True
    finally:
        os.close(handle)


def kill_job(mark: str, leader: tuple[int, int] | None) -> bool:
    """Kill every process of a job, also those that left its group; whether none is left.

    `mark` is the job's secret-free random name in its environment; `leader` is its first process (pid and
    start ticks) if that was written down. Gives up after two seconds (a process may hang in the kernel).
    """
    for _ in range(PASSES):
        pids = [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]
        if not [pid for pid in pids if pid != os.getpid() and _kill(pid, mark, leader)]:
            return True
        time.sleep(PAUSE_SECONDS)
    return False
