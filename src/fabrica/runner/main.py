"""One attempt at one job: look what is done, do the rest, and leave an exit code that tells the portal what to do.

0 done; 3 failed for good, see failure.json; 143 ended in order by a signal; 75 another attempt holds the folder.
"""

import fcntl
import hashlib
import json
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from fabrica.kit.errors import Refused
from fabrica.kit.files import canonical_json, folder_facts, folder_sha256, write_atomic
from fabrica.kit.time import utcnow
from fabrica.runner.command import run_command
from fabrica.runner.failure import explain, release, reserve, write_failure
from fabrica.runner.job import VERSION, Data, Job, read_job
from fabrica.runner.progress import Progress
from fabrica.runner.stopping import Stop, Stopped
from fabrica.trainer.recipe import to_dict

DONE, FAILED, BUSY, SIGNALLED = 0, 3, 75, 143
LOCK_SECONDS = 20.0


def main(arguments: list[str]) -> int:
    """Run the job of `arguments` (one path, to job.json); returns the exit code."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m fabrica.runner JOB.json\n")
        return 2
    began = time.monotonic()
    path = Path(arguments[0]).resolve()
    try:
        lock = _lock(path.parent)
    except BlockingIOError:
        sys.stderr.write("Another attempt still works in this folder.\n")
        return BUSY
    except OSError as problem:
        sys.stderr.write(f"The job folder cannot be used: {problem}\n")
        return FAILED
    with lock:
        return _attempt(path, began)


def _attempt(path: Path, began: float) -> int:
    folder = path.parent
    if (folder / "result.json").exists():
        return DONE
    try:
        (folder / "failure.json").unlink(missing_ok=True)
        reserve(folder)
        job = read_job(path)
        _work(folder, job, Stop(job.time_limit_seconds, began).listen())
    except Stopped as stopped:
        release(folder)
        if stopped.reason == "signal":
            return SIGNALLED
        return _fail(folder, _out_of_time(job.time_limit_seconds))
    except Exception as fault:  # noqa: BLE001 - whatever it was, the portal is told
        return _fail(folder, fault)
    return DONE


def _work(folder: Path, job: Job, stop: Stop) -> None:
    """All of the job that is not done yet, and last of all result.json."""
    _same_job(folder, job)
    for one in job.data:
        _verify(one)
    progress = Progress(folder)
    if job.kind == "command":
        progress.tell("command")
        run_command(job, folder / "out", stop)
        _write_result(folder, job, {})
        return
    from fabrica.runner.train_job import TrainJob  # noqa: PLC0415 - slow import, and a command needs no PyTorch

    training = TrainJob(folder, job, progress, stop)
    _write_result(folder, job, training.run())
    training.finish()


def _write_result(folder: Path, job: Job, summary: dict[str, Any]) -> None:
    release(folder)
    files = [
        {"path": fact.path, "size_bytes": fact.size_bytes, "sha256": fact.sha256}
        for fact in folder_facts(folder / "out")
    ]
    result = {
        "version": VERSION,
        "run": job.run,
        "kind": job.kind,
        "summary": summary,
        "files": files,
        "data": [{"name": one.name, "sha256": one.sha256} for one in job.data],
        "provenance": job.provenance,
        "at": utcnow().isoformat(),
    }
    write_atomic(folder / "result.json", json.dumps(result, indent=2, allow_nan=False) + "\n")


def _same_job(folder: Path, job: Job) -> None:
    """Raise Refused when the folder holds the work of another job: results must never be mixed."""
    recipe = to_dict(job.recipe) if job.recipe else None
    data = [[one.name, one.sha256] for one in job.data]
    asked = {"kind": job.kind, "recipe": recipe, "command": list(job.command), "data": data}
    digest = hashlib.sha256(canonical_json(asked)).hexdigest()
    path = folder / "job.sha256"
    if not path.exists():
        write_atomic(path, digest + "\n")
    elif path.read_text().strip() != digest:
        raise Refused(
            "This folder holds the work of another job.",
            why="The recipe, the command or the data in job.json changed after a first attempt.",
            todo="Launch a new run, which gets a folder of its own.",
        )


def _verify(data: Data) -> None:
    """Raise Refused unless the staged folder has the contents that were agreed on."""
    if not data.path.is_dir():
        raise Refused(
            f"The data {data.name} is missing.", why=f"There is no folder {data.path}.", todo="Stage the data again."
        )
    found = folder_sha256(data.path)
    if found != data.sha256:
        raise Refused(
            f"The data {data.name} changed after it was staged.",
            why=f"Its SHA-256 was {data.sha256} and is {found}.",
            todo="Stage the data again.",
        )


def _out_of_time(seconds: int) -> Refused:
    return Refused(
        "The run reached its time limit.",
        why=f"time limit: {seconds} seconds. The last step done is in a checkpoint.",
        todo="Launch it again with more time, or with fewer steps.",
    )


def _fail(folder: Path, fault: Exception) -> int:
    problem = explain(fault)
    sys.stderr.write(f"{problem}\n")
    with suppress(OSError):  # then the log is all there is; the code still says it is for good
        write_failure(folder, problem)
    return FAILED


def _lock(folder: Path) -> IO[str]:
    """Hold the folder for this process; the kernel lets go when it ends. Raises BlockingIOError when taken."""
    handle = (folder / ".lock").open("w")
    ends = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= ends:
                handle.close()
                raise
            time.sleep(0.2)
        else:
            return handle
