"""The training loop: resumes from the newest whole checkpoint and goes on exactly as if it had never stopped."""

import math
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from fabrica.kit.errors import Refused
from fabrica.trainer.alone import ALONE, Alone, Interrupted
from fabrica.trainer.checkpoints import read_checkpoint, restore, state_of, write_checkpoint
from fabrica.trainer.devices import choose_device, precision, use_threads
from fabrica.trainer.model import Model, new_model
from fabrica.trainer.optimiser import lr_share, optimisers, set_lr
from fabrica.trainer.order import batch_at
from fabrica.trainer.recipe import Recipe
from fabrica.trainer.report import Report
from fabrica.trainer.sizes import flops_per_token, tokens_per_step
from fabrica.trainer.sums import Sums
from fabrica.trainer.tokens import Ids

RECENT = 20


class Trainer:
    """One training: weights, optimisers' memory, and the number of the next step (from 0).

    Each process of `group` holds all of it and computes its rows of every batch; only gradients travel.
    """

    def __init__(self, recipe: Recipe, tokens: Ids, checkpoints: Path | None = None, group: Alone = ALONE) -> None:
        self.recipe, self.tokens, self.checkpoints, self.group = recipe, tokens, checkpoints, group
        self.rows = group.rows(recipe.batch)
        flops = flops_per_token(recipe) * tokens_per_step(recipe) / group.size
        self.device, self.threads = choose_device(), use_threads(flops, group.local_size)
        self.model: Model = new_model(recipe).to(self.device)
        self.optimisers = optimisers(self.model, recipe.optimiser)
        self.sums = Sums(self.model, group) if group.size > 1 else None
        self.step, self.saved_step, self.elapsed_seconds, self.wished = 0, -1, 0.0, False
        if checkpoints:
            self._resume(checkpoints)

    def _resume(self, checkpoints: Path) -> None:
        """Take up the newest whole checkpoint: the first process finds it, the others read the same one."""
        state = read_checkpoint(checkpoints, self.device) if self.group.rank == 0 else None
        step = self.group.lead(lambda: state.step if state else None)
        if step is None:
            return
        if self.group.rank:
            state = read_checkpoint(checkpoints, self.device, int(step))
        if state is None:
            raise Refused(
                f"Process {self.group.rank} cannot read the checkpoint of step {step}.",
                why=f"It is not, or not whole, in {checkpoints} as this process sees it.",
                todo="The run's folder must be on a file system that all nodes share.",
            )
        restore(state, self.model, self.optimisers)
        self.step = self.saved_step = state.step
        self.elapsed_seconds = state.elapsed_seconds

    def one_step(self, *, wish: bool = False) -> Tensor:
        """Make one update; returns the loss before it (nats per token), still on the device.

        `wish` (to stop) travels with the sum: afterwards `wished` says on every process whether any had it. Raises
        Interrupted, with nothing updated, when the processes lost each other.
        """
        recipe = self.recipe
        set_lr(self.optimisers, lr_share(recipe, self.step))
        inputs, targets = (part[self.rows].to(self.device) for part in batch_at(self.tokens, recipe, self.step))
        with precision(self.device):
            logits = self.model(inputs)
        loss = functional.cross_entropy(logits.float().flatten(0, 1), targets.flatten())
        if self.sums:
            loss = loss * (len(inputs) / recipe.batch)  # so that the sum over all is the mean over the whole batch
        loss.backward()  # type: ignore[no-untyped-call]  # PyTorch leaves it untyped
        loss = loss.detach()
        if self.sums:
            loss, self.wished = self.sums.over_all(loss, wish=wish)
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), recipe.optimiser.clip_norm)
        for optimiser in self.optimisers:
            optimiser.step()
        self._clear()
        self.step += 1
        return loss + 0 * norm  # a gradient that is no number shows at once, before weights are saved

    def _clear(self) -> None:
        """Forget the gradients of the step."""
        if self.sums:
            self.sums.clear()
        else:
            self.model.zero_grad(set_to_none=True)

    def save(self) -> None:
        """Let the first process write a checkpoint of this moment. Raises OSError, on all, when the disk is full."""
        self.group.lead(self._write)

    def _write(self) -> None:
        if self.checkpoints and self.saved_step != self.step:  # nothing whole is ever replaced by itself
            state = state_of(self.model, self.optimisers, self.step, self.elapsed_seconds)
            write_checkpoint(self.checkpoints, state)
            self.saved_step = self.step

    def run(self, tell: Callable[[Report], None], should_stop: Callable[[], bool] = lambda: False) -> bool:
        """Train to the recipe's last step; True when it got there, False when `should_stop` ended it.

        Either way the last step done is in a checkpoint. A wish to stop of any process stops all after one and the
        same step. Raises Refused when the loss is no longer a number, OSError when a checkpoint cannot be written,
        and Interrupted when the processes lost each other.
        """
        recipe = self.recipe
        recent: list[float] = []
        loss, self.wished = torch.zeros(()), False
        while self.step < recipe.steps:
            wish = should_stop()
            if self.wished if self.sums else wish:
                _finite(loss.item(), self.step)
                self.save()
                return False
            began = time.perf_counter()
            loss = self._one_step_or_save(wish)
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

    def _one_step_or_save(self, wish: bool) -> Tensor:  # noqa: FBT001 - as in one_step
        """One step; when another process is lost in it, the first one still saves what all had before."""
        try:
            return self.one_step(wish=wish)
        except Interrupted:
            if self.group.rank == 0:
                self._write()
            raise

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
