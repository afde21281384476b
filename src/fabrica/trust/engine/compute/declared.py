"""What was declared of the model that a training goes on from."""

from collections.abc import Mapping
from typing import Any

from fabrica.trust.engine.compute.crossing import Base

MOST_FLOP = 1e32


def base_from(answers: Mapping[str, Any]) -> Base:
    """The base model as an assessment's answers declare it.

    Who is unsure whether there is one is held to have one, of unknown compute; who was not asked has declared nothing.
    """
    modifies = answers.get("modifies")
    if modifies not in ("yes", "unsure"):
        return Base(modifies=False if modifies == "no" else None)
    flop = _number(answers.get("base_flop")) if answers.get("base_known") == "yes" else None
    systemic = {"yes": True, "no": False}.get(str(answers.get("base_systemic")))
    return Base(modifies=True, flop=flop, is_systemic=systemic)


def _number(answer: Any) -> float | None:
    try:
        found = float(answer)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if 0 < found <= MOST_FLOP else None
