"""Time: aware, UTC, and counted in working days where a rule says so."""

from collections.abc import Container
from datetime import UTC, date, datetime, timedelta

WEEKEND = (5, 6)


def utcnow() -> datetime:
    """The moment, aware and in UTC. Services take it as `now`; only edges call this."""
    return datetime.now(UTC)


def is_working_day(day: date, holidays: Container[date] = ()) -> bool:
    """Whether `day` is neither a Saturday, a Sunday nor one of `holidays`."""
    return day.weekday() not in WEEKEND and day not in holidays


def add_working_days(start: date, days: int, holidays: Container[date] = ()) -> date:
    """The working day that lies `days` working days after `start`; the day of the start does not count.

    Raises ValueError for a negative number.
    """
    if days < 0:
        raise ValueError("working days are counted forwards")
    day = start
    while days:
        day += timedelta(days=1)
        days -= is_working_day(day, holidays)
    return day
