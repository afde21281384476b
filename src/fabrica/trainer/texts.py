"""Text files to documents, and documents to a part for training and a part held out. Standard library only."""

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fabrica.kit.errors import Refused

END = b"\0"
FILES_AT_MOST = 1_000_000
FILE_BYTES_AT_MOST = 256_000_000
TEXT_BYTES_AT_MOST = 4_000_000_000
FEW_DOCUMENTS = 20
PIECES = 40


@dataclass(frozen=True)
class Texts:
    """Distinct documents in a stable order, of which folder each is, and how many files were left out and why."""

    documents: tuple[bytes, ...]
    places: tuple[int, ...] = ()
    files: int = 0
    skipped_not_text: int = 0
    skipped_empty: int = 0
    skipped_repeated: int = 0
    cut_in_pieces: bool = False


@dataclass(frozen=True)
class Split:
    """Documents to train on and documents held out; none stands in both."""

    training: tuple[bytes, ...]
    held_out: tuple[bytes, ...]


def stream(documents: Iterable[bytes]) -> bytes:
    """The documents as one run of bytes, each ended by one NUL (which no document contains)."""
    return b"".join(document + END for document in documents)


def read_texts(folders: Iterable[Path]) -> Texts:
    """Every text file below the folders, by folder and then by path; links are not followed. A folder may be a file.

    A file that is not UTF-8 or contains a NUL is not text; an empty one and one whose bytes came before are left out
    too; each is counted. With fewer than 20 documents they are cut at line ends, so that some can be held out.
    Raises Refused when a folder is missing or unreadable, holds too much, or holds no text.
    """
    documents: dict[bytes, bytes] = {}
    places: list[int] = []
    counts: dict[str, Any] = {"files": 0, "skipped_not_text": 0, "skipped_empty": 0, "skipped_repeated": 0}
    size_bytes = 0
    for place, path in ((place, path) for place, folder in enumerate(folders) for path in _files(folder)):
        counts["files"] += 1
        raw = _text(path)
        if not raw:
            counts["skipped_not_text" if raw is None else "skipped_empty"] += 1
            continue
        if documents.setdefault(hashlib.sha256(raw).digest(), raw) is not raw:
            counts["skipped_repeated"] += 1
            continue
        places.append(place)
        size_bytes += len(raw)
        if size_bytes > TEXT_BYTES_AT_MOST or counts["files"] > FILES_AT_MOST:
            raise Refused(
                "The data is too large for one run of this trainer.",
                why=f"It reads at most {FILES_AT_MOST} files and {TEXT_BYTES_AT_MOST} bytes of text.",
                todo="Choose a part of the data.",
            )
    if not documents:
        raise Refused(
            f"There is no text in the data: {counts['files']} files, none of them UTF-8 text.",
            todo="Give a folder with text files.",
        )
    found = tuple(documents.values())
    if len(found) >= FEW_DOCUMENTS:
        return Texts(found, tuple(places), **counts)
    pieces = _cut(found, places, max(1, size_bytes // PIECES))
    return Texts(tuple(pieces), tuple(pieces.values()), **counts, cut_in_pieces=True)


def split(documents: tuple[bytes, ...], share: float, held_out_bytes: int) -> Split:
    """Hold out about `share` of the bytes, at most `held_out_bytes`, by the documents' SHA-256 and nothing else.

    In order of hash, a document is held out while it fits into what is left; so the choice depends on contents only,
    never on names or order. Raises Refused when not even the smallest document fits or none would remain.
    """
    room = min(int(share * sum(map(len, documents))), held_out_bytes)
    chosen = set()
    for document in sorted(documents, key=lambda one: hashlib.sha256(one).digest()):
        if len(document) <= room:
            chosen.add(document)
            room -= len(document)
    training = tuple(one for one in documents if one not in chosen)
    if not chosen or not training:
        raise Refused(
            "The text is too little, or its documents too large, to hold some out for measuring.",
            why=f"{share:.1%} of it, at most {held_out_bytes} bytes, must be whole documents.",
            todo="Add text, or raise held_out_share or held_out_bytes in the recipe.",
        )
    return Split(training, tuple(one for one in documents if one in chosen))


def _files(folder: Path) -> list[Path]:
    """The plain files below a folder, sorted by path. Raises Refused when it cannot be read."""
    if folder.is_file() and not folder.is_symlink():
        return [folder]
    found = []

    def unreadable(problem: OSError) -> None:
        raise Refused(
            f"The data folder {folder} cannot be read.",
            why=f"{problem.strerror}: {problem.filename}",
            todo="Stage the data again, or ask who owns the folder to let you read it.",
        ) from problem

    for parent, _, names in os.walk(folder, onerror=unreadable):
        found += [Path(parent, name) for name in names if not Path(parent, name).is_symlink()]
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def _text(path: Path) -> bytes | None:
    """The bytes of a text file; None when it is none. Raises Refused when it cannot be opened."""
    try:
        if not path.is_file() or path.stat().st_size > FILE_BYTES_AT_MOST:
            return None
        raw = path.read_bytes()
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return None
    except OSError as problem:
        raise Refused(
            f"The data file {path} cannot be read.", why=str(problem.strerror), todo="Stage the data again."
        ) from problem
    return None if END in raw else raw


def _cut(documents: tuple[bytes, ...], places: list[int], piece_bytes: int) -> dict[bytes, int]:
    """Distinct pieces of about `piece_bytes` with their document's place, cut at line ends; a longer line within."""
    pieces: dict[bytes, int] = {}
    for document, place in zip(documents, places, strict=True):
        piece = b""
        for line in document.splitlines(keepends=True):
            piece += line
            while len(piece) >= piece_bytes:
                end = len(piece) if len(piece) < 2 * piece_bytes else _between_characters(piece, piece_bytes)
                pieces.setdefault(piece[:end], place)
                piece = piece[end:]
        if piece:
            pieces.setdefault(piece, place)
    return pieces


def _between_characters(raw: bytes, at: int) -> int:
    """The first place from `at` on where no UTF-8 character is cut."""
    while at < len(raw) and raw[at] & 0xC0 == 0x80:  # noqa: PLR2004 - the mark of a continuation byte
        at += 1
    return at
