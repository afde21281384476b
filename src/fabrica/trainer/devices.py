"""Where a training computes: CUDA when there is one, else the processor; and in which precision."""

import os
from contextlib import AbstractContextManager, nullcontext

import torch

from fabrica.kit.errors import Refused

SMALL_STEP_FLOPS = 1e9


def choose_device() -> str:
    """`cuda` when PyTorch sees a device, else `cpu`."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def take_device(local_rank: int) -> str:
    """Make the CUDA device of this process its current one, where there is any; returns `choose_device()`.

    A launcher that shows each process one device only (CUDA_VISIBLE_DEVICES) has chosen already. Raises Refused when
    a node has more processes than devices.
    """
    seen = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if seen > 1 and local_rank >= seen:
        raise Refused(
            f"Process {local_rank} of this node has no device: there are {seen}.",
            why="Each process trains on a device of its own; they are counted from 0.",
            todo="Start as many processes on a node as it has devices.",
        )
    if seen:
        torch.cuda.set_device(local_rank if seen > 1 else 0)
    return choose_device()


def use_threads(step_flops: float, local_size: int = 1) -> int:
    """Set how many threads PyTorch computes with, and return it; the order of sums, so the last digits, depend on it.

    OMP_NUM_THREADS when it is set; one for steps below 1e9 operations, where threads would only wait for each other;
    else SLURM_CPUS_PER_TASK, or the processors of this process shared by the `local_size` processes of its node.
    """
    processors = len(os.sched_getaffinity(0))
    share = min(_asked("SLURM_CPUS_PER_TASK") or processors // local_size, processors)
    threads = _asked("OMP_NUM_THREADS") or (1 if step_flops < SMALL_STEP_FLOPS else max(1, share))
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
    return threads


def _asked(name: str) -> int:
    """The positive number of a variable; 0 where there is none."""
    told = os.environ.get(name, "")
    return int(told) if told.isdecimal() else 0


def precision(device: str) -> AbstractContextManager[object]:
    """bfloat16 for matrix products where the device is faster in it; plain float32 on a processor."""
    if device == "cuda" and torch.cuda.is_bf16_supported():
        return torch.autocast("cuda", dtype=torch.bfloat16)
    return nullcontext()
