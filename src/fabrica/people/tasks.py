"""The worker's part: sessions that ended by themselves are not kept."""

from datetime import datetime

from fabrica.people import services


def forget_ended(now: datetime) -> bool:
    """Delete some of the sessions whose time is over; True when there were any."""
    return services.forget_ended(now=now) > 0
