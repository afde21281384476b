"""Mail domains: how a name is written, and which of them many people share."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Final

from fabrica.kit.errors import Refused

DATA: Final = Path(__file__).parent.parent / "data" / "mailboxes.json"
LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
DOMAIN: Final = re.compile(rf"(?:{LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])")
MOST_CHARACTERS: Final = 200


@cache
def shared_mailboxes() -> frozenset[str]:
    """Domains where anybody gets an address."""
    return frozenset(json.loads(DATA.read_text(encoding="utf-8"))["domains"])


def checked_domain(text: str) -> str:
    """A domain as the DNS writes it. Raises Refused for none, and for one where anybody gets an address."""
    plain = text.strip().rstrip(".").lower()
    try:
        name = plain.encode("idna").decode()
    except UnicodeError:
        name = ""
    if len(name) > MOST_CHARACTERS or not DOMAIN.fullmatch(name):
        raise Refused(f"{plain[:80]} is not a domain.", todo="Write what stands after the @ of your addresses.")
    if name in shared_mailboxes():
        raise Refused(f"Anybody gets an address at {name}.", todo="Invite your colleagues one by one.")
    return name


def domain_of(email: str) -> str:
    """What stands after the @, as the DNS writes it; empty where that cannot be."""
    try:
        return email.rpartition("@")[2].lower().encode("idna").decode()
    except UnicodeError:
        return ""
