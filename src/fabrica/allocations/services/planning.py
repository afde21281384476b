"""When the worker looks for something to bill: on the third day of each month, once what came late is booked."""

from datetime import datetime, timedelta

from fabrica.allocations.models import Award
from fabrica.clusters.engine import month_after, month_of, month_start

SETTLED_AFTER = timedelta(days=2)
LOOKED_AFTER = timedelta(days=100)  # after an award's end; what comes later still, a person bills


def next_draft(award: Award, now: datetime) -> datetime | None:
    """The next moment after `now`; None for an award that ended long ago."""
    if now > award.ends_at + LOOKED_AFTER:
        return None
    this = month_start(month_of(now)) + SETTLED_AFTER
    return this if this > now else month_start(month_after(month_of(now))) + SETTLED_AFTER
