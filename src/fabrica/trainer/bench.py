"""A short calibration: how fast this machine, or several processes together, really train a recipe.

`python -m fabrica.trainer.bench RECIPE SECONDS`, started alone or by torchrun or srun, prints tokens per second.
"""

import os
import sys
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from fabrica.trainer.alone import ALONE, Alone
from fabrica.trainer.loop import Trainer
from fabrica.trainer.place import place_from
from fabrica.trainer.recipe import Recipe, named
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


def calibrate(recipe: Recipe, seconds: float = 4.0, group: Alone = ALONE) -> Calibration:
    """Train `recipe` on random tokens for about `seconds` (bounded to 10 minutes) after one warm-up step.

    At least two steps are measured, however long they take; the speed is that of all processes together.
    """
    dice = np.random.default_rng(recipe.seed)
    length = 3 * (recipe.model.context + 1)
    tokens = dice.integers(0, recipe.vocab_size, length).astype(np.int32)
    trainer = Trainer(replace(recipe, steps=10_000_000), tokens, group=group)
    trainer.one_step().item()
    began = time.perf_counter()
    steps, over = 0, False
    while not over:
        wish = steps >= 1 and time.perf_counter() - began >= min(seconds, SECONDS_AT_MOST)
        trainer.one_step(wish=wish).item()
        steps += 1
        over = trainer.wished if group.size > 1 else wish
    speed = steps * tokens_per_step(recipe) / (time.perf_counter() - began)
    return Calibration(speed, speed * flops_per_token(recipe), trainer.device, trainer.threads, datetime.now(UTC))


def main(name: str, seconds: str) -> None:
    """Calibrate with the processes that were started for it; the first prints."""
    place, group = place_from(os.environ), ALONE
    if place.size > 1:
        from fabrica.trainer.group import join  # noqa: PLC0415 - a process alone needs none of it

        joined = join(place, "bench")
        joined.connect()
        group = joined
    speed = calibrate(named(name), float(seconds), group).tokens_per_second
    if place.rank == 0:
        sys.stdout.write(f"{speed:.1f}\n")
    group.part(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
