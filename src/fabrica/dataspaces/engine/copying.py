"""Copying a version's files so that what arrives is what was published, byte for byte."""

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from fabrica.kit.errors import Problem
from fabrica.kit.files import CHUNK, FileFact, sha256_file
from fabrica.kit.units import size

Progress = Callable[[int], None]
MISSING = "missing"
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Changed(Problem):
    """A file is not what was published. Its facts: `path`, `expected`, `found` (SHA-256, or `missing`)."""

    def __init__(self, path: str, expected: str, found: str) -> None:
        super().__init__(
            f"{path} was changed after it was published.",
            why=f"Its SHA-256 should be {expected}; found: {found}.",
            todo="Nothing was staged. The provider has been told; ask them for a new version.",
            path=path,
            expected=expected,
            found=found,
        )


class CopyFailed(Problem):
    """The copy did not work, for a reason of this machine; trying again may help."""


def copy_checked(source: Path, target: Path, facts: Iterable[FileFact], progress: Progress) -> None:
    """Copy the files that `facts` name from `source` into the new folder `target`, reading each copy back.

    `progress` is called with the bytes copied so far after each piece, also of reading back; whatever it raises stops
    the copy.
    Raises Changed for a source file that is not what `facts` say, CopyFailed for a copy that is not its source.
    """
    done = 0
    target.mkdir(parents=True)
    for fact in facts:
        place = target / fact.path
        place.parent.mkdir(parents=True, exist_ok=True)
        found, done = _copy(source / fact.path, place, fact, done, progress)
        if found != fact.sha256:
            raise Changed(fact.path, fact.sha256, found)
        if sha256_file(place, partial(progress, done)) != fact.sha256:
            raise CopyFailed(
                f"The copy of {fact.path} differs from its source.", todo="Tell the operator: a disk fails."
            )
        place.chmod(0o444)
    # One flush for all: flushing each of thousands of small files takes minutes (300 files: 1.4 s against 0.05 s).
    os.sync()


def _copy(source: Path, place: Path, fact: FileFact, done: int, progress: Progress) -> tuple[str, int]:
    try:
        handle = os.open(source, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return MISSING, done
    except OSError as error:
        if error.errno == errno.ELOOP:
            return "a link", done
        raise
    seen, hashed = 0, hashlib.sha256()
    with os.fdopen(handle, "rb") as reader, place.open("xb") as writer:
        # One byte more than published is enough to know that it changed: a file that grew does not fill the disk.
        while piece := reader.read(min(CHUNK, fact.size_bytes - seen + 1)):
            hashed.update(piece)
            seen += len(piece)
            writer.write(piece)
            progress(done + seen)
            if seen > fact.size_bytes:
                return f"{sha256_file(source)}", done
    return hashed.hexdigest(), done + seen


def first_difference(folder: Path, facts: Iterable[FileFact]) -> Changed | None:
    """The first of `facts` that a file below `folder` does not meet; None when all do."""
    for fact in facts:
        place = folder / fact.path
        found = sha256_file(place) if place.is_file() and not place.is_symlink() else MISSING
        if found != fact.sha256:
            return Changed(fact.path, fact.sha256, found)
    return None


def check_room(folder: Path, needed_bytes: int) -> None:
    """Raises CopyFailed where the disk below `folder` (which exists) has not that many bytes free."""
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        raise CopyFailed(
            "The disk is full.",
            why=f"{size(needed_bytes)} are needed, {size(free)} are free.",
            todo="Ask the operator to make room, then try again.",
        )


def explain(error: OSError) -> CopyFailed:
    """What a person is told of an error of the disk."""
    if error.errno in FULL:
        return CopyFailed(
            "The disk is full.", why=str(error.strerror), todo="Ask the operator to make room, then try again."
        )
    return CopyFailed(
        "The files could not be copied.",
        why=str(error.strerror or error),
        todo="Try again; if it stays, tell the operator.",
    )
