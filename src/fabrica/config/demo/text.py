"""The demo's data: real text that lies on every machine, Python's own standard library (PSF licence)."""

import shutil
import sysconfig
from pathlib import Path

LICENCE = "PSF-2.0"
LICENCE_URL = "https://docs.python.org/3/license.html"
SKIPPED = {
    "test",
    "tests",
    "idle_test",
    "site-packages",
    "__pycache__",
    "lib2to3",
    "idlelib",
    "turtledemo",
    "ensurepip",
}
MOST_BYTES = 8_000_000


def gather(target: Path) -> Path:
    """Copy sources and documentation topics of the standard library below `target`, at most 8 MB; returns it.

    Done once: a folder that is there is kept, so that the published bytes are the same at every play.
    """
    if target.exists():
        return target
    root = Path(sysconfig.get_paths()["stdlib"])
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    total = 0
    for path in sorted(root.rglob("*.py")):
        inside = path.relative_to(root)
        total += path.stat().st_size
        if SKIPPED.isdisjoint(inside.parts) and total <= MOST_BYTES and path.is_file() and not path.is_symlink():
            (partial / inside).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, partial / inside)
    partial.rename(target)
    return target


def size_of(folder: Path) -> int:
    """How many bytes of text a folder holds."""
    return sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())
