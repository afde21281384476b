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


def read_anchors(path: Path, last_bytes: int | None = None) -> Anchors:
    """The anchors in a file, or in its `last_bytes`; an absent file has none. A line cut short stops nobody."""
    text = _end_of(path, last_bytes).decode("utf-8", "replace")
    heads, unreadable = [], []
    for place, line in enumerate(text.splitlines(), start=1):
        try:
            row = json.loads(line)
            heads.append((int(row["number"]), str(row["digest"])))
        except (ValueError, KeyError, TypeError):
            unreadable.append(place)
    return Anchors(tuple(heads), tuple(unreadable))


def _end_of(path: Path, last_bytes: int | None) -> bytes:
    if not path.is_file():
        return b""
    with path.open("rb") as lines:
        if last_bytes is not None:
            lines.seek(max(0, path.stat().st_size - last_bytes))
        return lines.read()
