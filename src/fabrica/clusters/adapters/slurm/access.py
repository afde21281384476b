"""Letting a project's account into the folders of its job, and nobody else: POSIX ACLs.

The portal owns the folders. The account gets its run's folder for writing, the data it reads for reading, and the way
there (`x` alone) through folders closed to others; files that the job makes there stay readable for the portal.

Nothing is remembered: each file of the data is looked at, and only those that do not let the account in are changed.
Of data that a run of the project has read before, that is none; a file that came later is found.
"""

import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from fabrica.clusters.adapters.port import JobRequest
from fabrica.clusters.adapters.slurm.acl import READ, SEARCH, allows
from fabrica.clusters.adapters.slurm.settings import SlurmSettings
from fabrica.kit.errors import Refused, Unreachable

SETFACL_SECONDS = 600
OTHERS_PASS = 0o001
MOST_NAMED = 200  # more files than these are let in by one walk of setfacl's own


def give(job: JobRequest, settings: SlurmSettings) -> None:
    """Let `job.run_as` work in the job's folder. Nothing where jobs run as ourselves.

    Raises Refused, Unreachable.
    """
    if settings.become != "sudo" or not job.run_as:
        return
    try:
        uid = pwd.getpwnam(job.run_as).pw_uid
    except KeyError as error:
        raise Refused(
            f"There is no UNIX account {job.run_as}.", todo="Ask the operator to create it on portal and machine."
        ) from error
    me = os.geteuid()
    for folder in sorted({parent for one in (job.folder, *job.reads) for parent in _closed(one)}):
        if not allows(folder, uid, SEARCH):
            _set(["-m", f"u:{uid}:--x"], [folder])
    # The folder alone, no file in it by name: the account may put a link in a file's place at any instant.
    _set(["-m", f"u:{uid}:rwX,d:u:{uid}:rwX,d:u:{me}:rwX"], [job.folder])
    for folder in job.reads:
        _let_read(folder, uid)


def _let_read(folder: Path, uid: int) -> None:
    """Let the account read a folder of data. The portal alone writes there, so its files may be named."""
    lacking = []
    for path, mode in _within(folder):
        if not allows(path, uid, _wanted(mode)):
            lacking.append(path)
        if len(lacking) > MOST_NAMED:
            _set(["-R", "-m", f"u:{uid}:rX"], [folder])
            return
    if lacking:
        _set(["-m", f"u:{uid}:rX"], lacking)


def _wanted(mode: int) -> int:
    """What setfacl's `rX` stands for: also `x` for folders, and for files that anybody may execute."""
    is_executable = stat.S_ISDIR(mode) or mode & (stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return READ | SEARCH if is_executable else READ


def _within(folder: Path) -> Iterator[tuple[Path, int]]:
    """A folder and all that is in it with its mode; links are neither told nor followed. Raises Unreachable."""
    try:
        yield folder, folder.stat().st_mode
        ahead = [folder]
        while ahead:
            with os.scandir(ahead.pop()) as entries:
                for one in entries:
                    if one.is_symlink():
                        continue
                    path = Path(one.path)
                    yield path, one.stat(follow_symlinks=False).st_mode
                    if one.is_dir(follow_symlinks=False):
                        ahead.append(path)
    except OSError as error:
        raise Unreachable(f"The data in {folder} cannot be looked through.", why=str(error)[:300]) from error


def _closed(folder: Path) -> Iterator[Path]:
    """The parents that others may not pass through."""
    return (one for one in folder.parents if not one.stat().st_mode & OTHERS_PASS)


def _set(options: list[str], paths: Sequence[Path]) -> None:
    program = shutil.which("setfacl")
    if program is None:
        raise Refused("setfacl is not installed.", todo="Ask the operator to install the package acl.")
    try:
        done = subprocess.run(  # noqa: S603 - an argument list; the folders are ours
            [program, *options, "--", *map(str, paths)],
            capture_output=True, text=True, check=False, timeout=SETFACL_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        why = f"setfacl took longer than {SETFACL_SECONDS} seconds."
        raise Unreachable(f"The project's account cannot be let into {paths[0]} as yet.", why=why) from error
    if done.returncode:
        raise Unreachable(f"The project's account cannot be let into {paths[0]}.", why=done.stderr.strip()[:300])
