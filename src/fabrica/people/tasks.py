"""The worker's part: sessions that ended by themselves are not kept, nor people who are to be erased."""

from datetime import datetime

from fabrica.people import services


def forget_ended(now: datetime) -> bool:
    """Delete some of the sessions whose time is over; True when there were any."""
    return services.forget_ended(now=now) > 0


def erase(now: datetime) -> bool:
    """Erase one person whose day has come; True when there was one, or it was put off."""
    return services.erase_next(now=now)
