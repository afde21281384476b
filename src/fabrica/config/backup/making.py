"""Making a backup of this site."""

from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection

from fabrica import __version__
from fabrica.config.backup import databases
from fabrica.config.backup.folder import Manifest, copy_file, copy_tree, seal, whole_or_absent
from fabrica.kit.errors import Refused
from fabrica.kit.files import write_atomic
from fabrica.kit.signing import load_key, load_public_key, public_pem


def make(folder: Path, *, with_storage: bool, now: datetime) -> Manifest:
    """Write database, keys, secret key, anchor file and, where asked for, the storage. Raises Refused.

    The order matters while the site goes on: what is anchored was committed before, so anchors come before the
    database; whatever signed a seal in the database has its key, so keys come after; files come last, after the rows
    that name them.
    """
    manifest = Manifest(now.isoformat(), __version__, connection.vendor, databases.applied(), with_storage)
    if not manifest.migrations:
        raise Refused("This site has no database yet.", todo="Run `fabrica-site init`.")
    try:
        with whole_or_absent(folder) as partial:
            _copy_anchors(partial / "audit-anchors.jsonl")
            databases.dump(partial)
            copy_tree(settings.FABRICA_KEYS, partial / "keys")
            _check_keys(partial / "keys")
            if (settings.FABRICA_HOME / "secret-key").is_file():
                copy_file(settings.FABRICA_HOME / "secret-key", partial / "secret-key")
            if with_storage:
                manifest.links = copy_tree(settings.FABRICA_STORAGE, partial / "storage")
            seal(partial, manifest)
    except OSError as error:
        told = error.strerror or str(error)
        raise Refused("The backup could not be written; nothing of it is left.", why=f"{told}.") from error
    return manifest


def _copy_anchors(target: Path) -> None:
    """The anchor file up to its last whole line: the worker may be writing the next."""
    source = settings.FABRICA_ANCHOR_FILE
    lines = source.read_bytes() if source.is_file() else b""
    write_atomic(target, lines[: lines.rfind(b"\n") + 1], mode=0o600)


def _check_keys(keys: Path) -> None:
    """The two halves belong together, unless a rotation went on at this moment."""
    key = keys / "site.pem"
    if key.exists() and public_pem(load_key(key).public_key()) != public_pem(load_public_key(keys / "site.pub")):
        raise Refused("The signing key was being rotated.", todo="Run the backup again.")
