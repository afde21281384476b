"""How entries become a digest, and what an anchor file says."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

GENESIS = "0" * 64


def chain(previous: str, entries: Iterable[bytes]) -> str:
    """SHA-256 over the previous digest and each entry's own hash, in order: a change anywhere changes the end."""
    state = hashlib.sha256(bytes.fromhex(previous))
    for entry in entries:
        state.update(hashlib.sha256(entry).digest())
    return state.hexdigest()


@dataclass(frozen=True)
class Anchors:
    """What an anchor file tells: (number, digest) of each line, and the numbers of lines that cannot be read.

    A number may stand twice: every line counts, so that a line appended later cannot overrule an earlier one.
    """

    heads: tuple[tuple[int, str], ...]
    unreadable: tuple[int, ...]

    @property
    def last(self) -> int:
        """The number of the newest seal, 0 for none."""
        return max((number for number, _ in self.heads), default=0)


def read_anchors(path: Path) -> Anchors:
    """The anchors in a file; an absent file has none. A line that a crash cut short stops nobody."""
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    heads, unreadable = [], []
    for place, line in enumerate(text.splitlines(), start=1):
        try:
            row = json.loads(line)
            heads.append((int(row["number"]), str(row["digest"])))
        except (ValueError, KeyError, TypeError):
            unreadable.append(place)
    return Anchors(tuple(heads), tuple(unreadable))
