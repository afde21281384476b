"""What a run took, told to trust: all its attempts, failed and repeated ones too."""

from datetime import datetime

from fabrica.allocations import queries as awards
from fabrica.kit.errors import Problem
from fabrica.trainer.recipe import recipe_from
from fabrica.trainer.sizes import training_flops
from fabrica.training.models import Run
from fabrica.training.states import Kind
from fabrica.trust.services import compute

NO_NAME = "recipe"


def note_compute(*, run: Run, now: datetime) -> None:
    """Keep what a run took so far, by what was booked and by its recipe; a run that used nothing is none."""
    if not run.used_gpu_seconds:
        return
    recipe = run.recipe if run.kind == Kind.TRAIN else None
    compute.note_run(
        project=run.project, subject=run.subject, model=str(recipe.get("name") or NO_NAME) if recipe else "",
        machine=run.machine, gpu_seconds=run.used_gpu_seconds, operations=operations_of(run),
        used_by_project=awards.balance(run.award).used, now=now,
    )  # fmt: skip


def operations_of(run: Run) -> float | None:
    """What the recipe takes up to the last step that was reached; None for a command, or before the first step.

    Counted from the recipe that was launched, not from what the job wrote of itself. What an attempt did again after an
    interruption is in the metered hours only.
    """
    if run.kind != Kind.TRAIN or not run.recipe or not run.steps:
        return None
    try:
        whole = training_flops(recipe_from(run.recipe))
    except Problem:  # a recipe of before, with keys that are gone
        return None
    done = min(run.step, run.steps)
    return whole * done / run.steps if done else None
