"""Facts of the world: data files whose every fact tells its source and the day it was checked."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from fabrica.kit.errors import Refused

CONFIDENCES = ("A", "B", "C", "unknown")
MOST_BYTES, MOST_SAID = 1_000_000, 300
Made = TypeVar("Made")


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


@dataclass(frozen=True)
class Data:
    """The file `data/<name>` of a package, whose place a site's own file of the same form may take.

    `setting` names the path of that file, `page` of the documentation tells the form.
    """

    package: str
    name: str
    setting: str
    page: str

    def read(self, path: str, made: Callable[[dict[str, Any]], Made]) -> Made:
        """What `made` makes of the site's own file at `path`, or of ours where that is empty. Raises Refused."""
        try:
            return made(_own(path) if path else load(self.package, self.name))
        except (OSError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as error:
            raise Refused(
                f"{path or self.name} cannot be used.", why=_why(error),
                todo=f"Mend it as {self.page} says, or leave {self.setting} empty, then restart.",
            ) from error  # fmt: skip


def _own(path: str) -> dict[str, Any]:
    """The JSON object in a site's own file."""
    with Path(path).open("rb") as opened:
        raw = opened.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise ValueError(f"it has more than {MOST_BYTES:,} bytes")
    loaded = json.loads(raw)
    if not isinstance(loaded, dict):
        raise TypeError("it is not a JSON object")
    return loaded


def _why(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"it lacks {error}"[:MOST_SAID]
    told = error.strerror if isinstance(error, OSError) else str(error)
    return (told or type(error).__name__)[:MOST_SAID]
