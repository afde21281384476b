"""SSH keys made for the moment; nobody holds their secret half."""

import base64
import struct

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def line(secret, comment="ada@laptop"):
    public = secret.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    return f"{public} {comment}".strip()


def new_line(comment="ada@laptop"):
    return line(ed25519.Ed25519PrivateKey.generate(), comment)


def rsa_line(bits):
    return line(rsa.generate_private_key(65537, bits))


def ecdsa_line(curve=ec.SECP384R1):
    return line(ec.generate_private_key(curve()))


def security_key_line():
    """What `ssh-keygen -t ed25519-sk` writes."""
    kind, raw = b"sk-ssh-ed25519@openssh.com", ed25519.Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    blob = b"".join(struct.pack(">I", len(part)) + part for part in (kind, raw, b"ssh:"))
    return f"{kind.decode()} {base64.b64encode(blob).decode()} yubi"
