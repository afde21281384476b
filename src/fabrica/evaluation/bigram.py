"""A byte bigram model: how likely each byte is after the one before. Pure numpy."""

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
BYTES = 256
CHUNK = 1 << 24
START = 0  # the stream counts as preceded by NUL, which ends every document


def count_pairs(stream: bytes) -> Counts:
    """How often byte b follows byte a in the stream: an array (256, 256), first index a."""
    counts = np.zeros(BYTES * BYTES, dtype=np.int64)
    codes = np.frombuffer(bytes([START]) + stream, dtype=np.uint8)
    for begin in range(0, len(codes) - 1, CHUNK):
        part = codes[begin : begin + CHUNK + 1].astype(np.int32)
        counts += np.bincount(part[:-1] * BYTES + part[1:], minlength=BYTES * BYTES)
    return counts.reshape(BYTES, BYTES)


def bigram_bits(counts: Counts, stream: bytes) -> float:
    """The cost of the stream in bits under the counted pairs.

    Smoothed by adding one: p(b|a) = (n_ab + 1) / (n_a + 256), Laplace's rule of
    succession, as in Jurafsky & Martin, Speech and Language Processing, chapter 3.
    """
    return float(-(count_pairs(stream) * np.log2(chances_of(counts))).sum())


def chances_of(counts: Counts) -> NDArray[np.float64]:
    """How likely byte b is after byte a: an array as `counts`, smoothed as `bigram_bits` says."""
    return (counts + 1) / (counts.sum(axis=1, keepdims=True) + BYTES)  # type: ignore[no-any-return]
