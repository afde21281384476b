"""A backup as a folder: how it comes about whole or not at all, and how it is checked. Needs no settings.

`manifest.json` tells what it holds: path, size and SHA-256 of each file, links, the database's kind and its migrations.
Beside it lie `database.dump` (PostgreSQL) or `database.sqlite3`, `audit-anchors.jsonl`, `keys/`, `secret-key`
where the site keeps it in a file, and `storage/` where it was asked for.
"""

import fcntl
import json
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from fabrica.kit.errors import Refused
from fabrica.kit.files import CHUNK, FileFact, sha256_file, write_atomic

MANIFEST = "manifest.json"
FORMAT = 1


@dataclass
class Manifest:
    """What a backup says of itself."""

    made_at: str
    version: str
    vendor: str
    migrations: list[str]
    with_storage: bool
    files: list[FileFact] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    format: int = FORMAT


@contextmanager
def whole_or_absent(folder: Path) -> Iterator[Path]:
    """A folder to write into, which gets its name when the block ends well; what a backup that died left makes room.

    Raises Refused where there is something of that name, or another backup writes it at this moment.
    """
    if folder.exists() or folder.is_symlink():
        raise Refused(f"{folder} exists already.", todo="Name a folder that does not exist.")
    partial = folder.with_name(f".{folder.name}.partial")
    partial.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = os.open(partial, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _hold(lock, partial)
        yield from _filled(partial, folder)
    finally:
        os.close(lock)


def _hold(lock: int, partial: Path) -> None:
    """Keep others out for as long as this process lives; the folder must still be the one that was opened."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_same = partial.stat().st_ino == os.fstat(lock).st_ino
    except (BlockingIOError, FileNotFoundError):
        is_same = False
    if not is_same:
        raise Refused(f"Another backup writes {partial} at this moment.", todo="Wait for it, or name another folder.")


def _filled(partial: Path, folder: Path) -> Iterator[Path]:
    try:
        for left in partial.iterdir():
            shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
        yield partial
        _flush(partial)
        partial.rename(folder)
        _flush(folder.parent)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(handle)
    os.close(handle)


def copy_file(source: Path, target: Path) -> None:
    """Copy a plain file with its mode, flushed to the disk; until it is whole it is its owner's alone."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with source.open("rb") as read, os.fdopen(_new(target), "wb") as write:
        shutil.copyfileobj(read, write, CHUNK)
        write.flush()
        os.fsync(write.fileno())
    target.chmod(stat.S_IMODE(source.stat().st_mode) | 0o600)


def _new(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def copy_tree(source: Path, target: Path) -> dict[str, str]:
    """Copy the plain files below a folder; returns the links, by path inside, which are told and not followed.

    A file that vanishes meanwhile was not needed: what a site keeps is written under another name first.
    """
    links = {}
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path in sorted(source.rglob("*")):
        inside = path.relative_to(source)
        try:
            if path.is_symlink():
                links[inside.as_posix()] = str(path.readlink())
            elif path.is_dir():
                _copy_folder(path, target / inside)
            elif path.is_file():
                copy_file(path, target / inside)
        except FileNotFoundError:
            continue
    return links


def _copy_folder(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    target.chmod(stat.S_IMODE(source.stat().st_mode) | 0o700)


def seal(folder: Path, manifest: Manifest) -> None:
    """Write the manifest, last: without it a folder is no backup."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            inside = path.relative_to(folder).as_posix()
            manifest.files.append(FileFact(inside, path.stat().st_size, sha256_file(path)))
    write_atomic(folder / MANIFEST, json.dumps(asdict(manifest), indent=1, ensure_ascii=False), mode=0o600)


def checked(folder: Path) -> Manifest:
    """The manifest of a backup of which every byte is as it was written. Raises Refused and says what is not."""
    manifest = _read(folder)
    told = {fact.path: fact for fact in manifest.files}
    there = {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir() or path.is_symlink()
    }
    wrong = [f"{path} is not of this backup" for path in sorted(there - set(told) - {MANIFEST})]
    for path, fact in told.items():
        if path not in there:
            wrong.append(f"{path} is missing")
        elif (folder / path).is_symlink() or sha256_file(folder / path) != fact.sha256:
            wrong.append(f"{path} was changed")
    if wrong:
        why = "; ".join(wrong[:5]) + (f"; and {len(wrong) - 5} more" if len(wrong) > 5 else "")  # noqa: PLR2004 - a handful
        raise Refused(f"The backup {folder} is damaged.", why=f"{why}.", todo="Use another one. Nothing was touched.")
    return manifest


def _read(folder: Path) -> Manifest:
    try:
        return _parse((folder / MANIFEST).read_text(encoding="utf-8"))
    except OSError as error:
        raise Refused(f"{folder} is no backup.", why=f"Its manifest cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused(f"The backup {folder} is damaged.", why=f"Its manifest: {error}.") from error


def _parse(text: str) -> Manifest:
    raw = json.loads(text)
    if raw["format"] != FORMAT:
        raise ValueError(f"its format is {raw['format']}, this version reads {FORMAT}")
    manifest = Manifest(**{**raw, "files": [FileFact(**one) for one in raw["files"]]})
    _check_paths([*(fact.path for fact in manifest.files), *manifest.links])
    return manifest


def _check_paths(paths: list[Any]) -> None:
    """No path of a manifest may lead out of its folder."""
    for path in paths:
        pure = PurePosixPath(path)
        if pure.is_absolute() or ".." in pure.parts or not pure.parts:
            raise ValueError(f"the path {path!r}")
