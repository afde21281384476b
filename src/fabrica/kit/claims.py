"""How workers share rows: a claim is a token and an expiry, taken by compare-and-set.

A loop claims a row, loads it in a short transaction, talks to the outside with none open, and applies the outcome
only if the token still matches. A worker that dies loses its claim when the expiry passes; nothing else happens.

PostgreSQL can pass over rows that another transaction has locked: there several workers claim at once, each gets
other rows, and none waits. Elsewhere the slower of two gets nothing and comes again.
"""

from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any, Self, TypeVar

from django.db import connection, models, transaction
from django.db.models import Q

from fabrica.kit.ids import new_uid

TTL = timedelta(seconds=60)
Row = TypeVar("Row", bound=models.Model)


class Claimable(models.Model):
    """A row that a worker can claim."""

    claim_token = models.CharField(max_length=32, blank=True, default="", editable=False)
    claim_expires_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    @classmethod
    def free_at(cls, now: datetime) -> Q:
        """What no worker holds, or none holds any more."""
        return Q(claim_token="") | Q(claim_expires_at__lte=now)

    @classmethod
    def claim(cls, due: "models.QuerySet[Self]", now: datetime, ttl: timedelta = TTL) -> "Self | None":
        """Claim the first free row of `due`; None when there is none, or another worker was faster."""
        rows = cls.claim_batch(due, now, most=1, ttl=ttl)
        return rows[0] if rows else None

    @classmethod
    def claim_batch(
        cls, due: "models.QuerySet[Self]", now: datetime, *, most: int, ttl: timedelta = TTL
    ) -> "list[Self]":
        """Claim the first free rows of `due` under one token; fewer, or none, where other workers were faster."""
        with transaction.atomic() if _can_pass_over() else nullcontext():
            free = due.filter(cls.free_at(now))
            found = [row.pk for row in _passing_over(free)[:most]]
            if not found:
                return []
            token = new_uid()
            still = due.select_related(None).order_by().filter(cls.free_at(now), pk__in=found)
            still.update(claim_token=token, claim_expires_at=now + ttl)
        return list(due.filter(pk__in=found, claim_token=token))

    def settle(self, **fields: Any) -> bool:
        """Write the outcome and give the row back; False, writing nothing, if the claim was lost or never held."""
        if not self.claim_token:
            return False
        mine = type(self)._default_manager.filter(pk=self.pk, claim_token=self.claim_token)
        return bool(mine.update(**fields, claim_token="", claim_expires_at=None))


def _can_pass_over() -> bool:
    return connection.features.has_select_for_update_skip_locked


def _passing_over(rows: "models.QuerySet[Row]") -> "models.QuerySet[Row]":
    """The rows, locked for this transaction, without those that another one has locked."""
    if not _can_pass_over():
        return rows
    return rows.select_related(None).select_for_update(skip_locked=True, of=("self",), no_key=True)
