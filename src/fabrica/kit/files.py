"""Files that are whole or absent, and what they weigh and hash to."""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from fabrica.kit.errors import Refused

CHUNK = 1 << 20


@dataclass(frozen=True, order=True)
class FileFact:
    """One file of a folder: its path inside (with /), its size and its SHA-256."""

    path: str
    size_bytes: int
    sha256: str


def write_atomic(path: Path, data: bytes | str, mode: int = 0o644) -> None:
    """Write so that a reader, or a machine that dies now, sees the old file or the new one, never a part."""
    raw = data.encode() if isinstance(data, str) else data
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(raw)
            out.flush()
            os.fchmod(out.fileno(), mode)  # by the open file: in a shared folder its name may be another's by now
            os.fsync(out.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def sha256_file(path: Path, tick: Callable[[], None] = lambda: None) -> str:
    """The SHA-256 of a file's bytes, read in pieces; `tick` is called after each, so that a worker keeps its claim."""
    hashed = hashlib.sha256()
    with path.open("rb") as source:
        while piece := source.read(CHUNK):
            hashed.update(piece)
            tick()
    return hashed.hexdigest()


def list_files(folder: Path) -> list[Path]:
    """Every plain file below `folder`, sorted by its path inside. Refuses links: they may point anywhere."""
    found = []
    for path in sorted(folder.rglob("*"), key=lambda one: one.relative_to(folder).as_posix()):
        if path.is_symlink():
            raise Refused(
                f"{path.relative_to(folder).as_posix()} is a link.",
                why="A link could lead outside the folder.",
                todo="Replace it by the file itself.",
            )
        if path.is_file():
            found.append(path)
    return found


def folder_facts(folder: Path, tick: Callable[[], None] = lambda: None) -> tuple[FileFact, ...]:
    """Path, size and SHA-256 of each file below `folder`, in order of path; `tick` as for `sha256_file`."""
    return tuple(
        FileFact(path.relative_to(folder).as_posix(), path.stat().st_size, sha256_file(path, tick))
        for path in list_files(folder)
    )


def facts_sha256(facts: tuple[FileFact, ...]) -> str:
    """One hash for a whole folder: SHA-256 of the canonical JSON of its sorted file facts."""
    return hashlib.sha256(canonical_json([asdict(fact) for fact in sorted(facts)])).hexdigest()


def folder_sha256(folder: Path) -> str:
    """The hash that names a folder's contents, wherever it lies."""
    return facts_sha256(folder_facts(folder))


def canonical_json(value: object) -> bytes:
    """The one way a value is written before it is hashed or signed: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
