"""The tokenizer: byte-level BPE learnt from the training text, lossless; NUL ends a document."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from fabrica.kit.errors import Refused
from fabrica.kit.files import write_atomic
from fabrica.trainer.texts import END

Ids = NDArray[np.int32]
SAMPLE_PIECE_BYTES = 8_192
CHUNK_DOCUMENTS = 64


def train_tokenizer(documents: Sequence[bytes], vocab_size: int, sample_bytes: int) -> Tokenizer:
    """A byte-level BPE of at most `vocab_size` entries, learnt from about `sample_bytes` spread over all documents."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size, show_progress=False, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet())
    )
    tokenizer.train_from_iterator(_sample(documents, sample_bytes), trainer)
    return tokenizer


def end_token(tokenizer: Tokenizer) -> int:
    """The token of the NUL byte, which ends a document. Raises Refused when the tokenizer is not byte-level."""
    found = tokenizer.token_to_id("Ā")  # how byte-level BPE writes byte 0
    if found is None:
        raise Refused("The tokenizer has no token for byte 0.", todo="Use a tokenizer that this trainer made.")
    return int(found)


def encode(tokenizer: Tokenizer, documents: Sequence[bytes]) -> Ids:
    """The stream of the documents as tokens: each document's, then the end token."""
    end = np.array([end_token(tokenizer)], dtype=np.int32)
    parts: list[Ids] = []
    for start in range(0, len(documents), CHUNK_DOCUMENTS):
        texts = [document.decode() for document in documents[start : start + CHUNK_DOCUMENTS]]
        for found in tokenizer.encode_batch_fast(texts, add_special_tokens=False):
            parts += [np.array(found.ids, dtype=np.int32), end]
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int32)


def decode(tokenizer: Tokenizer, ids: Sequence[int]) -> str:
    """The text of tokens, up to the first end token; bytes that are no UTF-8 yet become the replacement sign."""
    end = end_token(tokenizer)
    until = ids.index(end) if end in ids else len(ids)
    return str(tokenizer.decode(list(ids[:until]), skip_special_tokens=False))


def save_tokenizer(tokenizer: Tokenizer, path: Path) -> None:
    """Write tokenizer.json, whole or not at all."""
    write_atomic(path, tokenizer.to_str())


def load_tokenizer(path: Path) -> Tokenizer:
    """Read tokenizer.json. Raises Refused when it is missing or broken."""
    try:
        return Tokenizer.from_str(path.read_text(encoding="utf-8"))
    except Exception as problem:
        raise Refused(f"The tokenizer {path} cannot be read.", why=str(problem)[:200]) from problem


def _sample(documents: Sequence[bytes], sample_bytes: int) -> Iterator[str]:
    """Pieces of at most 8 kB, spread evenly over all documents, that together hold at most `sample_bytes`."""
    share = min(1.0, sample_bytes / max(1, sum(map(len, documents))))
    seen = taken = 0
    for document in documents:
        for start in range(0, len(document), SAMPLE_PIECE_BYTES):
            piece = document[start : start + SAMPLE_PIECE_BYTES]
            seen += len(piece)
            if taken + len(piece) <= share * seen:
                taken += len(piece)
                yield piece.decode(errors="ignore")  # a character cut in two by a piece's end is left out


assert END == b"\0"  # noqa: S101 - the end token above is this byte's
