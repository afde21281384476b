"""Where data, runs and models lie, and the site's home."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from django.conf import settings

from fabrica.config.doctor.finding import Finding, bad, well
from fabrica.kit.units import size

LEAST_FREE_BYTES: Final = 2_000_000_000
LEAST_FREE_SHARE: Final = 0.05
MODE_OF_OTHERS: Final = 0o007


def storage() -> Iterator[Finding]:
    """Free and writable."""
    folder = settings.FABRICA_STORAGE
    if not folder.is_dir():
        yield bad(f"There is no folder {folder}.", "Run `fabrica-site init`, or mount it.")
        return
    yield room(folder)
    yield writing(folder)


def room(folder: Path) -> Finding:
    """How much is free, in bytes and in files."""
    usage, files = shutil.disk_usage(folder), os.statvfs(folder)
    told = f"{folder} has {size(usage.free)} free of {size(usage.total)}."
    if usage.free < LEAST_FREE_BYTES:
        return bad(told, "Make room: runs fail on a full disk.")
    if files.f_files and files.f_favail < LEAST_FREE_SHARE * files.f_files:
        return bad(f"{folder} has room for {files.f_favail} more files only.", "Make room: many small files fill it.")
    return well(told)


def writing(folder: Path) -> Finding:
    """Write a file there, as a run does."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as probe:
            probe.write(b"x")
            probe.flush()
    except OSError as error:
        todo = "Give it to the site's own user, and run the doctor as that user."
        return bad(f"{folder} cannot be written: {error.strerror}.", todo)
    return well(f"{folder} can be written.")


def home() -> Iterator[Finding]:
    """The home and the keys are for nobody else's eyes."""
    for folder in (settings.FABRICA_HOME, settings.FABRICA_KEYS):
        if folder.is_dir() and folder.stat().st_mode & MODE_OF_OTHERS:
            yield bad(f"Every user of this machine can enter {folder}.", f"chmod o= {folder}")
