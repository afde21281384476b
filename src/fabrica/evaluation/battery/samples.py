"""Texts that the model and its untrained twin write, drawn once and read by several probes."""

from collections.abc import Sequence
from dataclasses import dataclass

from fabrica.evaluation.battery.subject import Subject

TOKENS = 200


@dataclass(frozen=True)
class Samples:
    """What each wrote, prompts left out."""

    texts: tuple[str, ...]
    untrained: tuple[str, ...]


def draw_samples(
    subject: Subject, *, budget: int, prompts: Sequence[str] = (), tokens: int = TOKENS, seed: int = 1
) -> Samples:
    """`budget` samples of each, after the prompts in turn; without prompts as a document begins."""
    starts = list(prompts) or [""]
    asked = [starts[number % len(starts)] for number in range(budget)]
    own, twin = (tuple(one.generate(asked, tokens=tokens, seed=seed)) for one in (subject, subject.untrained))
    return Samples(own, twin)
