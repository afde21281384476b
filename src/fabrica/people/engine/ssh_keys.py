"""SSH public keys: reading one line of text, and saying why it is none. Pure functions."""

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

from fabrica.kit.errors import Refused

MAX_LINE = 8_000
MIN_RSA_BITS, MAX_RSA_BITS = 3_072, 16_384
KINDS = (
    "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa",
    "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
)  # fmt: skip
MAKE_ONE = "Make one with `ssh-keygen -t ed25519` and paste the content of the file that ends in .pub."


@dataclass(frozen=True)
class PublicKey:
    """A public key without its comment, which often names a person or a computer."""

    kind: str
    blob: str

    @property
    def fingerprint(self) -> str:
        """As `ssh-keygen -l` prints it."""
        raw = hashlib.sha256(base64.b64decode(self.blob)).digest()
        return f"SHA256:{base64.b64encode(raw).decode().rstrip('=')}"


def public_key(text: str) -> PublicKey:
    """The key that a line such as `ssh-ed25519 AAAA... comment` holds. Raises Refused for any other, with why."""
    line = text.strip()
    if "PRIVATE KEY" in line:
        raise Refused(
            "That is a private key.", why="It was not kept. Nobody but you may ever have it.",
            todo="Paste the content of the file beside it that ends in .pub.",
        )  # fmt: skip
    words = line.split(None, 2)
    if len(line) > MAX_LINE or "\n" in line or "\r" in line or len(words) < 2:  # noqa: PLR2004 - kind and key
        raise Refused("That is not one public key.", why="A key is one line: its kind, then the key.", todo=MAKE_ONE)
    kind, blob = words[:2]
    if kind not in KINDS:
        raise Refused(
            f"{kind[:60]!r} is no kind of key that is taken here.",
            why="Taken are Ed25519, ECDSA, RSA of 3072 bits or more, and security keys, without options or a command.",
            todo=MAKE_ONE,
        )
    _check(kind, blob)
    return PublicKey(kind, base64.b64encode(base64.b64decode(blob)).decode())


def _check(kind: str, blob: str) -> None:
    """Raises Refused for a damaged key, or a short one."""
    try:
        base64.b64decode(blob, validate=True)
        key = load_ssh_public_key(f"{kind} {blob}".encode())
    except (ValueError, binascii.Error, UnsupportedAlgorithm) as error:
        raise Refused("This key is damaged.", why="A part of it is missing or changed.", todo=MAKE_ONE) from error
    if isinstance(key, RSAPublicKey) and not MIN_RSA_BITS <= key.key_size <= MAX_RSA_BITS:
        raise Refused(
            f"An RSA key of {key.key_size} bits is not taken here.", why=f"It needs at least {MIN_RSA_BITS} bits.",
            todo=MAKE_ONE,
        )  # fmt: skip
