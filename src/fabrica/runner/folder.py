"""The job folder as the first process of an attempt sees it: held by one, of one job, with its result last of all."""

import fcntl
import hashlib
import json
import time
from pathlib import Path
from typing import IO, Any

from fabrica.kit.errors import Refused
from fabrica.kit.files import canonical_json, folder_facts, folder_sha256, sha256_file, write_atomic
from fabrica.kit.time import utcnow
from fabrica.runner.failure import release
from fabrica.runner.job import VERSION, Data, Job, Model
from fabrica.trainer.recipe import to_dict

LOCK_SECONDS = 20.0


def lock(folder: Path) -> IO[str]:
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


def write_result(folder: Path, job: Job, summary: dict[str, Any]) -> None:
    """Write result.json, which says that the run is done."""
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


def same_job(folder: Path, job: Job) -> None:
    """Raise Refused when the folder holds the work of another job: results must never be mixed."""
    data = [[one.name, one.sha256] for one in job.data]
    asked: dict[str, Any] = {"kind": job.kind, "recipe": _decisive(job), "command": list(job.command), "data": data}
    if job.model:
        asked |= {"model": job.model.sha256, "profile": job.profile}
        if job.model.files:
            asked |= {"files": job.model.files, "seed": job.seed}
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


def _decisive(job: Job) -> dict[str, Any] | None:
    """The recipe without what changes no weight, so that a run begun before a key existed goes on after an update."""
    if job.recipe is None:
        return None
    values = to_dict(job.recipe)
    values.pop("battery")
    return values if values["canaries"] else {key: value for key, value in values.items() if key != "canaries"}


def verify_model(model: Model) -> None:
    """Raise Refused unless each file of the model is the one that was named; without names, as data are verified.

    What else lies there, such as the documents of a later release, is no part of what is measured.
    """
    if not model.files:
        verify(model)
        return
    for name, expected in model.files:
        path = model.path / name
        is_plain = path.is_file() and not path.is_symlink()
        found = sha256_file(path) if is_plain else "no such file"
        if found != expected:
            raise Refused(
                f"The model {model.name} is not what was registered: its file {name} changed.",
                why=f"Its SHA-256 was {expected} and is {found}. Nothing was measured.",
                todo="Tell the operator: nobody changes the files of a registered model. Then launch it again.",
            )


def verify(data: Data) -> None:
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
