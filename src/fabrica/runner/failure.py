"""How a run says why it failed for good, even when the disk is full."""

import errno
import json
import os
import traceback
from pathlib import Path

from fabrica.kit.errors import Problem
from fabrica.kit.files import write_atomic

RESERVE_BYTES = 65_536
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def reserve(folder: Path) -> None:
    """Keep some room on the disk, to be given up for failure.json. Does nothing more when there is none left."""
    path = folder / ".reserve"
    try:
        if not path.exists():
            path.write_bytes(os.urandom(RESERVE_BYTES))  # random: a file system must not compress it away
    except OSError:
        path.unlink(missing_ok=True)


def release(folder: Path) -> None:
    """Give the reserved room back."""
    (folder / ".reserve").unlink(missing_ok=True)


def write_failure(folder: Path, problem: Problem) -> None:
    """Write failure.json, on the reserved room if need be."""
    release(folder)
    told = {"what": problem.what, "why": problem.why, "todo": problem.todo}
    write_atomic(folder / "failure.json", json.dumps(told, ensure_ascii=False, indent=2) + "\n")


def explain(fault: BaseException) -> Problem:
    """Any fault as a problem that a person can be told; what nobody foresaw also goes to the log with its trace."""
    if isinstance(fault, Problem):
        return fault
    if isinstance(fault, OSError):
        return _of_the_system(fault)
    if isinstance(fault, MemoryError) or type(fault).__name__ == "OutOfMemoryError":
        return Problem(
            "The run needed more memory than there is.",
            why=str(fault)[:200],
            todo="Choose a smaller batch, context or model, or a larger machine.",
        )
    traceback.print_exception(fault)
    return Problem(
        "The run ended by a fault that the runner did not foresee.",
        why=f"{type(fault).__name__}: {fault}"[:300],
        todo="Look at the end of the log, and tell the operator if it is not yours to mend.",
    )


def _of_the_system(fault: OSError) -> Problem:
    where = f" ({fault.filename})" if fault.filename else ""
    if fault.errno in NO_ROOM:
        return Problem(
            "The disk is full: the run could not write its files.",
            why=f"{fault.strerror}{where}",
            todo="Free room in the project's storage or ask for more, then start the run again: it goes on from its "
            "last checkpoint.",
        )
    if isinstance(fault, FileNotFoundError):
        return Problem(f"A file is missing{where}.", why=str(fault.strerror), todo="Stage the data again.")
    traceback.print_exception(fault)
    return Problem(
        f"A file could not be used{where}.",
        why=f"{fault.strerror}",
        todo="Ask the operator to look at the run's folder.",
    )
