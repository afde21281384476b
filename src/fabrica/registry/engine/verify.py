"""Is this folder what the trusted key signed? Works on the files alone, offline."""

import base64
import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from fabrica.kit import signing
from fabrica.kit.errors import Refused
from fabrica.registry.engine.manifest import MANIFEST, NOT_COVERED, PUBLIC_KEY, SIGNATURE, read_manifest
from fabrica.registry.engine.release import FOLDER, INSIDE, changes_of, differences, numbers_in
from fabrica.registry.engine.revoked import RevokedKey
from fabrica.registry.engine.verdict import Change, State, Verdict

FINGERPRINT = re.compile(r"sha256:[0-9a-f]{64}")
MOST_BYTES = {MANIFEST: 64_000_000, SIGNATURE: 1_000, PUBLIC_KEY: 10_000}


def verify_folder(
    folder: Path,
    key: Ed25519PublicKey | None = None,
    fingerprint: str | None = None,
    revoked: Iterable[RevokedKey] = (),
    also: Iterable[str] = (),
) -> Verdict:
    """Whether `folder` is exactly what the trusted key signed, with the documents of each of its releases.

    `also`: fingerprints of further keys that are trusted; a release may be signed with a later key than the model.

    Trust comes from outside: a `key`, or the `fingerprint` (`sha256:...`) that the key inside must have. The key
    inside alone is never trusted. Raises Refused when neither is given, or they contradict each other.
    """
    trusted = (_trusted(key, fingerprint), *(_trusted(None, one) for one in also))
    if not any(os.path.lexists(folder / name) for name in NOT_COVERED):
        return Verdict(State.NOT_A_MODEL)
    if strange := tuple(_strange(folder)):
        return Verdict(State.ALTERED, strange)
    raw, signature = _read(folder, MANIFEST), _read(folder, SIGNATURE)
    if raw is None:
        return Verdict(State.ALTERED, (Change(MANIFEST, "missing"),))
    if signature is None:
        return Verdict(State.UNSIGNED)
    signer = _signer(folder, key, raw, signature)
    if signer is None:
        return Verdict(State.ALTERED, (Change(MANIFEST, "signature", "", hashlib.sha256(raw).hexdigest()),))
    return _judge(_Signed(folder, key, raw, signer), trusted, revoked)


@dataclass(frozen=True)
class _Signed:
    """A folder whose manifest matches its signature; `key` is the one given, if any."""

    folder: Path
    key: Ed25519PublicKey | None
    raw: bytes
    signer: str


def _trusted(key: Ed25519PublicKey | None, fingerprint: str | None) -> str:
    if key is None and not fingerprint:
        raise Refused(
            "Verifying needs a key you trust.",
            why="The key inside the folder proves nothing: whoever alters the files can put another key beside them.",
            todo="Give the site's public key, or its fingerprint, from a place you trust.",
        )
    own = signing.fingerprint(key) if key else ""
    pinned = (fingerprint or own).strip().lower()
    if not FINGERPRINT.fullmatch(pinned):
        raise Refused("This is not a fingerprint.", todo="It reads sha256: and 64 hexadecimal digits.")
    if own and pinned != own:
        raise Refused("The key and the fingerprint do not belong together.", why=f"The key's fingerprint is {own}.")
    return pinned


def _judge(found: _Signed, trusted: tuple[str, ...], revoked: Iterable[RevokedKey]) -> Verdict:
    try:
        manifest = read_manifest(found.raw)
    except (ValueError, RecursionError) as error:
        return Verdict(State.NOT_A_MODEL, signer=found.signer, why=f"The manifest cannot be read: {error}.")
    there = {one.relative_to(found.folder).as_posix(): one for one in found.folder.rglob("*") if one.is_file()}
    numbers = numbers_in(there.keys() - manifest.files.keys())
    own = {name: path for name, path in there.items() if name in manifest.files or not INSIDE.fullmatch(name)}
    releases = [_release(found, number, manifest.name) for number in numbers]
    changes = (*differences(manifest.files, own), *(change for _, some in releases for change in some))
    if changes:
        return Verdict(State.ALTERED, changes, found.signer, manifest.name)
    signers = (found.signer, *(signer for signer, _ in releases))
    state, why = _worth(signers, trusted, revoked)
    return Verdict(state, (), found.signer, manifest.name, why, len(numbers))


def _release(found: _Signed, number: int, name: str) -> tuple[str, list[Change]]:
    """Who signed a release, and what is wrong with it."""
    folder, place = found.folder / FOLDER / str(number), f"{FOLDER}/{number}"
    raw, signature = _read(folder, MANIFEST), _read(folder, SIGNATURE)
    for part, told in ((MANIFEST, raw), (SIGNATURE, signature)):
        if told is None:
            return "", [Change(f"{place}/{part}", "missing")]
    signer = _signer(folder, found.key, raw or b"", signature or b"")
    if signer is None:
        return "", [Change(f"{place}/{MANIFEST}", "signature", "", hashlib.sha256(raw or b"").hexdigest())]
    return signer, list(changes_of(found.folder, number, raw or b"", name, found.raw))


def _worth(signers: tuple[str, ...], trusted: tuple[str, ...], revoked: Iterable[RevokedKey]) -> tuple[State, str]:
    """What intact signatures are worth: each must be of a trusted key, none of a revoked one."""
    for one in revoked:
        if one.fingerprint in signers:
            return State.REVOKED, f"The key was revoked at {one.revoked_at}: {one.reason}"
    for signer in signers:
        if signer not in trusted:
            return State.UNKNOWN_SIGNER, f"It was signed by {signer}, not by {', '.join(trusted)}."
    return State.VERIFIED, ""


def _signer(folder: Path, key: Ed25519PublicKey | None, raw: bytes, signature: bytes) -> str | None:
    """The fingerprint of the key that signed: the given one or the one inside; None where neither did."""
    text = signature.decode("ascii", "replace")
    for candidate in (key, _key_inside(folder)):
        if candidate is not None and _is_exact(text) and signing.is_signed(candidate, raw, text.removesuffix("\n")):
            return signing.fingerprint(candidate)
    return None


def _is_exact(text: str) -> bool:
    """Whether it is base64 as we write it: the last letter of base64 has bits that a lenient reader ignores."""
    try:
        decoded = base64.b64decode(text.removesuffix("\n"), validate=True)
    except ValueError:
        return False
    return text == f"{base64.b64encode(decoded).decode()}\n"


def _key_inside(folder: Path) -> Ed25519PublicKey | None:
    raw = _read(folder, PUBLIC_KEY)
    try:
        return signing.public_key(raw.decode()) if raw else None
    except (Refused, UnicodeDecodeError):
        return None


def _read(folder: Path, name: str) -> bytes | None:
    path = folder / name
    if not path.is_file():
        return None
    if path.stat().st_size > MOST_BYTES[name]:
        raise Refused(f"{name} is larger than {MOST_BYTES[name]} bytes.", why="No site writes such a file.")
    return path.read_bytes()


def _strange(folder: Path) -> Iterator[Change]:
    """Links, pipes and the like: none belongs into a model's folder."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            yield Change(name, "link")
        elif not (path.is_file() or path.is_dir()):
            yield Change(name, "not_a_file")
