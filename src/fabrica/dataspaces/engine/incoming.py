"""From what was sent to plain files in a folder: streamed, bounded, looked at, never whole in memory."""

import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from fabrica.dataspaces.engine import names
from fabrica.dataspaces.engine.contents import HEAD_BYTES, Limits, check_head, check_type
from fabrica.kit.errors import Refused
from fabrica.kit.files import CHUNK
from fabrica.kit.units import size

MOST_RATIO, RATIO_FROM_BYTES = 200, 10_000_000
END_OF_ARCHIVE, END_BYTES, COMMENT_BYTES = b"PK\x05\x06", 22, 65_535
DIRECTORY_BYTES_PER_FILE = 46 + names.PATH_BYTES + 200
ENCRYPTED = 0x1


class Readable(Protocol):
    """What bytes are read from, in pieces."""

    def read(self, size_bytes: int, /) -> bytes:
        """At most that many bytes; none at the end."""


class Upload(Protocol):
    """A file as it arrives: Django's `UploadedFile` is one, `LocalFile` another."""

    name: str | None

    def open(self) -> AbstractContextManager[Any]:
        """The bytes, from the first on; seekable."""


@dataclass(frozen=True)
class LocalFile:
    """A file of this machine, to be taken under the name it shall have inside the dataset."""

    path: Path
    name: str | None

    def open(self) -> IO[bytes]:
        """The file's bytes."""
        return self.path.open("rb")


class _Room:
    """What may still come."""

    def __init__(self, limits: Limits) -> None:
        self.limits, self.left_bytes, self.left_files = limits, limits.total_bytes, limits.files

    def take_file(self) -> None:
        self.left_files -= 1
        if self.left_files < 0:
            raise Refused(
                f"There are more than {self.limits.files:,} files.", todo="Join small files into larger ones."
            )

    def take(self, path: str, written: int, more: int) -> None:
        if written + more > self.limits.file_bytes:
            raise Refused(
                f"{names.printable(path)} is larger than {size(self.limits.file_bytes)}, the limit of one file.",
                todo="Split it.",
            )
        self.left_bytes -= more
        if self.left_bytes < 0:
            raise Refused(
                f"This is more than {size(self.limits.total_bytes)}, the limit of a version.",
                todo="Publish it as several datasets, or ask the site's operator to raise the limit.",
            )


def receive(uploads: Iterable[Upload], folder: Path, limits: Limits) -> list[str]:
    """Write the uploads into the empty `folder`; a single .zip is unpacked. Returns the paths inside, sorted.

    Raises Refused for names, kinds, sizes or archives that are not taken; the folder is then to be thrown away.
    """
    given, room = list(uploads), _Room(limits)
    if not given:
        raise Refused("No files were sent.", todo="Choose at least one file, or one .zip with folders.")
    if len(given) == 1 and (given[0].name or "").lower().endswith(".zip"):
        with given[0].open() as source:
            found = list(_unpack(source, folder, room))
    else:
        found = [_receive_one(one, folder, room) for one in given]
    if not found:
        raise Refused("The archive holds no files.")
    names.check_together(found)
    return sorted(found)


def _receive_one(upload: Upload, folder: Path, room: _Room) -> str:
    with upload.open() as source:
        return _write(source, upload.name or "", folder, room)


def _write(source: Readable, name: str, folder: Path, room: _Room) -> str:
    path = names.clean(name)
    check_type(path)
    room.take_file()
    target = folder / path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    except (FileExistsError, NotADirectoryError) as error:
        raise Refused(f"{names.printable(path)} was sent twice.", todo="Send each name once.") from error
    with os.fdopen(handle, "wb") as out:
        head = source.read(HEAD_BYTES)
        check_head(path, head)
        written, piece = 0, head
        while piece:
            room.take(path, written, len(piece))
            out.write(piece)
            written += len(piece)
            piece = source.read(CHUNK)
    return path


def _unpack(source: IO[bytes], folder: Path, room: _Room) -> Iterator[str]:
    _check_directory(source, room.limits.files)
    try:
        with zipfile.ZipFile(source) as archive:
            for info in archive.infolist():
                if not info.is_dir() and not names.is_junk(info.filename):
                    _check_member(info)
                    with archive.open(info) as member:
                        yield _write(_Honest(member, info), info.filename, folder, room)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeDecodeError) as error:
        raise Refused("The archive is damaged.", why=str(error), todo="Make it again and upload it again.") from error


def _check_directory(source: IO[bytes], most_files: int) -> None:
    """Bound the list of members before it is read into memory: it stands at the end, with its length."""
    end = source.seek(0, os.SEEK_END)
    start = source.seek(max(0, end - END_BYTES - COMMENT_BYTES - 20))
    tail = source.read()
    at = tail.rfind(END_OF_ARCHIVE)
    if at < 0 or len(tail) - at < END_BYTES:
        raise Refused("This is not a .zip archive, or it is cut off.", todo="Make it again and upload it again.")
    if tail[max(0, at - 20) : at].startswith(b"PK\x06\x07"):
        raise Refused("The archive is of the kind for very large ones (ZIP64).", todo="Make smaller archives.")
    count, directory_bytes = struct.unpack_from("<HI", tail, at + 10)
    if count > most_files or directory_bytes > most_files * DIRECTORY_BYTES_PER_FILE or directory_bytes > start + at:
        raise Refused(f"The archive holds more than {most_files:,} files, or its list of files is damaged.")
    source.seek(0)


def _check_member(info: zipfile.ZipInfo) -> None:
    shown, kind = names.printable(info.filename), stat.S_IFMT(info.external_attr >> 16)
    if info.flag_bits & ENCRYPTED:
        raise Refused(f"{shown} is encrypted.", todo="Make the archive without a password.")
    if kind not in (0, stat.S_IFREG):
        raise Refused(f"{shown} is a link or a device, not a file.", todo="Put the file itself into the archive.")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Refused(f"{shown} is packed in an unusual way.", todo="Make the archive with the ordinary method.")


class _Honest:
    """A member being unpacked: stops where it grows beyond any honest ratio, whatever its header says."""

    def __init__(self, member: IO[bytes], info: zipfile.ZipInfo) -> None:
        self._member, self._name, self._read = member, info.filename, 0
        self._most = max(RATIO_FROM_BYTES, info.compress_size * MOST_RATIO)

    def read(self, size_bytes: int) -> bytes:
        piece = self._member.read(size_bytes)
        self._read += len(piece)
        if self._read > self._most:
            raise Refused(f"{names.printable(self._name)} unpacks to more than {MOST_RATIO} times its size.")
        return piece
