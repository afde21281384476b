"""Keys."""

import os
from collections.abc import Iterator
from typing import Final

from django.conf import settings

from fabrica.config.doctor.finding import Finding, bad, well
from fabrica.kit.errors import Problem
from fabrica.kit.signing import load_key

MODE_BUT_OWNER: Final = 0o077


def signing_key() -> Iterator[Finding]:
    """What models and seals are signed with."""
    path = settings.FABRICA_KEYS / "site.pem"
    try:
        load_key(path)
    except Problem as problem:
        todo = "Run `fabrica-site init`; where there was one before, put it back from the backup."
        yield bad(str(problem), todo)
        return
    if path.stat().st_mode & MODE_BUT_OWNER:
        yield bad(f"Others than its owner can read the signing key {path}.", f"chmod 600 {path}")
    else:
        yield well("The signing key is its owner's alone.")


def secret_key() -> Iterator[Finding]:
    """What sessions are signed with, where it lies in the site's home."""
    path = settings.FABRICA_HOME / "secret-key"
    if not path.is_file() or "FABRICA_SECRET_KEY" in os.environ:
        return
    if path.stat().st_mode & MODE_BUT_OWNER:
        yield bad(f"Others than its owner can read {path}.", f"chmod 600 {path}")
    else:
        yield well("The secret key is its owner's alone.")
