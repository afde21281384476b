"""A battery on a packaged model's folder and the data beside it: what the evaluate job and the command share."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fabrica.evaluation.battery.battery import FILE, Battery, Tick
from fabrica.evaluation.battery.canaries import Canary, from_values
from fabrica.evaluation.battery.context import Context
from fabrica.evaluation.battery.material import (
    Material,
    Source,
    is_of_training,
    other_material,
    read_material,
)
from fabrica.evaluation.battery.profiles import Profile
from fabrica.evaluation.battery.subject import PackagedSubject
from fabrica.kit.errors import Refused
from fabrica.trainer.package import load_model
from fabrica.trainer.recipe import Recipe, recipe_from

CANARIES, CANARIES_AT_MOST = "canaries.json", 1_000  # as the recipe allows
LANGUAGE = re.compile(r"[a-z-]{2,12}")
SMALL_FILE = 10_000_000


def evaluate_folder(
    folder: Path,
    sources: Sequence[Source],
    profile: Profile,
    *,
    seed: int | None = None,
    kept: Path | None = None,
    tick: Tick = lambda _name, _done, _of: None,
) -> dict[str, Any]:
    """The content of battery.json for the model that `save_package` and a train job left in `folder`.

    Where the data, split as the recipe splits, gives the held-out text that evaluation.json names, it is the model's
    own training data, and all probes can be run; other data counts as text of which nobody knows. `seed` is for what is
    drawn by dice, by default the recipe's; the untrained twin is always of the recipe's. Raises Refused.
    """
    packaged = load_model(folder)
    recipe = recipe_of(folder)
    subject = PackagedSubject(packaged, recipe.seed)
    material = material_of(folder, sources, recipe)
    dice = recipe.seed if seed is None else seed
    context = Context(subject, material, profile.sizes, dice, folder, _languages(folder))
    return Battery(profile, kept=kept, tick=tick).run(context)


def material_of(folder: Path, sources: Sequence[Source], recipe: Recipe) -> Material:
    """The texts, as members and held out where they are the training's own."""
    try:
        own = read_material(sources, recipe, canaries_of(folder))
    except Refused:
        return other_material(sources)
    return own if is_of_training(own, folder / "evaluation.json") else other_material(sources)


def recipe_of(folder: Path) -> Recipe:
    """The recipe in the folder, for the seed of the untrained twin and how text was held out; the usual one without."""
    values = _json(folder / "recipe.json")
    return recipe_from(values) if isinstance(values, dict) else Recipe()


def canaries_of(folder: Path) -> tuple[Canary, ...]:
    """The secrets that the training planted."""
    try:
        return from_values(_json(folder / CANARIES) or [])[:CANARIES_AT_MOST]
    except (KeyError, TypeError, ValueError, OverflowError):
        return ()


def _languages(folder: Path) -> dict[str, float]:
    """The languages of the training text, as an earlier battery in the folder told."""
    try:
        values = _json(folder / FILE)
        told = {str(name): float(share) for name, share in values["training_languages"].items()}
        return {name: share for name, share in told.items() if LANGUAGE.fullmatch(name) and 0 <= share <= 1}
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return {}


def _json(path: Path) -> Any:
    """The content of a small file; None where it is missing or broken."""
    try:
        is_small = path.is_file() and path.stat().st_size <= SMALL_FILE
        return json.loads(path.read_bytes()) if is_small else None
    except (OSError, ValueError, RecursionError):
        return None
