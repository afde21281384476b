"""The training loop: resumes from the newest whole checkpoint and goes on exactly as if it had never stopped."""

import math
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from fabrica.kit.errors import Refused
from fabrica.trainer.checkpoints import read_checkpoint, restore, state_of, write_checkpoint
from fabrica.trainer.devices import choose_device, precision, use_threads
from fabrica.trainer.model import Model, new_model
from fabrica.trainer.optimiser import lr_share, optimisers, set_lr
from fabrica.trainer.order import batch_at
from fabrica.trainer.recipe import Recipe
from fabrica.trainer.report import Report
from fabrica.trainer.sizes import flops_per_token, tokens_per_step
from fabrica.trainer.tokens import Ids

RECENT = 20


class Trainer:
    """One training in one process: weights, optimisers' memory, and the number of the next step (from 0)."""

    def __init__(self, recipe: Recipe, tokens: Ids, checkpoints: Path | None = None) -> None:
        self.recipe, self.tokens, self.checkpoints = recipe, tokens, checkpoints
        self.device, self.threads = choose_device(), use_threads(flops_per_token(recipe) * tokens_per_step(recipe))
        self.model: Model = new_model(recipe).to(self.device)
        self.optimisers = optimisers(self.model, recipe.optimiser)
        self.step, self.elapsed_seconds = 0, 0.0
        state = read_checkpoint(checkpoints, self.device) if checkpoints else None
        if state:
            restore(state, self.model, self.optimisers)
            self.step, self.elapsed_seconds = state.step, state.elapsed_seconds

    def one_step(self) -> Tensor:
        """Make one update; returns the loss before it (nats per token), still on the device."""
        recipe = self.recipe
        set_lr(self.optimisers, lr_share(recipe, self.step))
        inputs, targets = (part.to(self.device) for part in batch_at(self.tokens, recipe, self.step))
        with precision(self.device):
            logits = self.model(inputs)
        loss = functional.cross_entropy(logits.float().flatten(0, 1), targets.flatten())
        loss.backward()  # type: ignore[no-untyped-call]  # PyTorch leaves it untyped
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), recipe.optimiser.clip_norm)
        for optimiser in self.optimisers:
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        self.step += 1
        return loss.detach() + 0 * norm  # a gradient that is no number shows at once, before weights are saved

    def save(self) -> None:
        """Write a checkpoint of this moment. Raises OSError when the disk is full."""
        if self.checkpoints:
            state = state_of(self.model, self.optimisers, self.step, self.elapsed_seconds)
            write_checkpoint(self.checkpoints, state)

    def run(self, tell: Callable[[Report], None], should_stop: Callable[[], bool] = lambda: False) -> bool:
        """Train to the recipe's last step; True when it got there, False when `should_stop` ended it.

        Either way the last step done is in a checkpoint. Raises Refused when the loss is no longer a number, and
        OSError when a checkpoint cannot be written.
        """
        recipe = self.recipe
        recent: list[float] = []
        loss = torch.zeros(())
        while self.step < recipe.steps:
            if should_stop():
                _finite(loss.item(), self.step)
                self.save()
                return False
            began = time.perf_counter()
            loss = self.one_step()
            logged = self.step % recipe.log_every == 0 or self.step in {1, recipe.steps}
            saved = self.step % recipe.checkpoint_every == 0 or self.step == recipe.steps
            value = _finite(loss.item(), self.step) if logged or saved else 0.0
            recent = [*recent, time.perf_counter() - began][-RECENT:]
            self.elapsed_seconds += recent[-1]
            if logged:
                tell(self._report(value, sum(recent) / len(recent)))
            if saved:
                self.save()
        return True

    def _report(self, loss: float, seconds_per_step: float) -> Report:
        left = (self.recipe.steps - self.step) * seconds_per_step
        speed = tokens_per_step(self.recipe) / seconds_per_step
        return Report(self.step, loss, speed, self.elapsed_seconds, left)


def _finite(loss: float, step: int) -> float:
    """The loss, if it is a number. Raises Refused if not."""
    if math.isfinite(loss):
        return loss
    raise Refused(
        f"The loss is no longer a number (step {step}).",
        why="The training diverged: an update was too large, or the data is broken.",
        todo="Lower optimiser.lr and optimiser.adam_lr, or raise optimiser.warmup_steps, and start a new run.",
    )
