"""Writing job.json: what the runner reads."""

import json
from typing import Any

from fabrica import __version__
from fabrica.kit.files import write_atomic
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
    data = [{"name": str(one.version), "path": str(one.path), "sha256": one.version.sha256} for one in staged]
    work = {"recipe": run.recipe} if run.kind == Kind.TRAIN else {"command": run.command}
    return {
        "version": VERSION,
        "run": run.uid,
        "kind": run.kind,
        **work,
        "data": data,
        "devices": run.devices,
        **_processes(run),
        "time_limit_seconds": attempt.time_limit_seconds,
        "provenance": _provenance(run, [one.version.uri for one in staged]),
    }


def _processes(run: Run) -> dict[str, int]:
    """How many processes train together: one for each device. Left out for one, which the runner takes for granted."""
    many = run.devices > 1 and run.machine.adapter not in ONE_PROCESS
    return {"processes": run.devices} if many else {}


def _provenance(run: Run, uris: list[str]) -> dict[str, Any]:
    return {
        "project": run.project.slug,
        "run": run.number,
        "machine": run.machine.slug,
        "data": uris,
        "launched_at": run.created_at.isoformat(),
        "portal": f"fabrica {__version__}",
    }
