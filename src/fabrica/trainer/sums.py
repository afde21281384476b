"""A model's gradients as one run of numbers, so that one sum over the processes is one call."""

import torch
from torch import Tensor, nn

from fabrica.trainer.alone import Alone


class Sums:
    """Gradients, and behind them the loss and how many processes wish to stop.

    Each weight's gradient is a view of its part, which backward adds to: nothing is copied, and nothing is kept twice.
    """

    def __init__(self, model: nn.Module, group: Alone) -> None:
        weights = list(model.parameters())
        self.group = group
        self.numbers = torch.zeros(sum(one.numel() for one in weights) + 2, device=weights[0].device)
        start = 0
        for weight in weights:
            weight.grad = self.numbers[start : start + weight.numel()].view_as(weight)
            start += weight.numel()

    def over_all(self, loss: Tensor, *, wish: bool) -> tuple[Tensor, bool]:
        """Sum the gradients, this process's share of the loss and its wish; returns loss and wish of all together."""
        self.numbers[-2] = loss
        self.numbers[-1] = float(wish)
        self.group.sum(self.numbers)
        return self.numbers[-2].clone(), self.numbers[-1].item() > 0

    def clear(self) -> None:
        """Begin the next step's sum at zero."""
        self.numbers.zero_()
