"""The list of revoked keys, as a file that a site publishes and a verifier keeps."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from fabrica.kit.errors import Refused

FORMAT = "fabrica-revoked-keys-1"
BYTES_AT_MOST = 1_000_000


@dataclass(frozen=True)
class RevokedKey:
    """A key nothing is trusted from any more: its fingerprint, when it was revoked (ISO 8601), and why."""

    fingerprint: str
    revoked_at: str
    reason: str


def revoked_json(keys: Iterable[RevokedKey]) -> str:
    """The text of `revoked-keys.json`."""
    return json.dumps({"format": FORMAT, "keys": [asdict(one) for one in keys]}, indent=2, ensure_ascii=False) + "\n"


def read_revoked(path: Path) -> tuple[RevokedKey, ...]:
    """The keys in a `revoked-keys.json`. Raises Refused where it cannot be read: no list is not an empty list."""
    try:
        return tuple(_keys(path))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Refused(
            f"The list of revoked keys {path} cannot be read.", why=str(error), todo="Download it from the site again."
        ) from error


def _keys(path: Path) -> Iterator[RevokedKey]:
    if path.stat().st_size > BYTES_AT_MOST:
        raise ValueError(f"it is larger than {BYTES_AT_MOST} bytes")
    values = json.loads(path.read_bytes())
    if values["format"] != FORMAT:
        raise ValueError(f"its format is not {FORMAT}")
    for one in values["keys"]:
        if not one["fingerprint"].startswith("sha256:"):
            raise ValueError("a fingerprint does not begin with sha256:")
        datetime.fromisoformat(one["revoked_at"])
        yield RevokedKey(one["fingerprint"], one["revoked_at"], str(one["reason"]))
