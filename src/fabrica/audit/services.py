"""Writing entries, sealing them, anchoring the seals."""

import json
import logging
import os
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import IntegrityError, transaction

from fabrica.audit.engine import GENESIS, chain, read_anchors
from fabrica.audit.models import Entry, Seal
from fabrica.kit.signing import sign

log = logging.getLogger(__name__)
BATCH = 1_000
# The file grows for ever and is looked at for each seal: its end, some hundred lines, tells what is anchored.
END_BYTES = 1 << 16


class Actor(Protocol):
    """Whoever acts: only the opaque id is kept."""

    uid: str


def record(*, verb: str, by: Actor | None, subject: str, now: datetime, **facts: Any) -> None:
    """Append one entry. Call it inside the transaction of the change; `facts` are ids, numbers and states only."""
    Entry.objects.create(at=now, actor=by.uid if by else "", verb=verb, subject=subject, facts=facts)
    # Once it is sure, the log tells which request, or which loop of a worker, did it.
    transaction.on_commit(
        lambda: log.info("%s %s", verb, subject, extra={"fields": {"verb": verb, "subject": subject}})
    )


def seal(*, key: Ed25519PrivateKey, anchor: Path, now: datetime) -> Seal | None:
    """Chain the committed entries that no seal holds yet, and append the new head to the anchor file.

    Returns None when there is nothing to do, or another sealer was faster. No writer of entries waits for this.
    """
    try:
        with transaction.atomic():
            made = _seal_batch(key, now)
    except IntegrityError:
        return None
    if made:
        append_anchors(anchor)
    return made


def _seal_batch(key: Ed25519PrivateKey, now: datetime) -> Seal | None:
    entries = list(Entry.objects.filter(seal=None).order_by("pk")[:BATCH])
    if not entries:
        return None
    last = Seal.objects.order_by("-number").first()
    digest = chain(last.digest if last else GENESIS, (entry.canonical() for entry in entries))
    made = Seal.objects.create(
        number=last.number + 1 if last else 1,
        entry_count=len(entries),
        digest=digest,
        signature=sign(key, digest.encode()),
        sealed_at=now,
    )
    Entry.objects.filter(pk__in=[entry.pk for entry in entries], seal=None).update(seal=made)
    return made


def append_anchors(anchor: Path) -> None:
    """Append each seal the anchor file does not tell of yet; a crash before this is made good the next time."""
    anchor.parent.mkdir(parents=True, exist_ok=True)
    known = last_anchored(anchor)
    with anchor.open("a", encoding="utf-8") as out:
        if _ends_half_way(anchor):
            out.write("\n")
        for one in Seal.objects.filter(number__gt=known).order_by("number"):
            head = {"number": one.number, "digest": one.digest, "signature": one.signature}
            out.write(json.dumps({**head, "sealed_at": one.sealed_at.isoformat()}) + "\n")
        out.flush()
        os.fsync(out.fileno())


def last_anchored(anchor: Path) -> int:
    """The number of the newest seal in the anchor file, 0 for none."""
    return read_anchors(anchor, END_BYTES).last


def _ends_half_way(anchor: Path) -> bool:
    """Whether a crash left the last line without its end."""
    if not anchor.is_file() or not anchor.stat().st_size:
        return False
    with anchor.open("rb") as lines:
        lines.seek(-1, os.SEEK_END)
        return lines.read() != b"\n"
