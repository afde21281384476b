"""A short calibration: how fast this machine really trains a recipe."""

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from fabrica.trainer.loop import Trainer
from fabrica.trainer.recipe import Recipe
from fabrica.trainer.sizes import flops_per_token, tokens_per_step

SECONDS_AT_MOST = 600.0


@dataclass(frozen=True)
class Calibration:
    """What was reached: operations are counted by `sizes.flops_per_token`."""

    tokens_per_second: float
    flops_per_second: float
    device: str
    threads: int
    at: datetime


def calibrate(recipe: Recipe, seconds: float = 4.0) -> Calibration:
    """Train `recipe` on random tokens for about `seconds` (bounded to 10 minutes) after one warm-up step.

    At least two steps are measured, however long they take.
    """
    dice = np.random.default_rng(recipe.seed)
    length = 3 * (recipe.model.context + 1)
    tokens = dice.integers(0, recipe.vocab_size, length).astype(np.int32)
    trainer = Trainer(replace(recipe, steps=10_000_000), tokens)
    trainer.one_step().item()
    began = time.perf_counter()
    steps = 0
    while steps < 2 or time.perf_counter() - began < min(seconds, SECONDS_AT_MOST):  # noqa: PLR2004 - docstring
        trainer.one_step().item()
        steps += 1
    speed = steps * tokens_per_step(recipe) / (time.perf_counter() - began)
    return Calibration(speed, speed * flops_per_token(recipe), trainer.device, trainer.threads, datetime.now(UTC))
