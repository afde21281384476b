"""The worker's part: remind of clocks that run."""

from datetime import datetime

from django.utils import timezone

from fabrica.trust.queries.compute import clocks_to_remind_of
from fabrica.trust.services import alerting


def remind_of_clock(now: datetime) -> bool:
    """Remind of one notification to the Commission that is due soon, or late; True when there was one."""
    clock = clocks_to_remind_of(timezone.localdate(now)).first()
    return clock is not None and alerting.remind(clock=clock, now=now)
