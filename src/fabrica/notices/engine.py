"""When the next letter of a rhythm leaves."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

AT = time(7)
MONDAY = 0


def next_letter_at(now: datetime, zone: ZoneInfo, *, is_weekly: bool = False) -> datetime:
    """The first seven o'clock in the morning of that time zone after `now`; of a Monday where it is weekly."""
    day = now.astimezone(zone).date()
    while not (moment := datetime.combine(day, AT, zone)) > now or (is_weekly and day.weekday() != MONDAY):
        day += timedelta(days=1)
    return moment
