"""One pass over pieces of text that tells two things of each: its cost, and how much of it the model goes on with."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional

from fabrica.evaluation.battery.subject import LOGITS_BYTES_AT_MOST, ROWS_AT_MOST
from fabrica.trainer.model import Model


@dataclass(frozen=True)
class Read:
    """The cost in bits of all tokens; how many tokens after the first `known` the model writes as they stand.

    `by_heart` is None where the text has fewer than twice `known` tokens. Always the likeliest token counts; all at
    once, for writing one after the other gives the text exactly as long as each likeliest token is the text's.
    """

    bits: float
    by_heart: int | None


@torch.inference_mode()
def read(model: Model, texts: Sequence[Sequence[int]], end: int, known: int) -> list[Read]:
    """Each text's tokens read after an end token, in pieces of the context that do not overlap, as `bits_of` does.

    2 `known` must be at most the context.
    """
    context, device = model.shape.context, next(model.parameters()).device
    rows = max(1, min(ROWS_AT_MOST, LOGITS_BYTES_AT_MOST // (4 * context * model.vocab_size)))
    windows = [
        (number, at, [end, *text][at : at + context + 1])
        for number, text in enumerate(texts)
        for at in range(0, len(text), context)
    ]
    windows.sort(key=lambda window: (len(window[2]), window[0], window[1]))
    bits, kept = [0.0] * len(texts), [0] * len(texts)
    for first in range(0, len(windows), rows):
        group = windows[first : first + rows]
        widest = max(len(ids) for *_, ids in group)
        padded = torch.tensor([ids + [end] * (widest - len(ids)) for *_, ids in group], device=device)
        logits, targets = model(padded[:, :-1]).float(), padded[:, 1:]
        costs = functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")
        right = (logits.argmax(-1) == targets)[:, known : 2 * known].long().cumprod(dim=1).sum(dim=1)
        for (number, at, ids), row, run in zip(group, costs.view(len(group), -1), right, strict=True):
            bits[number] += float(row[: len(ids) - 1].double().sum()) / math.log(2)
            kept[number] = kept[number] if at else int(run)
    return [
        Read(cost, run if len(text) >= 2 * known else None) for cost, run, text in zip(bits, kept, texts, strict=True)
    ]
