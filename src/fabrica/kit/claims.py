"""How workers share rows: a claim is a token and an expiry, taken by compare-and-set.

A loop claims a row, loads it in a short transaction, talks to the outside with none open, and applies the outcome
only if the token still matches. A worker that dies loses its claim when the expiry passes; nothing else happens.
"""

from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models
from django.db.models import Q

from fabrica.kit.ids import new_uid

TTL = timedelta(seconds=60)


class Claimable(models.Model):
    """A row that a worker can claim."""

    claim_token = models.CharField(max_length=32, blank=True, default="", editable=False)
    claim_expires_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    @classmethod
    def claim(cls, due: "models.QuerySet[Self]", now: datetime, ttl: timedelta = TTL) -> "Self | None":
        """Claim the first free row of `due`; None when there is none, or another worker was faster."""
        free = Q(claim_token="") | Q(claim_expires_at__lte=now)
        row = due.filter(free).first()
        if row is None:
            return None
        token = new_uid()
        taken = cls._default_manager.filter(free, pk=row.pk).update(claim_token=token, claim_expires_at=now + ttl)
        return cls._default_manager.get(pk=row.pk) if taken == 1 else None

    @classmethod
    def free(cls, rows: "models.QuerySet[Self]", now: datetime) -> "models.QuerySet[Self]":
        """Those of the rows that no worker holds."""
        return rows.filter(Q(claim_token="") | Q(claim_expires_at__lte=now))

    @classmethod
    def claim_some(cls, due: "models.QuerySet[Self]", now: datetime, limit: int, ttl: timedelta = TTL) -> "list[Self]":
        """Claim up to `limit` free rows of `due` at once, in its order; those that another worker took are left out."""
        keys = list(cls.free(due, now).values_list("pk", flat=True)[:limit])
        token = new_uid()
        taken = cls.free(cls._default_manager.filter(pk__in=keys), now)
        if not keys or not taken.update(claim_token=token, claim_expires_at=now + ttl):
            return []
        return list(due.filter(pk__in=keys, claim_token=token))

    def settle(self, **fields: Any) -> bool:
        """Write the outcome and give the row back; False, writing nothing, if the claim was lost or never held."""
        if not self.claim_token:
            return False
        mine = type(self)._default_manager.filter(pk=self.pk, claim_token=self.claim_token)
        return bool(mine.update(**fields, claim_token="", claim_expires_at=None))
