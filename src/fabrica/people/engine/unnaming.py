"""Taking a name out of a text that others keep: what stands there exactly so, as words of its own."""

import re
from collections.abc import Iterable

LEAST = 3  # letters: what is shorter would be found in what is no name


def can_be_found(name: str) -> bool:
    """Whether a name is long enough to be looked for."""
    return len(name.strip()) >= LEAST


def without_names(text: str, names: Iterable[str], instead: str) -> str:
    """The text with these replaced, the longest first; "Ann" stays in "Annex", and "ann" is not "Ann"."""
    known = sorted({one.strip() for one in names if can_be_found(one)}, key=len, reverse=True)
    if not known:
        return text
    return re.sub(rf"(?<!\w)(?:{'|'.join(map(re.escape, known))})(?!\w)", lambda _found: instead, text)
