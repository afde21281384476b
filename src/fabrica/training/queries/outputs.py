"""Reading a run's log where it lies: on its machine."""

from dataclasses import dataclass

from fabrica.clusters.queries import cluster_of
from fabrica.kit.errors import NotFound
from fabrica.training.engine import printable
from fabrica.training.models import Run

LOG = "log.txt"
PIECE_BYTES = 64_000
TAIL_BYTES = 6_000
MAX_OFFSET = 2**40
CONTINUES = 0b1000_0000  # the two highest bits of a byte that continues a character in UTF-8
TOP_BITS = 0b1100_0000
LONGEST_CHARACTER = 4


@dataclass(frozen=True)
class LogPiece:
    """Some of a log; read on from `next_offset`. `is_last` once the run has ended and nothing follows."""

    text: str
    next_offset: int
    is_last: bool


def log_of(run: Run, offset: int = 0) -> LogPiece:
    """The log from `offset` bytes on, at most 64 kB. Raises Unreachable where the machine does not answer."""
    start = min(max(offset, 0), MAX_OFFSET)
    raw = _whole(_read(run, start, PIECE_BYTES), is_last=run.is_ended)
    return LogPiece(_text(raw), start + len(raw), run.is_ended and len(raw) < PIECE_BYTES - LONGEST_CHARACTER)


def log_tail(run: Run) -> str:
    """The end of the log, about 6 kB of whole lines. Raises Unreachable."""
    raw = _read(run, -TAIL_BYTES, TAIL_BYTES)
    if len(raw) == TAIL_BYTES:
        raw = raw[raw.find(b"\n") + 1 :]
    return _text(raw)


def _read(run: Run, offset: int, limit_bytes: int) -> bytes:
    try:
        return cluster_of(run.machine).read_output(run.folder, LOG, offset, limit_bytes)
    except NotFound:
        return b""


def _text(raw: bytes) -> str:
    return printable(raw.decode("utf-8", "replace"))


def _whole(raw: bytes, *, is_last: bool) -> bytes:
    """The bytes without a character that is cut off at their end: its rest may still come."""
    if is_last:
        return raw
    for back in range(1, min(LONGEST_CHARACTER, len(raw)) + 1):
        byte = raw[-back]
        if byte & TOP_BITS != CONTINUES:
            length = 1 if byte < CONTINUES else 2 + (byte >= 0xE0) + (byte >= 0xF0)  # noqa: PLR2004 - UTF-8
            return raw[:-back] if length > back else raw
    return raw
