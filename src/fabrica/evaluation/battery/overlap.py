"""Which runs of 13 words of the measured text stand word for word in the training text.

Memory is bounded by the measured text: its words are numbered and its runs kept; the training text passes by once.
"""

import re
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

WORDS_IN_A_RUN = 13
WORD = re.compile(r"\w+")
FACTOR = np.uint64(0x9E3779B97F4A7C15)
Ids = NDArray[np.int64]


def found_in(
    measured: Sequence[bytes], training: Iterable[bytes], tick: Callable[[], None] = lambda: None
) -> list[tuple[int, int]]:
    """For each measured document how many of its distinct runs stand in the training text, and how many it has.

    Words are compared in lower case, without punctuation. Runs are sought by a hash and then compared exactly.
    """
    numbers: dict[str, int] = {}
    texts = [
        np.array([numbers.setdefault(word, len(numbers)) for word in _words(one)], dtype=np.int64) for one in measured
    ]
    runs = [_runs(ids) for ids in texts]
    wanted = set().union(*runs) if runs else set()
    hashes = np.unique(np.concatenate([_hashes(ids) for ids in texts])) if texts else np.empty(0, np.uint64)
    seen: set[bytes] = set()
    for document in training:
        tick()
        ids = np.array([numbers.get(word, -1) for word in _words(document)], dtype=np.int64)
        for place in np.flatnonzero(np.isin(_hashes(ids), hashes)):
            run = ids[place : place + WORDS_IN_A_RUN].tobytes()
            if run in wanted:
                seen.add(run)
    return [(len(one & seen), len(one)) for one in runs]


def _words(document: bytes) -> list[str]:
    return WORD.findall(document.decode(errors="replace").lower())


def _runs(ids: Ids) -> set[bytes]:
    return {ids[at : at + WORDS_IN_A_RUN].tobytes() for at in range(len(ids) - WORDS_IN_A_RUN + 1)}


def _hashes(ids: Ids) -> NDArray[np.uint64]:
    """A hash of the run that begins at each place."""
    count = len(ids) - WORDS_IN_A_RUN + 1
    if count < 1:
        return np.empty(0, np.uint64)
    found = np.zeros(count, dtype=np.uint64)
    unsigned = (ids + 2).astype(np.uint64)
    for offset in range(WORDS_IN_A_RUN):
        found = found * FACTOR + unsigned[offset : offset + count]  # wraps around, on purpose
    return found
