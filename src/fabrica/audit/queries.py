"""Reading entries and checking the chain."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db.models import QuerySet

from fabrica.audit.engine import GENESIS, Anchors, chain, read_anchors
from fabrica.audit.models import Entry, Seal
from fabrica.kit.signing import is_signed, load_public_key


@dataclass(frozen=True)
class Verdict:
    """What a check of the chain found. `problems` is empty when it holds."""

    seal_count: int
    entry_count: int
    unsealed_count: int
    anchor_count: int
    problems: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.problems


def about(subject: str) -> QuerySet[Entry]:
    """The entries that tell of a subject, oldest first."""
    return Entry.objects.filter(subject=subject).order_by("pk")


def verify_site(*, keys: Path, anchor: Path) -> Verdict:
    """Check the chain with the site's own keys: `site.pub`, and each it was rotated from, `site-*.pub`."""
    former = tuple(load_public_key(path) for path in sorted(keys.glob("site-*.pub")))
    return verify(key=load_public_key(keys / "site.pub"), former=former, anchor=anchor)


def verify(*, key: Ed25519PublicKey, anchor: Path, former: Sequence[Ed25519PublicKey] = ()) -> Verdict:
    """Recompute every seal from its entries, check each signature, and hold the chain against the anchor file.

    A seal is the site's when `key`, or one of the keys it was rotated from, signed it. Never give a key that was
    revoked because it was stolen: the anchors made before the theft still prove those seals.
    """
    anchors = read_anchors(anchor)
    seals = list(Seal.objects.order_by("number"))
    problems = [*_broken_seals(seals, (key, *former)), *_broken_anchors(seals, anchors)]
    sealed = sum(one.entry_count for one in seals)
    unsealed = Entry.objects.filter(seal=None).count()
    return Verdict(len(seals), sealed, unsealed, len(anchors.heads), tuple(problems))


def _broken_seals(seals: list[Seal], keys: tuple[Ed25519PublicKey, ...]) -> Iterator[str]:
    previous = GENESIS
    for number, one in enumerate(seals, start=1):
        entries = Entry.objects.filter(seal=one).order_by("pk").iterator()
        if one.number != number:
            yield f"Seal {number} is missing."
        if chain(previous, (entry.canonical() for entry in entries)) != one.digest:
            yield f"Seal {one.number}: an entry was changed, added or removed."
        if not any(is_signed(key, one.digest.encode(), one.signature) for key in keys):
            yield f"Seal {one.number}: the signature is not this site's."
        previous = one.digest


def _broken_anchors(seals: list[Seal], anchors: Anchors) -> Iterator[str]:
    digests = {one.number: one.digest for one in seals}
    for number, digest in anchors.heads:
        if digests.get(number) != digest:
            yield f"Seal {number} differs from the anchor file."
    for place in anchors.unreadable:
        yield f"A line of the anchor file cannot be read: line {place}."
