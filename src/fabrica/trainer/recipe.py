"""The recipe of a training: typed, bounded, complete. Standard library only, so that importing it is light."""

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from fabrica.kit.errors import Refused
from fabrica.trainer.reading import apply_overrides, read_into

Bound = float | int


def _between(default: Any, low: Bound, high: Bound) -> Any:
    """A number with its bounds, both included."""
    return field(default=default, metadata={"low": low, "high": high})


def _one_of(default: str, *choices: str) -> Any:
    """A word out of a list."""
    return field(default=default, metadata={"choices": choices})


@dataclass(frozen=True)
class ModelShape:
    """A decoder-only transformer: blocks, vector width, attention heads, SwiGLU width, tokens it looks back."""

    layers: int = _between(3, 1, 128)
    width: int = _between(256, 16, 16384)
    heads: int = _between(4, 1, 128)
    hidden: int = _between(576, 16, 65536)
    context: int = _between(256, 8, 131072)


@dataclass(frozen=True)
class Optimiser:
    """How weights are updated: Muon for the matrices of the blocks, Adam for embedding and gains, or Adam for all."""

    kind: str = _one_of("muon", "muon", "adamw")
    lr: float = _between(0.03, 1e-7, 1.0)
    adam_lr: float = _between(0.01, 1e-7, 1.0)
    beta1: float = _between(0.9, 0.0, 0.9999)
    beta2: float = _between(0.95, 0.0, 0.99999)
    momentum: float = _between(0.95, 0.0, 0.9999)
    weight_decay: float = _between(0.01, 0.0, 1.0)
    warmup_steps: int = _between(10, 0, 1_000_000)
    schedule: str = _one_of("wsd", "wsd", "cosine")
    decay_share: float = _between(0.7, 0.0, 1.0)
    final_lr_share: float = _between(0.02, 0.0, 1.0)
    clip_norm: float = _between(1.0, 0.001, 1000.0)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what comes out of a training, but for the text and the machine's rounding.

    `battery` says how much is measured of the model afterwards; `canaries`, how many secrets are planted in the text.
    """

    name: str = field(default="demo", metadata={"low": 1, "high": 80})
    vocab_size: int = _between(4096, 257, 262_144)
    model: ModelShape = field(default_factory=ModelShape)
    optimiser: Optimiser = field(default_factory=Optimiser)
    batch: int = _between(8, 1, 65536)
    steps: int = _between(125, 1, 10_000_000)
    checkpoint_every: int = _between(25, 1, 1_000_000)
    log_every: int = _between(1, 1, 100_000)
    seed: int = _between(1, 0, 2**31 - 1)
    held_out_share: float = _between(0.05, 0.001, 0.5)
    held_out_bytes: int = _between(200_000, 1_000, 100_000_000)
    tokenizer_bytes: int = _between(2_000_000, 10_000, 1_000_000_000)
    battery: str = _one_of("quick", "quick", "full", "none")
    canaries: int = _between(0, 0, 1_000)


NAMED: dict[str, Recipe] = {
    "tiny": Recipe(
        name="tiny",
        vocab_size=320,
        model=ModelShape(layers=2, width=48, heads=2, hidden=128, context=32),
        optimiser=Optimiser(warmup_steps=4),
        batch=4,
        steps=30,
        checkpoint_every=10,
        held_out_bytes=8_000,
        tokenizer_bytes=50_000,
        battery="none",
    ),
    "demo": Recipe(),
    "small": Recipe(
        name="small",
        model=ModelShape(layers=6, width=352, heads=4, hidden=960, context=512),
        steps=2000,
        batch=16,
        checkpoint_every=100,
        log_every=5,
        held_out_bytes=400_000,
    ),
}


def named(name: str) -> Recipe:
    """The built-in recipe of this name. Raises Refused, listing the names there are."""
    if name not in NAMED:
        raise Refused(f"There is no recipe called {name[:80]!r}.", todo=f"Choose one of: {', '.join(sorted(NAMED))}.")
    return NAMED[name]


def recipe_from(values: dict[str, Any], overrides: list[str] | None = None) -> Recipe:
    """The recipe that `values` (as from JSON) describe; a known `name` fills in what is left out.

    `overrides` are assignments such as `model.width=256`, applied last. Raises Refused for an unknown key (listing
    the valid ones with their path), a wrong type, a value out of bounds, or parts that do not fit each other.
    """
    name = values.get("name") if isinstance(values, dict) else None
    base = NAMED.get(name, NAMED["demo"]) if isinstance(name, str) else NAMED["demo"]
    recipe = read_into(base, values, "")
    recipe = apply_overrides(recipe, overrides or [])
    _check_fit(recipe)
    return recipe


def to_dict(recipe: Recipe) -> dict[str, Any]:
    """The recipe as JSON values; `recipe_from` reads it back to an equal recipe."""
    return asdict(recipe)


def with_seed(recipe: Recipe, seed: int) -> Recipe:
    """The same recipe with another seed."""
    return recipe_from(to_dict(replace(recipe, seed=seed)))


def _check_fit(recipe: Recipe) -> None:
    """Raise Refused where single values are fine but do not fit together."""
    model, optimiser = recipe.model, recipe.optimiser
    if model.width % (2 * model.heads):
        raise Refused(
            f"model.width is {model.width}, which {model.heads} heads cannot share evenly.",
            why="Each head takes an even number of the width.",
            todo=f"Set model.width to a multiple of {2 * model.heads}.",
        )
    if optimiser.warmup_steps > recipe.steps:
        raise Refused(
            f"optimiser.warmup_steps is {optimiser.warmup_steps}, more than the {recipe.steps} steps of the run.",
            todo="Set it to a tenth of the steps or less.",
        )
