"""The texts that a battery measures with: held out of the training and from within it, cut into pieces of like size."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from fabrica.evaluation.battery.canaries import Canary
from fabrica.evaluation.battery.sorting import language_in
from fabrica.trainer.recipe import Recipe
from fabrica.trainer.texts import read_texts, split, stream

LANGUAGES_FROM = 2_000  # documents of the training text that are looked at to say which languages the model saw
SEEN_SHARE = 0.01


@dataclass(frozen=True)
class Source:
    """One dataset: its name is the domain of its texts; `language` as it declares it, or empty."""

    name: str
    path: Path
    language: str = ""


@dataclass(frozen=True)
class Piece:
    """A part of a document; `document` numbers it among its kind."""

    text: str
    document: int
    language: str
    domain: str

    @property
    def size_bytes(self) -> int:
        return len(self.text.encode())


@dataclass(frozen=True)
class Document:
    """A text and the dataset it came from."""

    raw: bytes
    source: Source

    @cached_property
    def language(self) -> str:
        return language_in(self.raw[:20_000].decode(errors="ignore"), self.source.language)


@dataclass(frozen=True)
class Material:
    """`training` is empty where the model's training text is not at hand: then nothing can be said about members."""

    held_out: tuple[Document, ...]
    training: tuple[Document, ...] = ()
    canaries: tuple[Canary, ...] = ()

    @cached_property
    def sha256(self) -> str:
        """Of the held-out documents, as in evaluation.json."""
        return hashlib.sha256(stream(one.raw for one in self.held_out)).hexdigest()

    @cached_property
    def languages(self) -> dict[str, float]:
        """The share of the looked-at training documents in each language."""
        step = max(1, len(self.training) // LANGUAGES_FROM)
        counts = Counter(one.language for one in self.training[::step])
        return {language: count / counts.total() for language, count in sorted(counts.items())}

    def saw(self, language: str) -> bool:
        """Whether at least a hundredth of the training documents is in the language."""
        return self.languages.get(language, 0.0) >= SEEN_SHARE


def read_material(sources: Sequence[Source], recipe: Recipe, canaries: tuple[Canary, ...] = ()) -> Material:
    """The texts split as the training of this recipe split them. Raises Refused as `read_texts` and `split`."""
    texts = read_texts(one.path for one in sources)
    parts = split(texts.documents, recipe.held_out_share, recipe.held_out_bytes)
    where = dict(zip(texts.documents, texts.places, strict=True))
    held_out, training = (
        tuple(Document(raw, sources[where[raw]]) for raw in documents) for documents in (parts.held_out, parts.training)
    )
    return Material(held_out, training, canaries)


def other_material(sources: Sequence[Source]) -> Material:
    """Texts of which nobody knows whether the model saw them: all of them count as held out."""
    texts = read_texts(one.path for one in sources)
    return Material(tuple(Document(raw, sources[at]) for raw, at in zip(texts.documents, texts.places, strict=True)))


def is_of_training(material: Material, evaluation: Path) -> bool:
    """Whether the held-out part is the very one that evaluation.json names: then the rest is the training text."""
    try:
        return bool(json.loads(evaluation.read_bytes())["held_out"]["sha256"] == material.sha256)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def pieces_of(documents: Sequence[Document], count: int, size_bytes: int) -> list[Piece]:
    """At most `count` pieces of `size_bytes`, of as many documents as can be, chosen by hash and nothing else.

    Documents come in order of their hash, each with one piece a round, from its middle outwards by hash. A document
    shorter than a piece is one piece; a rest shorter than half a piece is left out.
    """
    numbered = sorted(range(len(documents)), key=lambda at: hashlib.sha256(documents[at].raw).digest())[:count]
    places = {at: _places(documents[at].raw, size_bytes) for at in numbered}
    found: list[Piece] = []
    while len(found) < count and any(places.values()):
        for at in numbered:
            if places[at] and len(found) < count:
                found.append(_piece(documents[at], at, places[at].pop(0), size_bytes))
    return found


def _piece(document: Document, number: int, place: int, size_bytes: int) -> Piece:
    text = document.raw[place : place + size_bytes].decode(errors="ignore")
    return Piece(text, number, document.language, document.source.name)


def _places(raw: bytes, size_bytes: int) -> list[int]:
    """Where pieces of a document begin, shuffled by hash."""
    whole = [at for at in range(0, len(raw), size_bytes) if not at or len(raw) - at >= size_bytes // 2]
    return sorted(whole, key=lambda at: hashlib.blake2b(raw[at : at + size_bytes], salt=b"pieces").digest())
