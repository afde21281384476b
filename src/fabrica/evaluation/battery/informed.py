"""Whether a model knows enough of a text's language for a probe to mean anything: an untrained one has no opinions."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from fabrica.evaluation.battery.subject import Subject
from fabrica.evaluation.battery.thresholds import thresholds

TEXTS_AT_MOST, CHARACTERS_AT_MOST = 50, 2_000


@dataclass(frozen=True)
class Informed:
    """What reference texts cost the model and its untrained twin, in bits per byte, and whether that is enough."""

    bits_per_byte: float
    untrained: float
    enough: bool

    def __str__(self) -> str:
        return f"{self.bits_per_byte:.2f} bits per byte of reference text, untrained {self.untrained:.2f}"


@cache
def neutral() -> dict[str, str]:
    """A short text on an everyday matter in each language, of our own, that no model was trained on."""
    raw = json.loads(files("fabrica.evaluation.battery").joinpath("data/neutral.json").read_text("utf-8"))
    return {code: str(text) for code, text in raw["texts"].items()}


def informed(subject: Subject, texts: Sequence[str], *, limit_key: str = "informed") -> Informed:
    """How much less than untrained the texts cost. Reads at most 50 texts, 2,000 characters of each.

    `limit_key` is `learnt` for text held out of the model's own training, of which less is asked.
    """
    seen = [text[:CHARACTERS_AT_MOST] for text in texts[:TEXTS_AT_MOST] if text]
    size = sum(len(text.encode()) for text in seen)
    limit = thresholds()[limit_key]
    if not size:
        return Informed(0.0, 0.0, enough=False)
    own, twin = (sum(one.bits(seen)) / size for one in (subject, subject.untrained))
    enough = size >= limit.at_least and limit.pass_at is not None and own <= limit.pass_at * twin
    return Informed(own, twin, enough)


def informed_at_all(subject: Subject, held_out: Sequence[str]) -> Informed:
    """Whether the model learnt anything: by text held out of its training, else by the language it knows best."""
    if held_out:
        return informed(subject, held_out, limit_key="learnt")
    return min(
        (informed(subject, [text]) for text in neutral().values()), key=lambda one: one.bits_per_byte / one.untrained
    )


def sha256_of(*parts: str) -> str:
    """The hash of the data that a figure was measured on."""
    found = hashlib.sha256()
    for part in parts:
        found.update(part.encode() + b"\0")
    return found.hexdigest()


WHY_NOT = "Not informative: the model tells these texts hardly better than an untrained one"
