"""A release: the documents of a model as they were published, in a folder of their own with a signed manifest.

It lies in `release/<number>/` of the model's folder. Its manifest names the model's by its SHA-256, so that documents
of another model put there are told. A later release is another folder; nothing signed before is changed.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fabrica.kit.files import FileFact, canonical_json, folder_facts, sha256_file, write_atomic
from fabrica.kit.signing import fingerprint, public_pem, sign
from fabrica.registry.engine.manifest import MANIFEST, NOT_COVERED, PUBLIC_KEY, SIGNATURE, Signed, files_of
from fabrica.registry.engine.verdict import Change

FORMAT = "fabrica-release-1"
FOLDER = "release"
KEYS = {"format", "name", "number", "model_sha256", "facts_sha256", "files", "signer"}
INSIDE = re.compile(rf"{FOLDER}/([1-9]\d{{0,3}})/.+", re.DOTALL)


@dataclass(frozen=True)
class Release:
    """A release's manifest that was read."""

    name: str
    number: int
    model_sha256: str
    files: dict[str, FileFact]


def sign_release(
    folder: Path, *, number: int, model_manifest: str, facts: dict[str, Any], key: Ed25519PrivateKey
) -> Signed:
    """Write site.pub, manifest.json and manifest.sig beside the documents in `folder`; all else lies there already."""
    signer = fingerprint(key.public_key())
    write_atomic(folder / PUBLIC_KEY, public_pem(key.public_key()))
    raw = canonical_json({
        "format": FORMAT,
        "name": str(facts.get("name", "")),
        "number": number,
        "model_sha256": hashlib.sha256(model_manifest.encode()).hexdigest(),
        "facts_sha256": hashlib.sha256(canonical_json(facts)).hexdigest(),
        "files": [asdict(one) for one in folder_facts(folder) if one.path not in NOT_COVERED],
        "signer": signer,
    })  # fmt: skip
    signature = sign(key, raw)
    write_atomic(folder / MANIFEST, raw)
    write_atomic(folder / SIGNATURE, f"{signature}\n")
    return Signed(raw.decode(), signature, signer)


def read_release(raw: bytes) -> Release:
    """The release that a manifest's bytes hold. Raises ValueError where it is none, saying why."""
    values = json.loads(raw)
    if not isinstance(values, dict) or values.get("format") != FORMAT or set(values) != KEYS:
        raise ValueError(f"it is not a manifest of the format {FORMAT}")
    if type(values["number"]) is not int:
        raise ValueError("its number is none")
    return Release(str(values["name"]), values["number"], str(values["model_sha256"]), files_of(values["files"]))


def numbers_in(paths: Iterable[str]) -> range:
    """The releases that a folder with these files must hold: from the first to the last it has a file of."""
    found = [int(match[1]) for path in paths if (match := INSIDE.fullmatch(path))]
    return range(1, max(found, default=0) + 1)


def changes_of(folder: Path, number: int, raw: bytes, name: str, model_raw: bytes) -> Iterator[Change]:
    """How a signed release differs from its manifest `raw`, or belongs to another model than that of `model_raw`."""
    place = f"{FOLDER}/{number}"
    try:
        release = read_release(raw)
    except (ValueError, RecursionError):
        yield Change(f"{place}/{MANIFEST}", "unreadable")
        return
    if (release.name, release.number, release.model_sha256) != (name, number, hashlib.sha256(model_raw).hexdigest()):
        yield Change(f"{place}/{MANIFEST}", "of_another")
    there = {one.relative_to(folder / place).as_posix(): one for one in (folder / place).rglob("*") if one.is_file()}
    yield from differences(release.files, there, f"{place}/")


def differences(files: Mapping[str, FileFact], there: Mapping[str, Path], prefix: str = "") -> Iterator[Change]:
    """How the files that are there differ from those listed, in order of path."""
    for name in sorted((set(there) | set(files)) - set(NOT_COVERED)):
        expected = files[name].sha256 if name in files else ""
        found = sha256_file(there[name]) if name in there else ""
        if expected != found:
            kind = "missing" if not found else "changed" if expected else "added"
            yield Change(f"{prefix}{name}", kind, expected, found)
