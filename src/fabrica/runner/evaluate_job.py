"""A job of kind evaluate: a battery on the folder of a trained model, with its report."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fabrica.evaluation.battery.battery import FILE, Spent, Tick
from fabrica.evaluation.battery.evaluate import evaluate_folder
from fabrica.evaluation.battery.material import Source
from fabrica.evaluation.battery.profiles import profile_of
from fabrica.evaluation.battery.report import to_html, to_markdown
from fabrica.kit.errors import Refused
from fabrica.kit.files import write_atomic
from fabrica.runner.job import Data, Job
from fabrica.runner.progress import Progress
from fabrica.runner.stopping import Stop

PHASE = "battery"
OUT_OF_TIME = "time limit"


def evaluate(job: Job, folder: Path, stop: Stop, progress: Progress) -> dict[str, Any]:
    """Measure the model of the job; leaves battery.json and its report in out/, and returns the summary.

    May be called again after any interruption: probes that were done are not done again. Raises Stopped, Refused.
    """
    if job.model is None:
        raise Refused("The job names no model.", todo="Launch it again.")
    profile, out, kept = profile_of(job.profile), folder / "out", folder / "work" / f"battery-{job.profile}"
    progress.tell(PHASE)
    tick = tick_of(stop, progress)
    found = evaluate_folder(job.model.path, sources_of(job.data), profile, seed=job.seed, kept=kept, tick=tick)
    write_atomic(out / "report.md", to_markdown(found))
    write_atomic(out / "report.html", to_html(found))
    write_atomic(out / FILE, json.dumps(found, indent=2, allow_nan=False) + "\n")
    return {"model_sha256": found["model"]["sha256"], "profile": profile.name, "battery": found["summary"]}


def sources_of(data: Sequence[Data]) -> list[Source]:
    """The job's data as the battery takes them."""
    return [Source(one.name, one.path, one.language) for one in data]


def tick_of(stop: Stop, progress: Progress) -> Tick:
    """What a battery calls between pieces of work: it tells progress, and ends in order when the attempt must.

    At the time limit the battery alone ends: the model is trained and packed, and what was measured stands.
    """

    def tick(_name: str, done: int, of: int) -> None:
        if stop.reason() == OUT_OF_TIME:
            raise Spent
        stop.check()
        progress.tell(PHASE, done, of)

    return tick
