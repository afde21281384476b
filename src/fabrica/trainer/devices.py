"""Where a training computes: CUDA when there is one, else the processor; and in which precision."""

import os
from contextlib import AbstractContextManager, nullcontext

import torch

SMALL_STEP_FLOPS = 1e9


def choose_device() -> str:
    """`cuda` when PyTorch sees a device, else `cpu`."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def use_threads(step_flops: float) -> int:
    """Set how many threads PyTorch computes with, and return it; the order of sums, so the last digits, depend on it.

    OMP_NUM_THREADS when it is set; one for steps below 1e9 operations, where threads would only wait for each other;
    else as many as this process has processors.
    """
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdecimal() and int(asked) > 0:
        threads = int(asked)
    else:
        threads = 1 if step_flops < SMALL_STEP_FLOPS else len(os.sched_getaffinity(0))
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
    return threads


def precision(device: str) -> AbstractContextManager[object]:
    """bfloat16 for matrix products where the device is faster in it; plain float32 on a processor."""
    if device == "cuda" and torch.cuda.is_bf16_supported():
        return torch.autocast("cuda", dtype=torch.bfloat16)
    return nullcontext()
