"""Which kinds of files may be uploaded: told by the extension, checked on the first bytes.

Nothing is ever opened as what it claims to be, and nothing is unpickled.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from fabrica.dataspaces.engine.names import printable
from fabrica.kit import facts
from fabrica.kit.errors import Refused

HEAD_BYTES = 8192


@dataclass(frozen=True)
class Limits:
    """The most that a version may hold, and one file of it."""

    total_bytes: int
    file_bytes: int
    files: int


@cache
def _types() -> dict[str, Any]:
    loaded = facts.load("fabrica.dataspaces", "filetypes.json")
    facts.source_of(loaded)
    return loaded


@cache
def extensions() -> tuple[str, ...]:
    """The extensions that are taken, sorted, without a dot."""
    return tuple(sorted([*_types()["text"], *_types()["binary"]]))


def extension(path: str) -> str:
    """`csv` of `a/b.csv`; empty where there is none."""
    name = path.rsplit("/", 1)[-1].lower()
    return name.rpartition(".")[2] if "." in name else ""


def check_type(path: str) -> None:
    """Raises Refused for a name whose extension is not on the list."""
    ending = extension(path)
    is_known = ending in extensions() if ending else path.rsplit("/", 1)[-1].lower() in _types()["text_names"]
    if not is_known:
        raise Refused(
            f"{printable(path)} is not a kind of file that is taken here.",
            why="Only text and data files are: programs, pickles and archives can do harm where they are opened.",
            todo=f"Use one of: {', '.join(extensions())}; or leave the file out.",
        )


def check_head(path: str, head: bytes) -> None:
    """Raises Refused where the first bytes of a file are not those of its kind."""
    wanted = _types()["binary"].get(extension(path))
    found = _forbidden(head)
    if wanted is None and not found and b"\0" in head:
        found = "binary data"
    if wanted is not None and not head.startswith(bytes.fromhex(wanted)):
        found = found or "something else"
    if found:
        raise Refused(f"{printable(path)} is {found}, not what its name says.", todo="Upload the text or data itself.")


def _forbidden(head: bytes) -> str:
    for start in _types()["forbidden_starts"]:
        if head.startswith(bytes.fromhex(start["hex"])) and (b"\0" in head or not start.get("only_with_nul")):
            return str(start["what"])
    return ""
