"""From a run's `out/` to a signed folder in its place.

It is built beside its place and moved there by one rename, so that a kill leaves either nothing or everything.
"""

import errno
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.urls import reverse

from fabrica.kit.errors import Refused
from fabrica.kit.files import folder_facts, list_files, write_atomic
from fabrica.kit.signing import fingerprint
from fabrica.registry.engine import Signed, render_card, sign_folder, sign_release, verify_folder
from fabrica.registry.engine.documents import render_all
from fabrica.registry.engine.documents.rows import table
from fabrica.registry.engine.manifest import FACTS, MANIFEST, PUBLIC_KEY, SIGNATURE, read_manifest
from fabrica.registry.engine.release import FOLDER
from fabrica.registry.facts import facts_of
from fabrica.registry.models import Intake, ModelVersion
from fabrica.training.states import Kind

CARD = "card.md"
OURS = (CARD, FACTS, MANIFEST, SIGNATURE, PUBLIC_KEY, FOLDER)
FILES_AT_MOST = 10_000
CHUNK = 1 << 20


def place_of(intake: Intake) -> str:
    """Where the version's folder lies below the site's storage."""
    if intake.model is None or intake.number is None:
        raise ValueError("a number is reserved before packing")
    return f"models/{intake.model.slug}/{intake.number}"


def outputs(intake: Intake) -> list[Path]:
    """The files the run left. Raises Refused for links, or more files than a model has."""
    out = intake.run.folder / "out"
    found = list_files(out) if out.is_dir() else []
    if len(found) > FILES_AT_MOST:
        raise Refused(f"The run left {len(found)} files; a model has at most {FILES_AT_MOST}.")
    return found


def pack(intake: Intake, key: Ed25519PrivateKey, *, now: datetime, tick: Callable[[], None]) -> Path:
    """The signed folder of a run's output; `tick` is called after each piece. Raises Refused, OSError.

    Killed anywhere it can be called again: the folder appears by one rename, and one that is there already, good and
    of this run, is taken as it is.
    """
    place = Path(settings.FABRICA_STORAGE) / place_of(intake)
    if _is_done(place, intake, key):
        return place
    building = place.parent.parent / ".building"
    building.mkdir(parents=True, exist_ok=True)
    for left in building.glob(f"{intake.run.uid}-*"):
        shutil.rmtree(left, ignore_errors=True)  # by a worker that died, or lost its claim to this one
    folder = Path(tempfile.mkdtemp(dir=building, prefix=f"{intake.run.uid}-"))
    try:
        _fill(folder, intake, key, now, tick)
        _move(folder, place, intake, key)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return place


def _is_done(place: Path, intake: Intake, key: Ed25519PrivateKey) -> bool:
    if not verify_folder(place, key.public_key()).is_verified:
        return False
    return bool(json.loads((place / FACTS).read_bytes())["run"]["uid"] == intake.run.uid)


def _fill(folder: Path, intake: Intake, key: Ed25519PrivateKey, now: datetime, tick: Callable[[], None]) -> None:
    out = intake.run.folder / "out"
    # A command may call its files what it likes, so they get a folder of their own.
    inside = folder if intake.run.kind == Kind.TRAIN else folder / "out"
    for path in outputs(intake):
        name = path.relative_to(out)
        if inside == folder and name.parts[0] in OURS:
            raise Refused(f"The run left a file called {name}.", why="That name is the registry's own.")
        copy_whole(path, inside / name, tick)
    _check_unchanged(inside, intake, tick)
    facts = facts_of(intake, out, signer=fingerprint(key.public_key()), now=now)
    write_atomic(folder / CARD, render_card(facts))
    sign_folder(folder, facts, key, tick)


