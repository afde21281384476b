"""Ed25519 signatures: key files, fingerprints, sign and check."""

import base64
import hashlib
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from fabrica.kit.errors import Refused
from fabrica.kit.files import write_atomic


def create_key(path: Path) -> Ed25519PrivateKey:
    """Make a private key in a file only its owner reads, and its public half beside it (`.pub`).

    Raises Refused where a file is there already: a key is never overwritten.
    """
    if path.exists():
        raise Refused(f"{path} exists already.", todo="Rotate to a key with another name instead.")
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_atomic(path, pem, mode=0o600)
    write_atomic(path.with_suffix(".pub"), public_pem(key.public_key()))
    return key


def load_key(path: Path) -> Ed25519PrivateKey:
    """The private key in a PEM file. Raises Refused where it is missing, locked by a password or another kind."""
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Refused(f"The signing key {path} cannot be read.", why=str(error)) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise Refused(f"{path} is not an Ed25519 key.", todo="Make one with `fabrica-site init`.")
    return key


def load_public_key(path: Path) -> Ed25519PublicKey:
    """The public key in a PEM file. Raises Refused where it is missing or another kind."""
    try:
        return public_key(path.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"The public key {path} cannot be read.", why=str(error)) from error


def public_key(pem: str) -> Ed25519PublicKey:
    """The public key in PEM text. Raises Refused for anything else."""
    try:
        key = serialization.load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Refused("This is not a public key in PEM form.", why=str(error)) from error
    if not isinstance(key, Ed25519PublicKey):
        raise Refused("This is not an Ed25519 public key.")
    return key


def public_pem(key: Ed25519PublicKey) -> str:
    """The public key as PEM text."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def fingerprint(key: Ed25519PublicKey) -> str:
    """`sha256:` and the SHA-256 of the raw 32 bytes of the public key: what people compare and pin."""
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return f"sha256:{hashlib.sha256(raw).hexdigest()}"


def sign(key: Ed25519PrivateKey, data: bytes) -> str:
    """The signature over `data`, in base64."""
    return base64.b64encode(key.sign(data)).decode()


def is_signed(key: Ed25519PublicKey, data: bytes, signature: str) -> bool:
    """Whether `signature` (base64) is this key's over `data`; malformed ones are just not."""
    try:
        key.verify(base64.b64decode(signature, validate=True), data)
    except (InvalidSignature, ValueError):
        return False
    return True
