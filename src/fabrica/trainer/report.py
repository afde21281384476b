"""What the training loop tells. Standard library only, so that a reader need not load PyTorch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Report:
    """One logged step; `loss` in nats per token, `step` from 1, `elapsed_seconds` of training over all attempts."""

    step: int
    loss: float
    tokens_per_second: float
    elapsed_seconds: float
    seconds_left: float
