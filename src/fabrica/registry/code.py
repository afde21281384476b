"""Which code made this: the package's version and, where it runs from its repository, the commit."""

import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import fabrica

PACKAGE = Path(fabrica.__file__).parent
SECONDS = 10


@cache
def code_version() -> dict[str, Any]:
    """`version`, `commit` and `is_changed`; the last two are None where git does not know these files."""
    # An enclosing repository that does not track this package says nothing about it.
    is_tracked = _git("ls-files", "--error-unmatch", "__init__.py") is not None
    commit = _git("rev-parse", "HEAD") if is_tracked else None
    changes = _git("status", "--porcelain", "--", ".") if commit else None
    return {"version": fabrica.__version__, "commit": commit, "is_changed": None if changes is None else bool(changes)}


def _git(*arguments: str) -> str | None:
    command = ["git", "-C", str(PACKAGE), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True)  # noqa: S603 - fixed words
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
