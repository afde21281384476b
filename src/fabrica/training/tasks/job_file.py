"""Writing job.json: what the runner reads."""

import json
from typing import Any

from fabrica import __version__
from fabrica.kit.files import write_atomic
from fabrica.training.engine import evaluated_in_job
from fabrica.training.models import Attempt, Run
from fabrica.training.states import Kind

VERSION = 1
NAME = "job.json"
ONE_PROCESS = ("local", "fake")  # adapters whose jobs are one process, however many devices it has


def write_job(run: Run, attempt: Attempt) -> None:
    """Write the job file of an attempt, whole, into the run's folder. Raises OSError."""
    run.folder.mkdir(parents=True, exist_ok=True)
    write_atomic(run.folder / NAME, json.dumps(job_values(run, attempt), indent=2) + "\n")


def job_values(run: Run, attempt: Attempt) -> dict[str, Any]:
    """The values of job.json; the time limit is what the run has left for this attempt."""
    rows = run.data.select_related("staging__version__dataset").order_by("pk")
    staged = [row.staging for row in rows]
    data = [
        {
            "name": str(one.version),
            "path": str(one.path),
            "sha256": one.version.sha256,
            "language": one.version.dataset.language,
        }
        for one in staged
    ]
    return {
        "version": VERSION,
        "run": run.uid,
        "kind": run.kind,
        **work_of(run),
        "data": data,
        "devices": run.devices,
        **({"processes": processes_of(run)} if processes_of(run) > 1 else {}),
        "attempt": attempt.token,
        "time_limit_seconds": attempt.time_limit_seconds,
        "provenance": _provenance(run, [one.version.uri for one in staged]),
    }


def work_of(run: Run) -> dict[str, Any]:
    """What its kind asks for."""
    if run.kind == Kind.EVALUATE:
        return evaluated_in_job(run.evaluation or {})
    return {"recipe": run.recipe} if run.kind == Kind.TRAIN else {"command": run.command}


def processes_of(run: Run) -> int:
    """How many processes work together: one a device in training, but where a machine starts one only.

    A person's own command is started once: it may be a launcher itself.
    """
    many = run.kind == Kind.TRAIN and run.machine.adapter not in ONE_PROCESS
    return run.devices if many else 1


def _provenance(run: Run, uris: list[str]) -> dict[str, Any]:
    return {
        "project": run.project.slug,
        "run": run.number,
        "machine": run.machine.slug,
        "data": uris,
        "launched_at": run.created_at.isoformat(),
        "portal": f"fabrica {__version__}",
    }
