"""A job's small records: fixed places in one file whose blocks are written before the job may start.

A full disk therefore never hides that a job has ended: the records are overwritten in place. A record torn
by a machine that died fails its checksum and counts as not written. (A file system that copies on write may
still refuse; the supervisor's lock then tells that the job is over.)
"""

import enum
import json
import os
import zlib
from typing import Any

SIZE_BYTES = 1024
RETRIES = 3


class Record(enum.IntEnum):
    """The places in the file, in order. Each has one writer."""

    LAUNCH = 0  # adapter: how often a supervisor was started, the devices it got
    CANCEL = 1  # adapter: somebody asked to stop
    STARTED = 2  # supervisor: boot, wall clock
    LEADER = 3  # supervisor: the job's first process
    HEARTBEAT = 4  # supervisor: seconds so far
    ENDED = 5  # supervisor, or the adapter where there is none


def preallocate(fd: int) -> None:
    """Write all places as blank and force them to the disk. Raises OSError when there is no room."""
    os.pwrite(fd, (b" " * (SIZE_BYTES - 1) + b"\n") * len(Record), 0)
    os.fsync(fd)


def write(fd: int, record: Record, facts: dict[str, Any], *, durable: bool = True) -> None:
    """Overwrite one record. Raises ValueError when it does not fit."""
    body = json.dumps(facts).encode()
    line = b"%08x %s" % (zlib.crc32(body), body)
    if len(line) >= SIZE_BYTES:
        raise ValueError(f"a record of {len(line)} bytes does not fit")
    os.pwrite(fd, line.ljust(SIZE_BYTES - 1) + b"\n", record * SIZE_BYTES)
    if durable:
        os.fdatasync(fd)


def read(fd: int, record: Record) -> dict[str, Any] | None:
    """One record; None where it was not written, or not wholly."""
    for _ in range(RETRIES):  # a reader may meet the writer in the middle
        line = os.pread(fd, SIZE_BYTES, record * SIZE_BYTES).strip()
        if not line:
            return None
        checksum, _space, body = line.partition(b" ")
        if checksum == b"%08x" % zlib.crc32(body):
            facts: dict[str, Any] = json.loads(body)
            return facts
    return None
