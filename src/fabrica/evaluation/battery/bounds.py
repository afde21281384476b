"""From where on a figure warns or fails: data, each with reason and source."""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Bound:
    """A bound, the sentence that a report shows, why it is this one, and from where, as thresholds have it."""

    value: float
    words: str
    reason: str
    source: str
    confidence: str


@cache
def bounds() -> dict[str, Bound]:
    """All bounds by name."""
    raw = json.loads((files("fabrica.evaluation.battery") / "data" / "bounds.json").read_bytes())
    return {name: Bound(**one) for name, one in raw.items() if name != "checked_on"}


def bound(name: str) -> float:
    """The bound of this name."""
    return bounds()[name].value


def words(name: str) -> str:
    """The sentence of this name."""
    return bounds()[name].words
