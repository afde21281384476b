"""Letting a project's account into the folders of its job, and nobody else: POSIX ACLs.

The portal owns the folders. The account gets its run's folder for writing, the data it reads for reading, and the way
there (`x` alone) through folders closed to others; files that the job makes there stay readable for the portal.
"""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from fabrica.clusters.adapters.port import JobRequest
from fabrica.clusters.adapters.slurm.settings import SlurmSettings
from fabrica.kit.errors import Refused, Unreachable

SETFACL_SECONDS = 600
OTHERS_PASS = 0o001


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
    for folder in {parent for one in (job.folder, *job.reads) for parent in _closed(one)}:
        _set(["-m", f"u:{uid}:--x"], folder)
    # The folder alone, no file in it by name: the account may put a link in a file's place at any instant.
    _set(["-m", f"u:{uid}:rwX,d:u:{uid}:rwX,d:u:{me}:rwX"], job.folder)
    for folder in job.reads:
        _set(["-R", "-m", f"u:{uid}:rX"], folder)


def _closed(folder: Path) -> Iterator[Path]:
    """The parents that others may not pass through."""
    return (one for one in folder.parents if not one.stat().st_mode & OTHERS_PASS)


def _set(options: list[str], folder: Path) -> None:
    program = shutil.which("setfacl")
    if program is None:
        raise Refused("setfacl is not installed.", todo="Ask the operator to install the package acl.")
    done = subprocess.run(  # noqa: S603 - an argument list; the folder is ours
        [program, *options, "--", str(folder)], capture_output=True, text=True, check=False, timeout=SETFACL_SECONDS
    )
    if done.returncode:
        raise Unreachable(f"The project's account cannot be let into {folder}.", why=done.stderr.strip()[:300])
