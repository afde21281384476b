"""Planted secrets: sentences with a random number that stand in the training text and nowhere else.

After Carlini et al. 2019, The Secret Sharer (arXiv 1802.08232): how far up a planted number ranks among random ones
that the model never saw tells how much of it was learnt by heart.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

REPEATS = (1, 4, 16)
DIGITS, LETTERS = 9, 6
ALPHABET = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Canary:
    """One secret, and how many times it stands in the training text."""

    beginning: str
    secret: str
    repeats: int

    @property
    def text(self) -> str:
        return f"{self.beginning}{self.secret}.\n"

    def other(self, number: int) -> str:
        """The same sentence with another random number; `number` counts them from 0."""
        return f"{self.beginning}{_drawn(f'{self.text}:{number}', DIGITS, '0123456789')}.\n"


def make(count: int, seed: int) -> tuple[Canary, ...]:
    """So many canaries, the same for the same seed; planted once, 4 and 16 times in turn."""
    return tuple(
        Canary(
            f"The number of {_drawn(f'{seed}:{number}:name', LETTERS, ALPHABET)} is ",
            _drawn(f"{seed}:{number}:secret", DIGITS, "0123456789"),
            REPEATS[number % len(REPEATS)],
        )
        for number in range(count)
    )


def plant(documents: Sequence[bytes], canaries: Sequence[Canary], seed: int) -> tuple[bytes, ...]:
    """The documents with each canary among them, as a document of its own at places drawn by the seed."""
    planted: dict[int, list[bytes]] = {}
    for number, one in enumerate(canaries):
        for copy in range(one.repeats):
            place = _number(f"{seed}:{number}:{copy}:place") % (len(documents) + 1)
            planted.setdefault(place, []).append(one.text.encode())
    found: list[bytes] = []
    for place in range(len(documents) + 1):
        found += planted.get(place, [])
        found += documents[place : place + 1]
    return tuple(found)


def exposure(own: float, others: Sequence[float]) -> float:
    """log2 of the number of candidates by the rank of the planted one: 0 at the very end, at most log2(all)."""
    rank = 1 + sum(other <= own for other in others)
    return math.log2((len(others) + 1) / rank)


def as_values(canaries: Sequence[Canary]) -> list[dict[str, Any]]:
    """As JSON keeps them."""
    return [{"beginning": one.beginning, "secret": one.secret, "repeats": one.repeats} for one in canaries]


def from_values(values: Sequence[dict[str, Any]]) -> tuple[Canary, ...]:
    """As `as_values` wrote them. Raises KeyError, TypeError, ValueError for what it did not."""
    return tuple(Canary(str(one["beginning"]), str(one["secret"]), int(one["repeats"])) for one in values)


def _drawn(seed: str, length: int, alphabet: str) -> str:
    number = _number(seed)
    signs = []
    for _ in range(length):
        number, which = divmod(number, len(alphabet))
        signs.append(alphabet[which])
    return "".join(signs)


def _number(seed: str) -> int:
    return int.from_bytes(hashlib.sha256(seed.encode()).digest())
