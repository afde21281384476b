"""In which language a text is written, by its commonest words and letters; None where that cannot be told.

Good for texts of a sentence or more in one of the languages of `data/languages.json`; no match for a trained detector.
"""

import json
import re
from functools import cache
from importlib.resources import files

WORD = re.compile(r"[^\W\d_]+")
CHARACTERS_READ = 20_000
FEWEST_WORDS = 6
FEWEST_HITS = 3
LEAST_SHARE = 0.12  # of all words; in ordinary text a third and more are among the commonest
LEAD = 1.4  # how much more the best must have than the second
LETTER_WEIGHT = 0.5


@cache
def languages() -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    """By code: the commonest words, and the letters that few other languages write."""
    raw = json.loads(files("fabrica.evaluation.battery").joinpath("data/languages.json").read_text("utf-8"))
    return {
        code: (frozenset(one["words"].split()), frozenset(one["letters"])) for code, one in raw["languages"].items()
    }


def language_of(text: str) -> str | None:
    """The code of the language, such as `fr`. Reads the first 20,000 characters."""
    words = WORD.findall(text[:CHARACTERS_READ].casefold())
    if len(words) < FEWEST_WORDS:
        return None
    found = sorted(((_score(words, *known), code) for code, known in languages().items()), reverse=True)
    (best, code), (second, _) = found[:2]
    told = best >= max(FEWEST_HITS, LEAST_SHARE * len(words)) and best >= LEAD * second
    return code if told else None


def _score(words: list[str], common: frozenset[str], letters: frozenset[str]) -> float:
    """How many of the words speak for a language."""
    return sum((word in common) + LETTER_WEIGHT * (not letters.isdisjoint(word)) for word in words)
