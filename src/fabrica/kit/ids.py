"""Names: opaque ids, secrets, slugs and UNIX names."""

import hashlib
import re
import secrets
import unicodedata
import uuid

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?")


def new_uid() -> str:
    """An opaque id that says nothing about whom or what it names: 32 hexadecimal digits."""
    return uuid.uuid4().hex


def new_secret() -> str:
    """256 random bits, safe in a header or an address."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is stored of a secret that has full entropy: its SHA-256, as hexadecimal digits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def slug(text: str, limit: int = 40) -> str:
    """Lower-case letters, digits and single hyphens, at most `limit`; `x` where nothing is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:limit].strip("-") or "x"
