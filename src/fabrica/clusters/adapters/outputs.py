"""Reading what a job wrote, without ever following it out of its folder."""

import os
import stat
from contextlib import ExitStack
from pathlib import Path, PurePosixPath

from fabrica.kit.errors import NotFound, Refused

MAX_BYTES = 8 << 20
MAX_DEPTH = 8


def read_output(job_folder: Path, name: str, offset: int, limit_bytes: int) -> bytes:
    """At most `limit_bytes` (up to 8 MiB) of the plain file `name`, from `offset` (negative: from the end).

    The job owns its folder and may put links there: every step is opened without following one. Raises
    NotFound for what is absent or no plain file, Refused for a name or size out of bounds.
    """
    parts = PurePosixPath(name).parts
    if not 1 <= len(parts) <= MAX_DEPTH or name.startswith("/") or ".." in parts or "\0" in name:
        raise Refused(f"{name[:200]!r} is not a path inside the job's folder.")
    if not 0 < limit_bytes <= MAX_BYTES:
        raise Refused(f"Read between 1 and {MAX_BYTES} bytes at a time.")
    try:
        return _read(job_folder, parts, offset, limit_bytes)
    except OSError as error:
        raise NotFound(
            f"There is no file {name}.", why="The job has not written it, or it is not a plain file."
        ) from error


def _read(job_folder: Path, parts: tuple[str, ...], offset: int, limit_bytes: int) -> bytes:
    with ExitStack() as stack:
        here = _open(stack, str(job_folder), os.O_DIRECTORY)
        for part in parts[:-1]:
            here = _open(stack, part, os.O_DIRECTORY | os.O_NOFOLLOW, here)
        fd = _open(stack, parts[-1], os.O_NOFOLLOW | os.O_NONBLOCK, here)
        facts = os.fstat(fd)
        if not stat.S_ISREG(facts.st_mode):
            raise OSError(f"{parts[-1]} is not a plain file")
        return os.pread(fd, limit_bytes, offset if offset >= 0 else max(0, facts.st_size + offset))


def _open(stack: ExitStack, name: str, flags: int, folder: int | None = None) -> int:
    fd = os.open(name, os.O_RDONLY | flags, dir_fd=folder)
    stack.callback(os.close, fd)
    return fd
