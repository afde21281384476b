"""Updating the weights: Muon for matrices, Adam for the rest, and the learning rate's course."""

import math
from typing import Any

import torch
from torch import Tensor

from fabrica.trainer.model import Model
from fabrica.trainer.recipe import Optimiser, Recipe

# Coefficients of the quintic that drives singular values towards 1: Keller Jordan 2024, https://kellerjordan.github.io/posts/muon/
A, B, C = 3.4445, -4.7750, 2.0315
ROUNDS = 5


def orthogonal(matrix: Tensor) -> Tensor:
    """The nearest semi-orthogonal matrix, roughly (singular values in about 0.7 to 1.2), by Newton-Schulz rounds."""
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(ROUNDS):
        square = x @ x.T
        x = torch.addmm(x, torch.addmm(square, square, square, beta=B, alpha=C), x, beta=A)
    return x.T if tall else x


class Muon(torch.optim.Optimizer):
    """Momentum made orthogonal (Jordan et al. 2024): equal speed in every direction of a matrix.

    A matrix made of several (`parts`, such as query, key and value side by side) is taken apart for it.
    """

    def __init__(self, parameters: list[dict[str, Any]], lr: float, momentum: float, weight_decay: float) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay, "parts": 1})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # no closure is ever needed here
        del closure
        for group in self.param_groups:
            for weight in group["params"]:
                self._update(weight, weight.grad, group)

    def _update(self, weight: Tensor, slope: Tensor, group: dict[str, Any]) -> None:
        state = self.state[weight]
        if not state:
            state["momentum"] = torch.zeros_like(weight)
        average = state["momentum"]
        average.lerp_(slope, 1 - group["momentum"])
        ahead = slope.lerp(average, group["momentum"])
        pieces = [orthogonal(piece) for piece in ahead.chunk(group["parts"])]
        rows, columns = pieces[0].shape
        weight.mul_(1 - group["lr"] * group["weight_decay"])
        weight.add_(torch.cat(pieces), alpha=-group["lr"] * max(1.0, rows / columns) ** 0.5)


def optimisers(model: Model, how: Optimiser) -> list[torch.optim.Optimizer]:
    """The optimisers of a model, each group keeping its full learning rate as `peak_lr`."""
    matrices, mixes, others = _sorted(model)
    if how.kind == "adamw":
        all_matrices = {"params": [*matrices, *mixes], "lr": how.lr, "weight_decay": how.weight_decay}
        found: list[torch.optim.Optimizer] = [_adam([all_matrices, {"params": others}], how)]
    else:
        groups: list[dict[str, Any]] = [{"params": matrices}, {"params": mixes, "parts": 3}]
        found = [Muon(groups, how.lr, how.momentum, how.weight_decay), _adam([{"params": others}], how)]
    for optimiser in found:
        for group in optimiser.param_groups:
            group["peak_lr"] = group["lr"]
    return found


def _sorted(model: Model) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
    """The weights of a model: the blocks' matrices, those that hold query, key and value in one, all others."""
    named: list[tuple[str, Tensor]] = list(model.named_parameters())
    inside = [(name, one) for name, one in named if name.startswith("blocks.") and one.ndim > 1]
    mixes = [one for name, one in inside if name.endswith(".mix.weight")]
    matrices = [one for name, one in inside if not name.endswith(".mix.weight")]
    taken = {name for name, _ in inside}
    return matrices, mixes, [one for name, one in named if name not in taken]


def _adam(groups: list[dict[str, Any]], how: Optimiser) -> torch.optim.AdamW:
    """Adam (Kingma & Ba 2015) without decay for embedding and gains."""
    betas = (how.beta1, how.beta2)
    return torch.optim.AdamW(groups, lr=how.adam_lr, betas=betas, eps=1e-10, weight_decay=0.0, fused=True)


def lr_share(recipe: Recipe, step: int) -> float:
    """The share of the full learning rate at `step` (from 0): linear warm-up, then cosine, or flat and linear decay.

    "wsd" is warm-up, stable, decay (Hu et al. 2024, arXiv 2404.06395): flat until the last `decay_share` of the run.
    """
    how = recipe.optimiser
    if step < how.warmup_steps:
        return (step + 1) / (how.warmup_steps + 1)
    span = recipe.steps - how.warmup_steps
    if how.schedule == "wsd":
        span = min(span, math.ceil(recipe.steps * how.decay_share))
    done = max(0.0, 1 - (recipe.steps - step) / max(1, span))
    falling = 1 - done if how.schedule == "wsd" else (1 + math.cos(math.pi * done)) / 2
    return how.final_lr_share + (1 - how.final_lr_share) * falling


def set_lr(found: list[torch.optim.Optimizer], share: float) -> None:
    """Give every group this share of its full learning rate."""
    for optimiser in found:
        for group in optimiser.param_groups:
            group["lr"] = group["peak_lr"] * share