def _check_unchanged(copies: Path, intake: Intake, tick: Callable[[], None]) -> None:
    """Raise Refused where the copies are not the files that the runner hashed when the run ended."""
    listed = (intake.run.result or {}).get("files") or []
    expected = {str(one["path"]): str(one.get("sha256")) for one in listed}
    found = {one.path: one.sha256 for one in folder_facts(copies, tick)}
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            raise Refused(
                f"The run's file {name} is not what it was when the run ended.",
                why=f"Expected {expected.get(name, 'no such file')}, found {found.get(name, 'no such file')}.",
                todo="Run the training again.",
            )


def _move(folder: Path, place: Path, intake: Intake, key: Ed25519PrivateKey) -> None:
    """Put the folder in its place.

    What another worker put there first stays; what is broken, or signed by a former key, and was never registered,
    makes room.
    """
    folder.chmod(0o755)
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.rename(place)  # fails on a folder that is not empty
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        if _is_done(place, intake, key) or ModelVersion.objects.filter(run=intake.run).exists():
            return
        old = folder.with_name(f"{folder.name}-old")
        place.rename(old)
        folder.rename(place)
        shutil.rmtree(old, ignore_errors=True)
    _sync_folder(place.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@dataclass(frozen=True)
class NewRelease:
    """A release that is built and signed, beside its place."""

    number: int
    signed: Signed
    folder: Path
    place: Path

    def put_in_place(self) -> None:
        """One rename; what lies there was never recorded as a release, so it makes room.

        Called by whoever has the row of this number in an open transaction: nobody else is here meanwhile.
        """
        self.place.parent.mkdir(exist_ok=True)
        if self.place.exists():
            self.place.rename(self.folder.with_name(f"{self.folder.name}-old"))
        self.folder.rename(self.place)
        _sync_folder(self.place.parent)


@contextmanager
def building_release(
    version: ModelVersion, number: int, facts: dict[str, Any], key: Ed25519PrivateKey
) -> Iterator[NewRelease]:
    """The documents of these facts, signed, in a folder that is gone afterwards unless it was put in its place.

    Raises Refused where the model has files of its own at that place.
    """
    if any(PurePosixPath(one).parts[0] == FOLDER for one in read_manifest(version.manifest.encode()).files):
        raise Refused(f"The model has files of its own in {FOLDER}/.", todo="Run the training again without them.")
    facts = _of_the_release(version, number, facts)
    building = version.path.parent.parent / ".building"
    building.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=building, prefix="release-"))
    folder = scratch / "release"
    try:
        folder.mkdir()
        for name, raw in {**render_all(facts), FACTS: _as_json(facts)}.items():
            write_atomic(folder / name, raw)
        signed = sign_release(folder, number=number, model_manifest=version.manifest, facts=facts, key=key)
        yield NewRelease(number, signed, folder, version.path / FOLDER / str(number))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _of_the_release(version: ModelVersion, number: int, facts: dict[str, Any]) -> dict[str, Any]:
    """The facts with the release's number, and where the summaries of those before it are."""
    summary = table().document("summary").file
    name = (version.model.slug, version.number)
    paths = [reverse("registry:file", args=[*name, f"{FOLDER}/{one}/{summary}"]) for one in range(1, number)]
    earlier = [f"{settings.FABRICA_URL}{one}" for one in paths]
    return {**facts, "release": {**(facts.get("release") or {}), "number": number, "earlier": earlier}}


def _as_json(facts: dict[str, Any]) -> bytes:
    return (json.dumps(facts, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def copy_whole(source: Path, target: Path, tick: Callable[[], None]) -> None:
    """Copy a plain file to the disk, synced. Raises Refused for a link, pipe or device put in its place meanwhile."""
    try:
        handle = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise Refused(f"{source.name} cannot be read.", why=str(error.strerror)) from error
    target.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(handle, "rb") as opened, target.open("xb") as copy:
        if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            raise Refused(f"{source.name} is not a plain file.")
        while piece := opened.read(CHUNK):
            copy.write(piece)
            tick()
        copy.flush()
        os.fsync(copy.fileno())
