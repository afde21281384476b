"""The manifest of a model's folder: every file with its size and hash, and one signature over all of it."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fabrica.kit.errors import Refused
from fabrica.kit.files import FileFact, canonical_json, folder_facts, write_atomic
from fabrica.kit.signing import fingerprint, public_pem, sign

FORMAT = "fabrica-manifest-1"
FACTS, MANIFEST, SIGNATURE, PUBLIC_KEY = "facts.json", "manifest.json", "manifest.sig", "site.pub"
NOT_COVERED = (MANIFEST, SIGNATURE)
FILES_AT_MOST = 100_000
SHA256 = re.compile(r"[0-9a-f]{64}")
KEYS = {"format", "name", "facts_sha256", "files", "signer"}


@dataclass(frozen=True)
class Signed:
    """What signing wrote: the manifest's text, the signature over its bytes (base64), and who signed."""

    manifest: str
    signature: str
    key_fingerprint: str


@dataclass(frozen=True)
class Manifest:
    """A manifest that was read: the model's name, its files by path, and the fingerprint it names as its signer."""

    name: str
    files: dict[str, FileFact]
    signer: str


def build_manifest(
    folder: Path, facts: dict[str, Any], signer: str = "", tick: Callable[[], None] = lambda: None
) -> dict[str, Any]:
    """Every file below `folder` but manifest and signature, with the hash of `facts` (canonical JSON) and their name.

    Raises Refused for links, and for names that are not UTF-8.
    """
    files = [asdict(one) for one in folder_facts(folder, tick) if one.path not in NOT_COVERED]
    manifest = {
        "format": FORMAT,
        "name": str(facts.get("name", "")),
        "facts_sha256": hashlib.sha256(canonical_json(facts)).hexdigest(),
        "files": files,
        "signer": signer,
    }
    try:
        canonical_json(manifest)
    except UnicodeEncodeError as error:
        raise Refused("A file's name is not UTF-8.", why=ascii(error.object[error.start : error.end])) from error
    return manifest


def sign_folder(
    folder: Path, facts: dict[str, Any], key: Ed25519PrivateKey, tick: Callable[[], None] = lambda: None
) -> Signed:
    """Write facts.json, site.pub, manifest.json and manifest.sig into `folder`; everything else must lie there already.

    The signature is Ed25519 over the exact bytes of manifest.json; `tick` is called while files are hashed. Raises
    Refused as `build_manifest` does.
    """
    signer = fingerprint(key.public_key())
    write_atomic(folder / FACTS, json.dumps(facts, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
    write_atomic(folder / PUBLIC_KEY, public_pem(key.public_key()))
    raw = canonical_json(build_manifest(folder, facts, signer, tick))
    signature = sign(key, raw)
    write_atomic(folder / MANIFEST, raw)
    write_atomic(folder / SIGNATURE, f"{signature}\n")
    return Signed(raw.decode(), signature, signer)


def read_manifest(raw: bytes) -> Manifest:
    """The manifest that `raw` holds. Raises ValueError where it is not one, saying why."""
    values = json.loads(raw)
    if not isinstance(values, dict) or values.get("format") != FORMAT or set(values) != KEYS:
        raise ValueError(f"it is not a manifest of the format {FORMAT}")
    return Manifest(str(values["name"]), files_of(values["files"]), str(values["signer"]))


def files_of(listed: Any) -> dict[str, FileFact]:
    """The files that a manifest lists, by path. Raises ValueError."""
    if not isinstance(listed, list) or len(listed) > FILES_AT_MOST:
        raise ValueError(f"its files are not a list of at most {FILES_AT_MOST}")
    files = [_file(one) for one in listed]
    by_path = {one.path: one for one in files}
    if len(by_path) != len(files):
        raise ValueError("it names a file twice")
    return by_path


def _file(row: Any) -> FileFact:
    if not isinstance(row, dict) or set(row) != {"path", "size_bytes", "sha256"}:
        raise ValueError("a file needs path, size_bytes and sha256")
    path, size_bytes, sha256 = row["path"], row["size_bytes"], row["sha256"]
    if not isinstance(path, str) or type(size_bytes) is not int or not SHA256.fullmatch(str(sha256)):
        raise ValueError("a file's path, size or hash is malformed")
    return FileFact(path, size_bytes, str(sha256))
