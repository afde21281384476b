"""Writing on after many prompts at once, keys and values kept, so that a battery's samples take seconds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from fabrica.kit.errors import Refused
from fabrica.trainer.model import Attention, Model

ROWS = 32
TOKENS_AT_MOST = 100_000


@dataclass(frozen=True)
class Draw:
    """How a token is drawn: as samples of a trained model are; temperature 0 takes the likeliest."""

    temperature: float = 0.8
    top_k: int = 50


USUAL = Draw()


@torch.inference_mode()
def go_on(
    model: Model, prompts: Sequence[Sequence[int]], tokens: int, *, end: int, seed: int, draw: Draw
) -> list[list[int]]:
    """Up to `tokens` tokens after each prompt (which has one at least), without it; an end token stops a row.

    Row n draws from its own dice, by `seed` and n. Where the context is full, the row goes on from its last half.
    """
    if not 1 <= tokens <= TOKENS_AT_MOST:
        raise Refused("The number of tokens to write is out of bounds.", why=f"Bounds: 1 to {TOKENS_AT_MOST}.")
    found: list[list[int]] = []
    for first in range(0, len(prompts), ROWS):
        group = [list(prompt) for prompt in prompts[first : first + ROWS]]
        luck = np.stack([np.random.default_rng([seed, first + row]).random(tokens) for row in range(len(group))])
        found += _rows(model, group, torch.from_numpy(luck), end, draw)
    return found


def _rows(model: Model, prompts: list[list[int]], luck: Tensor, end: int, draw: Draw) -> list[list[int]]:
    """What `go_on` finds for one batch; `luck` (rows, tokens) are the dice, each in [0, 1)."""
    rows, written = [list(prompt) for prompt in prompts], [len(prompt) for prompt in prompts]
    window = _Window(model)
    done = [False] * len(rows)
    logits = window.read(rows)
    for dice in luck.T:
        for row, token in enumerate(_pick(logits, dice, draw)):
            done[row] = done[row] or token == end
            rows[row].append(token)
        if all(done):
            break
        logits = window.step(rows)
    return [_until(row[start:], end) for row, start in zip(rows, written, strict=True)]


def _until(ids: list[int], end: int) -> list[int]:
    return ids[: ids.index(end)] if end in ids else ids


def _pick(logits: Tensor, dice: Tensor, draw: Draw) -> list[int]:
    """A token for each row of logits (rows, vocab_size)."""
    best, which = logits.float().cpu().topk(min(draw.top_k, logits.shape[-1]) if draw.temperature else 1)
    chances = torch.softmax(best.double() / (draw.temperature or 1.0), dim=-1).cumsum(dim=-1)
    chosen = (chances < dice[:, None] * chances[:, -1:]).sum(dim=-1, keepdim=True)
    return which.gather(1, chosen.clamp(max=which.shape[1] - 1))[:, 0].tolist()


class _Window:
    """A model's keys and values of the tokens read so far, for rows of different lengths."""

    def __init__(self, model: Model) -> None:
        self.model, self.context = model, model.shape.context
        self.kept: list[tuple[Tensor, Tensor]] = []
        self.length: list[int] = []

    def read(self, rows: list[list[int]]) -> Tensor:
        """Read the rows anew, at most their last half context; the logits after each row's last token."""
        self.kept = []
        seen = [row[-max(1, self.context // 2) :] for row in rows]
        self.length = [len(row) for row in seen]
        widest = max(self.length)
        return self._run(torch.tensor([row + [0] * (widest - len(row)) for row in seen]), [0] * len(rows))

    def step(self, rows: list[list[int]]) -> Tensor:
        """Read each row's newest token; the logits after it."""
        if max(self.length) >= self.context:
            return self.read(rows)
        places = list(self.length)
        self.length = [one + 1 for one in self.length]
        return self._run(torch.tensor([[row[-1]] for row in rows]), places)

    def _run(self, tokens: Tensor, places: list[int]) -> Tensor:
        model, device = self.model, next(self.model.parameters()).device
        x = model.embedding(tokens.to(device))
        at = torch.tensor(places, device=device)[:, None] + torch.arange(tokens.shape[1], device=device)
        for number, block in enumerate(model.blocks):
            x = x + self._attend(number, block.attention, block.norm_1(x), at)  # type: ignore[arg-type, operator]
            y = block.norm_2(x)  # type: ignore[operator]
            x = x + block.down(functional.silu(block.gate(y)) * block.up(y))  # type: ignore[operator]
        last = torch.tensor(self.length, device=device) - 1 - at[:, 0]
        return functional.linear(model.norm(x[torch.arange(len(x), device=device), last]), model.embedding.weight)

    def _attend(self, number: int, attention: Attention, x: Tensor, at: Tensor) -> Tensor:
        """As `Attention.forward`, with what was kept of earlier tokens; `at` (rows, tokens) are their places."""
        rows, tokens, width = x.shape
        heads = attention.mix(x).view(rows, tokens, 3, attention.heads, width // attention.heads)
        query, key, value = heads.permute(2, 0, 3, 1, 4)
        cos, sin = self.model.cos[at][:, None], self.model.sin[at][:, None]
        query, key = _turned(query, cos, sin), _turned(key, cos, sin)
        if len(self.kept) == number:
            size = (rows, attention.heads, self.context, width // attention.heads)
            self.kept.append((key.new_zeros(size), value.new_zeros(size)))
        keys, values = self.kept[number]
        row = torch.arange(rows, device=x.device)[:, None]
        keys[row, :, at], values[row, :, at] = key.transpose(1, 2), value.transpose(1, 2)
        until = int(at.max()) + 1
        mask = torch.arange(until, device=x.device) <= at[:, None, :, None]
        seen = functional.scaled_dot_product_attention(query, keys[:, :, :until], values[:, :, :until], attn_mask=mask)
        return attention.out(seen.transpose(1, 2).reshape(rows, tokens, width))  # type: ignore[no-any-return]


def _turned(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Normalised and turned by its place, as in `trainer.model.Attention`."""
    first, second = functional.rms_norm(x, (x.shape[-1],)).chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)
