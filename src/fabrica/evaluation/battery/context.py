"""What the probes of one battery share: the model, the texts, how much of them, and costs that are measured once."""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from fabrica.evaluation.battery.bounds import bound
from fabrica.evaluation.battery.chance import Estimate, ratio
from fabrica.evaluation.battery.material import SEEN_SHARE, Material, Piece, pieces_of
from fabrica.evaluation.battery.reading import Read, read
from fabrica.evaluation.battery.samples import Samples, draw_samples
from fabrica.evaluation.battery.subject import PackagedSubject, Subject
from fabrica.evaluation.bigram import BYTES, Counts, chances_of, count_pairs
from fabrica.trainer.texts import stream
from fabrica.trainer.tokens import end_token

AT_ONCE = 64
KNOWN_TOKENS = 40
CHUNK_BYTES = 16_000_000
NOT_LEARNT = "Not informative: the model is no better than its untrained twin, so there is nothing it could have kept."
NO_TRAINING_TEXT = "The model's training text is not at hand: give the very data it was trained from."
TOO_WIDE = "Not informative: the interval is too wide to tell; more documents, or the profile full, would narrow it."
FEW = "Not informative: fewer than five documents."


@dataclass(frozen=True)
class Sizes:
    """How much a profile measures: counts, never the clock, so that a repeat gives the same."""

    pieces: int
    piece_bytes: int
    scan_bytes: int
    canary_rivals: int
    samples: int
    pairs: int
    texts: int
    taught_bytes: int


@dataclass(frozen=True)
class Costs:
    """What pieces cost, in bits, under the model and its untrained twin, and how far each goes on with them.

    `pairs` is what the byte pairs of the training text make of them; empty where that text is not at hand.
    """

    pieces: list[Piece]
    model: list[float]
    untrained: list[float]
    by_heart: list[int | None]
    untrained_by_heart: list[int | None]
    pairs: list[float]

    @cached_property
    def sizes(self) -> list[float]:
        return [float(one.size_bytes) for one in self.pieces]

    @cached_property
    def documents(self) -> list[int]:
        return [one.document for one in self.pieces]

    @cached_property
    def packed(self) -> list[float]:
        """In bits, by zlib, which knows no other text."""
        return [8.0 * len(zlib.compress(one.text.encode(), 9)) for one in self.pieces]

    def of(self, costs: Sequence[float]) -> Estimate:
        """Costs as bits per byte."""
        return ratio(costs, self.sizes, self.documents)

    def only(self, chosen: Callable[[Piece], bool]) -> "Costs":
        """Of some pieces."""
        keep = [at for at, one in enumerate(self.pieces) if chosen(one)]
        lists = (
            self.pieces,
            self.model,
            self.untrained,
            self.by_heart,
            self.untrained_by_heart,
            self.pairs,
        )
        return Costs(*([values[at] for at in keep] if values else [] for values in lists))  # type: ignore[arg-type]


@dataclass(eq=False)
class Context:
    """One battery's; `tick` is called between pieces of work and may raise to stop."""

    subject: PackagedSubject
    material: Material
    sizes: Sizes
    seed: int = 1
    folder: Path | None = None
    languages: dict[str, float] = field(default_factory=dict)
    tick: Callable[[], None] = lambda: None

    @cached_property
    def held_out(self) -> Costs:
        return self._costs(pieces_of(self.material.held_out, self.sizes.pieces, self.sizes.piece_bytes))

    @cached_property
    def members(self) -> Costs:
        """Pieces of the training text; none where it is not at hand."""
        return self._costs(pieces_of(self.material.training, self.sizes.pieces, self.sizes.piece_bytes))

    @cached_property
    def seen(self) -> dict[str, float]:
        """The languages of the training text with their shares: of the text, or else as an earlier battery told."""
        return self.material.languages or self.languages

    @cached_property
    def learnt(self) -> bool:
        """Whether the model is better than its untrained twin at text it saw, or else at what is held out."""
        costs = self.members if self.members.pieces else self.held_out
        found = ratio(costs.model, costs.untrained, costs.documents)
        return found.high <= bound("learnt_ratio")

    @cached_property
    def pairs(self) -> Counts:
        """The byte pairs of the training text that is looked at."""
        counts = np.zeros((BYTES, BYTES), dtype=np.int64)
        waiting: list[bytes] = []
        size_bytes = 0
        for raw in self.scanned:
            waiting.append(raw)
            size_bytes += len(raw)
            if size_bytes >= CHUNK_BYTES:
                counts += count_pairs(stream(waiting))
                waiting, size_bytes = [], 0
                self.tick()
        return counts + count_pairs(stream(waiting))

    @cached_property
    def scanned(self) -> list[bytes]:
        """The training documents that are looked at whole: evenly spread, some `scan_bytes` at most."""
        training = self.material.training
        step = max(1, -(-sum(len(one.raw) for one in training) // self.sizes.scan_bytes))
        return [one.raw for one in training[::step]]

    @cached_property
    def samples(self) -> Samples:
        """What the model and its twin write, each from the beginning of a document; several probes read it."""
        self.tick()
        return draw_samples(self.subject, budget=self.sizes.samples, seed=self.seed)

    @property
    def texts(self) -> list[str]:
        """Some held-out pieces, for the probes that change or compare texts."""
        return [one.text for one in self.held_out.pieces[: self.sizes.texts]]

    def taught(self, size_bytes: int) -> list[str] | None:
        """Training documents, evenly spread, of some `size_bytes` together; None where there are none at hand."""
        step = max(1, -(-sum(map(len, self.scanned)) // size_bytes))
        return [raw.decode() for raw in self.scanned[::step]] if self.material.training else None

    @property
    def languages_seen(self) -> set[str] | None:
        """The languages with at least a hundredth of the training documents; None where nobody knows."""
        found = {language for language, share in self.seen.items() if share >= SEEN_SHARE}
        return found if self.seen else None

    @property
    def scanned_share(self) -> float:
        """How much of the training text is looked at whole, by bytes."""
        return sum(map(len, self.scanned)) / max(1, sum(len(one.raw) for one in self.material.training))

    @property
    def known_tokens(self) -> int:
        """How many tokens of a piece are given before the model goes on with as many."""
        return min(KNOWN_TOKENS, self.subject.model.shape.context // 2)

    def bits(self, subject: Subject, texts: Sequence[str]) -> list[float]:
        """The cost of each text, in groups between which the battery can be stopped."""
        found: list[float] = []
        for at in range(0, len(texts), AT_ONCE):
            self.tick()
            found += subject.bits(texts[at : at + AT_ONCE])
        return found

    def _costs(self, pieces: list[Piece]) -> Costs:
        own, twin = (self._read(subject, pieces) for subject in (self.subject, self.subject.untrained))
        return Costs(
            pieces,
            [one.bits for one in own],
            [one.bits for one in twin],
            [one.by_heart for one in own],
            [one.by_heart for one in twin],
            self._pair_bits(pieces),
        )

    def _pair_bits(self, pieces: list[Piece]) -> list[float]:
        if not self.material.training:
            return []
        costs = -np.log2(chances_of(self.pairs))
        return [float((count_pairs(one.text.encode()) * costs).sum()) for one in pieces]

    def _read(self, subject: PackagedSubject, pieces: list[Piece]) -> list[Read]:
        end = end_token(subject.packaged.tokenizer)
        found: list[Read] = []
        for at in range(0, len(pieces), AT_ONCE):
            self.tick()
            ids = [subject.ids(one.text) for one in pieces[at : at + AT_ONCE]]
            found += read(subject.model, ids, end, self.known_tokens)
        return found
