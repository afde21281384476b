"""What changed from one version of a text to the next, word by word. Pure."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

WORDS = re.compile(r"\s+|[^\s]+")


@dataclass(frozen=True)
class Piece:
    """Some words that stayed, are gone, or are new."""

    kind: Literal["same", "gone", "new"]
    text: str


def pieces(before: str, after: str) -> list[Piece]:
    """The words of both texts in order: those of `before` that stayed or are gone, and those that are new.

    Leaving out what is new gives `before`, leaving out what is gone gives `after`.
    """
    old, new = WORDS.findall(before), WORDS.findall(after)
    found: list[Piece] = []
    for _tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if old[i:j] == new[k:m]:
            found.append(Piece("same", "".join(old[i:j])))
            continue
        if j > i:
            found.append(Piece("gone", "".join(old[i:j])))
        if m > k:
            found.append(Piece("new", "".join(new[k:m])))
    return found


def digest(answers: Mapping[str, Any]) -> str:
    """The SHA-256 of answers, written as JSON with sorted keys and no blanks (UTF-8): who has them can check it."""
    text = json.dumps(answers, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode(errors="surrogatepass"))


def sha256(data: bytes) -> str:
    """The SHA-256 of bytes, in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()
