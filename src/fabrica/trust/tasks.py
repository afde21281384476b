"""The worker's part: conditions that are due soon or overdue, and clocks that run."""

from datetime import datetime

from django.utils import timezone

from fabrica.trust.queries.compute import clocks_to_remind_of
from fabrica.trust.queries.conditions import ringing
from fabrica.trust.services import alerting
from fabrica.trust.services.conditions import ring


def remind(now: datetime) -> bool:
    """Tell of one condition that is due soon or overdue; True when there was one."""
    found = ringing(now)
    return found is not None and ring(condition=found, now=now)


def remind_of_clock(now: datetime) -> bool:
    """Remind of one notification to the Commission that is due soon, or late; True when there was one."""
    clock = clocks_to_remind_of(timezone.localdate(now)).first()
    return clock is not None and alerting.remind(clock=clock, now=now)
