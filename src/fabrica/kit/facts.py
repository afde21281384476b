"""Facts of the world: data files whose every fact tells its source and the day it was checked."""

import json
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any

CONFIDENCES = ("A", "B", "C", "unknown")


@dataclass(frozen=True)
class Source:
    """Where a fact comes from, when somebody looked, and how sure we are.

    A: corroborated; B: one source; C: unsure; unknown: looked for and not found.
    """

    text: str
    checked_on: date
    confidence: str

    def __str__(self) -> str:
        return f"{self.text} (checked {self.checked_on.isoformat()}, confidence {self.confidence})"

    def as_dict(self) -> dict[str, str]:
        """As pages and the API tell it: `source`, `checked_on` (ISO), `confidence`."""
        return {"source": self.text, "checked_on": self.checked_on.isoformat(), "confidence": self.confidence}


def source_of(row: dict[str, Any]) -> Source:
    """The source a row of a data file must carry: `source`, `checked_on`, `confidence`. Raises ValueError."""
    try:
        found = Source(row["source"], date.fromisoformat(row["checked_on"]), row["confidence"])
    except KeyError as missing:
        raise ValueError(f"a fact without {missing}: {row}") from missing
    if not found.text or found.confidence not in CONFIDENCES:
        raise ValueError(f"a fact needs a source and a confidence of {', '.join(CONFIDENCES)}: {row}")
    return found


def load(package: str, name: str) -> dict[str, Any]:
    """The JSON object in the file `data/<name>` of a package."""
    loaded = json.loads((files(package) / "data" / name).read_text(encoding="utf-8"))
    if not isinstance(loaded, dict):
        raise TypeError(f"{package}/data/{name} is not an object")
    return loaded
