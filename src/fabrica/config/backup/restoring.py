"""Putting a backup in the place of a site: checked first, and what was there in files is kept."""

import shutil
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from fabrica.allocations.queries import check_ledger
from fabrica.audit.queries import Verdict, verify_site
from fabrica.config.backup import databases
from fabrica.config.backup.folder import Manifest, checked, copy_file, copy_tree
from fabrica.config.migrating import unhurried
from fabrica.kit.errors import Refused


@dataclass(frozen=True)
class Restored:
    """What was put where, what was kept, and whether the books hold."""

    manifest: Manifest
    kept: list[Path]
    waiting: int
    chain: Verdict | None = None
    ledger: list[str] = field(default_factory=list)


def restore(folder: Path, *, replace: bool, now: datetime) -> Restored:
    """Restore a backup that was checked to the last byte. Raises Refused; then nothing was touched, or it says what."""
    manifest = checked(folder)
    _check_fits(manifest)
    databases.check(folder)
    places = _places(folder, manifest)
    _check_room(places, replace=replace)
    stamp = now.strftime("%Y%m%dT%H%M%S%f")
    kept = []
    try:
        prepared = {target: _prepare(source, target) for source, target in places.items()}
        kept += databases.load(folder, stamp)
        for target, ready in prepared.items():
            kept += _take_place(ready, target, stamp)
        _relink(manifest)
    except OSError as error:
        told = f"{error.strerror or error}."
        raise Refused("The restore stopped half-way.", why=told, todo="Run it again with --replace.") from error
    return _examined(manifest, kept)


def _check_fits(manifest: Manifest) -> None:
    if manifest.vendor != connection.vendor:
        why = f"The backup is of {manifest.vendor}, DATABASE_URL is of {connection.vendor}."
        raise Refused("The backup is of another kind of database.", why=why, todo="Set DATABASE_URL to the same kind.")
    newer = sorted(set(manifest.migrations) - _known())
    if newer:
        why = f"It has {newer[0]}, which this version does not know."
        raise Refused("The backup is of a newer version.", why=why, todo=f"Install Fabrica {manifest.version}.")
    if count := databases.users():
        raise Refused(f"{count} others use the database.", todo="Stop `fabrica-site serve` and `work` first.")


def _places(folder: Path, manifest: Manifest) -> dict[Path, Path]:
    """Where each part of the backup goes."""
    named = {
        "audit-anchors.jsonl": settings.FABRICA_ANCHOR_FILE,
        "keys": settings.FABRICA_KEYS,
        "secret-key": settings.FABRICA_HOME / "secret-key",
    }
    if manifest.with_storage:
        named["storage"] = settings.FABRICA_STORAGE
    return {folder / name: Path(target) for name, target in named.items() if (folder / name).exists()}


def _check_room(places: dict[Path, Path], *, replace: bool) -> None:
    if replace:
        return
    found = [str(target) for target in places.values() if _holds_something(target)]
    if databases.tables():
        found.append("the database")
    if found:
        why = f"There is something in: {', '.join(found)}."
        raise Refused("This site is not empty.", why=why, todo="Use --replace to put the backup in its place.")


def _holds_something(target: Path) -> bool:
    return any(target.iterdir()) if target.is_dir() else target.exists()


def _prepare(source: Path, target: Path) -> Path:
    """A copy beside the target, on the same disk, so that it can take its place by a rename."""
    ready = target.with_name(f".{target.name}.restoring")
    target.parent.mkdir(parents=True, exist_ok=True)
    if ready.is_dir():
        shutil.rmtree(ready)
    ready.unlink(missing_ok=True)
    if source.is_dir():
        copy_tree(source, ready)
    else:
        copy_file(source, ready)
    return ready


def _take_place(ready: Path, target: Path, stamp: str) -> list[Path]:
    """Put what is ready in its place; what was there is kept beside it."""
    kept = []
    if _holds_something(target):
        kept = [target.with_name(f"{target.name}.before-{stamp}")]
        target.rename(kept[0])
    elif target.is_dir():
        target.rmdir()
    ready.rename(target)
    return kept


def _relink(manifest: Manifest) -> None:
    for inside, leads_to in manifest.links.items():
        link = settings.FABRICA_STORAGE / inside
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(leads_to)


def _examined(manifest: Manifest, kept: list[Path]) -> Restored:
    """The chain and the ledger of what was restored, where its tables are this version's."""
    waiting = len(_known() - set(databases.applied()))
    if waiting:
        return Restored(manifest, kept, waiting)
    with unhurried():
        chain = verify_site(keys=settings.FABRICA_KEYS, anchor=settings.FABRICA_ANCHOR_FILE)
        return Restored(manifest, kept, 0, chain, check_ledger())


def _known() -> set[str]:
    """The migrations of this version, as `app.name`."""
    return {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
