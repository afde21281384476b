"""Waiting with a person: progress of staging and of runs, and the log as it grows."""

import sys
import time
from typing import Any

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from fabrica.cli.client import Client, path_of
from fabrica.cli.output import errors
from fabrica.kit.errors import Refused, Unreachable
from fabrica.kit.units import duration

POLL_SECONDS = 1.0
PATIENCE = 30  # polls in a row without an answer
ESTIMATE = (
    "This is the machine's own estimate, which assumes that every job runs to its limit: "
    "usually later than what happens."
)
ENDED = ("succeeded", "failed", "cancelled")


def bar() -> Progress:
    """A progress bar on standard error, so that standard output stays clean."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    return Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal)


def staged(client: Client, project: str, staging: dict[str, Any]) -> dict[str, Any]:
    """Wait until a staging has ended; returns it. Raises Refused where it ended badly, with what the site says."""
    with bar() as progress:
        task = progress.add_task(f"Staging {staging['uri']}", total=staging["size_bytes"] or None)
        while staging["state"] in ("waiting", "staging"):
            time.sleep(POLL_SECONDS / 2)
            staging = client.get(path_of("projects", project, "stagings", staging["id"]))
            progress.update(task, completed=staging["bytes_done"])
    if staging["state"] != "staged":
        raise Refused(
            f"{staging['uri']} was not staged.",
            why=f"{staging['error_what']} {staging['error_why']}",
            todo=staging["error_todo"],
        )
    return staging


def ended(client: Client, project: str, number: int) -> dict[str, Any]:
    """Wait until a run has ended, showing phase, loss, speed and time left; returns it. Ctrl-C only stops watching."""
    missed = 0
    with bar() as progress:
        task = progress.add_task("Waiting for the machine", total=None)
        while True:
            try:
                run: dict[str, Any] = client.get(path_of("projects", project, "runs", number))
                missed = 0
            except Unreachable:
                missed += 1
                if missed > PATIENCE:
                    raise
            else:
                progress.update(task, total=run["steps"] or None, completed=run["step"], description=_says(run))
                if run["state"] in ENDED:
                    return run
            time.sleep(POLL_SECONDS)


def why(run: dict[str, Any]) -> list[str]:
    """Why a run waits, what to do about it, and when the machine means to start it; an older site tells less."""
    told = " ".join(filter(None, (run.get("reason"), run.get("todo"))))
    at = run.get("machine_starts_at")
    return [*filter(None, [told]), *([f"Expected start: {at}. {ESTIMATE}"] if at else [])]


def _says(run: dict[str, Any]) -> str:
    parts = [str(run["phase"] or run["state"])]
    if not run["phase"] and run.get("reason"):
        parts = [str(run["reason"])]
    if run["loss"] is not None:
        parts.append(f"loss {run['loss']:.3f}")
    if run["tokens_per_second"]:
        parts.append(f"{run['tokens_per_second']:,.0f} tokens/s")
    if run["seconds_left"]:
        parts.append(f"about {duration(run['seconds_left'])} left")
    return ", ".join(parts)


def log(client: Client, project: str, number: int, *, follow: bool) -> None:
    """Print a run's log; with `follow`, go on until it has ended."""
    offset = 0
    while True:
        piece = client.get(path_of("projects", project, "runs", number, "log"), offset=offset)
        sys.stdout.write(piece["text"])
        sys.stdout.flush()
        moved, offset = piece["next_offset"] > offset, piece["next_offset"]
        if not moved and (piece["done"] or not follow):
            return
        if not moved:
            time.sleep(POLL_SECONDS)
