"""Names of files inside a dataset: relative, plain, and the same on every machine."""

import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

from fabrica.kit.errors import Refused

PART_BYTES, PATH_BYTES, DEPTH = 200, 480, 20
PART_ENDS = "Parts neither start with a hyphen, a dot or a space, nor end with a dot or a space."
JUNK = ("__MACOSX/",)
JUNK_NAMES = (".DS_Store", "Thumbs.db", "desktop.ini")


def is_junk(name: str) -> bool:
    """Whether it is what an operating system adds to an archive on its own; left out without a word."""
    return name.startswith(JUNK) or name.rsplit("/", 1)[-1] in JUNK_NAMES


def clean(name: str) -> str:
    """The name in normal form (Unicode NFC, `/` between parts).

    Raises Refused for whatever could lead outside the folder, hide, or not be kept by some file system.
    """
    path = unicodedata.normalize("NFC", name)
    parts = path.split("/")
    for wrong, why in (
        (not path or len(path.encode(errors="replace")) > PATH_BYTES, f"A name has 1 to {PATH_BYTES} bytes."),
        (path.startswith("/") or ":" in path, "A name is relative to the dataset, without drive or leading slash."),
        ("\\" in path, "Folders are separated by /, not by \\."),
        (any(unicodedata.category(char)[0] == "C" for char in path), "A name has no control characters."),
        (any(part in ("", ".", "..") for part in parts), "A name has no empty parts, no . and no .."),
        (any(part[0] in "-. " or part[-1] in ". " for part in parts if part), PART_ENDS),
        (any(len(part.encode(errors="replace")) > PART_BYTES for part in parts), f"A part has {PART_BYTES} bytes."),
        (len(parts) > DEPTH, f"Folders are at most {DEPTH} deep."),
    ):  # fmt: skip
        if wrong:
            raise Refused(f"The name {printable(name)} cannot be used.", why=why, todo="Rename it and upload it again.")
    return path


def printable(name: str) -> str:
    """A name as it may stand in a sentence: cut, and with control characters written out."""
    return ascii(name[:80]) if any(not char.isprintable() for char in name) else repr(name[:80])


def check_together(paths: Iterable[str]) -> None:
    """Raises Refused where two names differ only in case, or one names a file and a folder."""
    seen: dict[str, str] = {}
    for path in paths:
        other = seen.setdefault(path.casefold(), path)
        if other is not path:
            raise Refused(
                f"{printable(path)} and {printable(other)} are the same name on some machines.",
                todo="Rename one of them.",
            )
    for folded, path in seen.items():
        parents = (str(parent) for parent in PurePosixPath(folded).parents)
        if clash := next((parent for parent in parents if parent in seen), None):
            raise Refused(f"{printable(seen[clash])} is a file and also the folder of {printable(path)}.")
