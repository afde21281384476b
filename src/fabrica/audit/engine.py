"""How entries become a digest."""

import hashlib
from collections.abc import Iterable

GENESIS = "0" * 64


def chain(previous: str, entries: Iterable[bytes]) -> str:
    """SHA-256 over the previous digest and each entry's own hash, in order: a change anywhere changes the end."""
    state = hashlib.sha256(bytes.fromhex(previous))
    for entry in entries:
        state.update(hashlib.sha256(entry).digest())
    return state.hexdigest()
