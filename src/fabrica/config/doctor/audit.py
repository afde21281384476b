"""The audit chain and its anchors."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import DatabaseError

from fabrica.audit import queries
from fabrica.audit.models import Entry
from fabrica.config.doctor.finding import Finding, bad, well
from fabrica.kit.errors import Problem
from fabrica.kit.time import utcnow
from fabrica.kit.units import duration

SEALED_WITHIN: Final = timedelta(minutes=5)


def sealed() -> Iterator[Finding]:
    """Whether what was done is sealed soon after."""
    try:
        oldest = Entry.objects.filter(seal=None).order_by("pk").first()
    except DatabaseError:
        return  # told by another check
    if oldest and utcnow() - oldest.at > SEALED_WITHIN:
        since = duration((utcnow() - oldest.at).total_seconds())
        yield bad(
            f"An audit entry has waited {since} for its seal.", "Start a worker; its log says why it seals nothing."
        )
    else:
        yield well("What was done is sealed.")


def chain() -> Iterator[Finding]:
    """Recompute every seal and hold it against the anchor file."""
    anchor = settings.FABRICA_ANCHOR_FILE
    try:
        verdict = queries.verify_site(keys=settings.FABRICA_KEYS, anchor=anchor)
    except Problem as problem:
        yield bad(f"The audit chain cannot be checked: {problem}", "Put the public keys back from the backup.")
        return
    if verdict.holds:
        yield well(f"The audit chain holds over {verdict.entry_count} entries, {verdict.anchor_count} seals anchored.")
    for told in verdict.problems:
        yield bad(f"The audit chain: {told}", "See docs/operator/audit.md; keep the database and anchors as they are.")
