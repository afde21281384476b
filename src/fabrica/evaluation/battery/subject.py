"""What a probe sees of a model: what a text costs, what it writes, its untrained twin and the hash of its weights."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch
from safetensors.torch import save
from torch.nn import functional

from fabrica.evaluation.battery.writing import USUAL, Draw, go_on
from fabrica.trainer.devices import choose_device
from fabrica.trainer.model import Model, new_model
from fabrica.trainer.package import Packaged
from fabrica.trainer.recipe import Recipe
from fabrica.trainer.tokens import decode, end_token

LOGITS_BYTES_AT_MOST = 128_000_000
ROWS_AT_MOST = 64


class Subject(Protocol):
    """What is measured: a language model, or in a test whatever answers like one."""

    @property
    def sha256(self) -> str:
        """Of the weights, as the file `model.safetensors` holds them: the same as in the signed manifest."""

    @property
    def untrained(self) -> "Subject":
        """The same architecture and tokenizer before training, by the recipe's seed; its own twin is itself."""

    def bits(self, texts: Sequence[str]) -> list[float]:
        """The cost of each text in bits, from its first token to its last; the end of a document is not paid for."""

    def generate(self, prompts: Sequence[str], *, tokens: int, seed: int) -> list[str]:
        """What the model writes after each prompt, without the prompt; the same for the same arguments."""


@dataclass(frozen=True, eq=False)
class PackagedSubject:
    """The real one, over a packaged model. `seed` is the recipe's, for the untrained twin."""

    packaged: Packaged
    seed: int = 1
    draw: Draw = USUAL
    twin: bool = False

    @cached_property
    def model(self) -> Model:
        """On the fastest device there is, in evaluation mode."""
        return self.packaged.model.to(choose_device()).eval()

    @cached_property
    def sha256(self) -> str:
        weights = {key: value.cpu().contiguous() for key, value in self.model.state_dict().items()}
        return hashlib.sha256(save(weights, metadata={"format": "pt"})).hexdigest()

    @cached_property
    def untrained(self) -> "PackagedSubject":
        if self.twin:
            return self
        recipe = Recipe(model=self.model.shape, vocab_size=self.model.vocab_size, seed=self.seed)
        return PackagedSubject(Packaged(new_model(recipe), self.packaged.tokenizer), self.seed, self.draw, twin=True)

    def ids(self, text: str) -> list[int]:
        """The text's tokens."""
        return list(self.packaged.tokenizer.encode(text, add_special_tokens=False).ids)

    def bits(self, texts: Sequence[str]) -> list[float]:
        return bits_of(self.model, [self.ids(text) for text in texts], end_token(self.packaged.tokenizer))

    def generate(self, prompts: Sequence[str], *, tokens: int, seed: int) -> list[str]:
        end = end_token(self.packaged.tokenizer)
        starts = [self.ids(prompt) or [end] for prompt in prompts]
        written = go_on(self.model, starts, tokens, end=end, seed=seed, draw=self.draw)
        return [decode(self.packaged.tokenizer, ids) for ids in written]


@torch.inference_mode()
def bits_of(model: Model, texts: Sequence[Sequence[int]], end: int) -> list[float]:
    """The cost in bits of each text's tokens: the first from an end token, as at the beginning of a document.

    As in `model_bits`, a text is cut into pieces of the context that do not overlap. Pieces of like length share a
    batch, padded at their end, which a causal model does not see; a batch's logits stay below 128 MB.
    """
    context, device = model.shape.context, next(model.parameters()).device
    rows = max(1, min(ROWS_AT_MOST, LOGITS_BYTES_AT_MOST // (4 * context * model.vocab_size)))
    pieces = [
        (number, [end, *text][at : at + context + 1])
        for number, text in enumerate(texts)
        for at in range(0, len(text), context)
    ]
    pieces.sort(key=lambda piece: (len(piece[1]), piece[0]))
    found = [0.0] * len(texts)
    for first in range(0, len(pieces), rows):
        group = pieces[first : first + rows]
        widest = max(len(ids) for _, ids in group)
        padded = torch.tensor([ids + [end] * (widest - len(ids)) for _, ids in group], device=device)
        costs = functional.cross_entropy(
            model(padded[:, :-1]).float().flatten(0, 1), padded[:, 1:].flatten(), reduction="none"
        )
        for (number, ids), row in zip(group, costs.view(len(group), -1), strict=True):
            found[number] += float(row[: len(ids) - 1].double().sum()) / math.log(2)
    return found
