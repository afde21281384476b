"""Which tokens a step sees: a pure function of tokens, recipe and step, so that a resumed run sees the same."""

from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fabrica.kit.errors import Refused
from fabrica.trainer.recipe import Recipe
from fabrica.trainer.tokens import Ids


def batch_at(tokens: Ids, recipe: Recipe, step: int) -> tuple[Tensor, Tensor]:
    """Inputs and targets (batch, context), int64, of `step` (from 0); targets are the inputs moved by one.

    The stream is cut into windows of `context`, shuffled anew in each pass with another offset of the cuts. Raises
    Refused when the stream is shorter than two windows.
    """
    context = recipe.model.context
    windows = (len(tokens) - 1) // context - 1
    if windows < 1:
        raise Refused(
            f"The training text has {len(tokens)} tokens, too few for a context of {context}.",
            todo="Add text, or set a smaller model.context.",
        )
    inputs = np.empty((recipe.batch, context + 1), dtype=np.int64)
    for row in range(recipe.batch):
        turn, place = divmod(step * recipe.batch + row, windows)
        shuffled, offset = _pass(recipe.seed, turn, windows, context)
        start = offset + int(shuffled[place]) * context
        inputs[row] = tokens[start : start + context + 1]
    both = torch.from_numpy(inputs)
    return both[:, :-1], both[:, 1:]


@lru_cache(maxsize=2)
def _pass(seed: int, turn: int, windows: int, context: int) -> tuple[NDArray[np.int64], int]:
    """The order of windows in pass number `turn` and the offset of its cuts."""
    dice = np.random.default_rng([seed, turn])
    return dice.permutation(windows), int(dice.integers(context))
