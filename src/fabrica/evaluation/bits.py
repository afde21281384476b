"""What a held-out text costs under a model."""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch.nn import functional

from fabrica.trainer.devices import choose_device
from fabrica.trainer.model import Model
from fabrica.trainer.tokens import Ids

ROWS = 16


def model_bits(
    model: Model, tokens: Ids, end: int, tick: Callable[[int, int], None] = lambda _done, _of: None
) -> float:
    """The cost in bits of a stream of tokens: minus the sum of log2 of the chance the model gave each of them.

    The stream is every document followed by its end token, so boundaries are paid for too. It is cut into pieces of
    the model's context; each token is predicted once, from the tokens before it in its piece and the last one of the
    piece before (the first of all: from an end token). Pieces do not overlap, so a model with a longer context is not
    flattered: this is an upper bound of what a sliding window gives. `tick(done, of)` is told pieces, in float32.
    """
    device, context = choose_device(), model.shape.context

    stream = torch.from_numpy(np.concatenate(([end], tokens)).astype(np.int64))
    pieces = [(at, min(at + context, len(tokens))) for at in range(0, len(tokens), context)]
    model = model.to(device).eval()
    nats = 0.0
    with torch.inference_mode():
        for first in range(0, len(pieces), ROWS):
            group = pieces[first : first + ROWS]
            last_is_short = group[-1][1] - group[-1][0] < context
            for rows in (group[:-1], group[-1:]) if last_is_short else (group,):
                if rows:
                    inputs = torch.stack([stream[start:stop] for start, stop in rows]).to(device)
                    targets = torch.stack([stream[start + 1 : stop + 1] for start, stop in rows]).to(device)
                    logits = model(inputs).float().flatten(0, 1)
                    nats += float(functional.cross_entropy(logits, targets.flatten(), reduction="sum"))
            tick(first + len(group), len(pieces))
    return nats / math.log(2)
