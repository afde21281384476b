"""The worker's part: conditions that are due soon or overdue."""

from datetime import datetime

from fabrica.trust.queries.conditions import ringing
from fabrica.trust.services.conditions import ring


def remind(now: datetime) -> bool:
    """Tell of one condition that is due soon or overdue; True when there was one."""
    found = ringing(now)
    return found is not None and ring(condition=found, now=now)
