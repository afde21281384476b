"""Checkpoints: folders that are whole or absent, checked by hash when read, the last two kept."""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load, save
from torch import Tensor

from fabrica.kit.files import facts_sha256, folder_facts
from fabrica.trainer.model import Model

KEPT = 2
UNFINISHED = ".unfinished-"
SEAL = "sha256"


@dataclass(frozen=True)
class State:
    """What a training needs to go on after `step` steps: weights, optimisers' memory, dice, time spent."""

    step: int
    elapsed_seconds: float
    weights: dict[str, Tensor]
    memory: dict[str, Tensor]
    dice: Tensor


def state_of(model: Model, optimisers: list[torch.optim.Optimizer], step: int, elapsed_seconds: float) -> State:
    """The state of a running training (tensors are shared, not copied)."""
    memory = {
        f"{number}.{index}.{key}": value.contiguous()
        for number, optimiser in enumerate(optimisers)
        for index, values in optimiser.state_dict()["state"].items()
        for key, value in values.items()
    }
    weights = {key: value.contiguous() for key, value in model.state_dict().items()}
    return State(step, elapsed_seconds, weights, memory, torch.get_rng_state())


def restore(state: State, model: Model, optimisers: list[torch.optim.Optimizer]) -> None:
    """Put a state back into a model and its optimisers of the same recipe, and into the global dice."""
    model.load_state_dict(state.weights)
    for number, optimiser in enumerate(optimisers):
        values: dict[int, dict[str, Tensor]] = {}
        for name, tensor in state.memory.items():
            owner, index, key = name.split(".", 2)
            if int(owner) == number:
                values.setdefault(int(index), {})[key] = tensor
        optimiser.load_state_dict({**optimiser.state_dict(), "state": values})
    torch.set_rng_state(state.dice)


def write_checkpoint(folder: Path, state: State) -> Path:
    """Write `step-<n>` below `folder`, and remove all but the last two. Raises OSError when the disk is full."""
    folder.mkdir(parents=True, exist_ok=True)
    sweep(folder)
    target = folder / f"step-{state.step:010d}"
    if target.exists():  # a torn one, or the same step again
        shutil.rmtree(target)
    new = folder / f"{UNFINISHED}{state.step:010d}"
    new.mkdir()
    try:
        _write_synced(new / "weights.safetensors", save(state.weights))
        _write_synced(new / "memory.safetensors", save({**state.memory, "dice": state.dice}))
        about = {"step": state.step, "elapsed_seconds": state.elapsed_seconds}
        _write_synced(new / "state.json", json.dumps(about).encode())
        _write_synced(new / SEAL, _seal(new).encode())
        _sync_folder(new)
        new.rename(target)
        _sync_folder(folder)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    for old in _steps(folder)[KEPT:]:
        shutil.rmtree(old)
    return target


def read_checkpoint(folder: Path, device: str = "cpu", step: int | None = None) -> State | None:
    """The newest whole checkpoint below `folder` (or that of `step`); a torn one is passed over. None without any."""
    for path in _steps(folder):
        if step not in (None, int(path.name.removeprefix("step-"))):
            continue
        try:
            if (path / SEAL).read_text() != _seal(path):
                continue
            about: dict[str, Any] = json.loads((path / "state.json").read_bytes())
            weights = load((path / "weights.safetensors").read_bytes())
            memory = load((path / "memory.safetensors").read_bytes())
        except FileNotFoundError:
            continue
        dice = memory.pop("dice")
        moved = {key: value.to(device) for key, value in weights.items()}
        return State(about["step"], about["elapsed_seconds"], moved, memory, dice)
    return None


def sweep(folder: Path) -> None:
    """Remove what a killed process left half written."""
    for path in folder.glob(f"{UNFINISHED}*"):
        shutil.rmtree(path)


def _steps(folder: Path) -> list[Path]:
    """The checkpoints' folders, newest first."""
    return sorted((path for path in folder.glob("step-*") if path.is_dir()), reverse=True)


def _seal(folder: Path) -> str:
    """One hash over the files of a checkpoint, but for the file that keeps it."""
    facts = tuple(fact for fact in folder_facts(folder) if fact.path != SEAL)
    return facts_sha256(facts)


def _write_synced(path: Path, raw: bytes) -> None:
    with path.open("wb") as out:
        out.write(raw)
        out.flush()
        os.fsync(out.fileno())


def _sync_folder(folder: Path) -> None:
    """Make names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
