"""Which part of a job's use falls into which month? Pure functions."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

Month = tuple[int, int]
TICK = timedelta(microseconds=1)


def month_of(at: datetime) -> Month:
    """Year and month of a moment, in UTC."""
    there = at.astimezone(UTC)
    return there.year, there.month


def month_start(month: Month) -> datetime:
    """The first moment of a month, in UTC."""
    return datetime(*month, 1, tzinfo=UTC)


def month_after(month: Month) -> Month:
    """The month that follows."""
    year, number = month
    return (year + 1, 1) if number == 12 else (year, number + 1)  # noqa: PLR2004 - December


def months_between(first: datetime, last: datetime) -> Iterator[Month]:
    """Each month from the one of `first` to the one of `last`."""
    month = month_of(first)
    while month <= month_of(last):
        yield month
        month = month_after(month)


def by_month(started_at: datetime, ended_at: datetime, gpu_seconds: int) -> dict[Month, int]:
    """A job's use by UTC month, by its share of time there. The parts come to `gpu_seconds`, exactly.

    When it was suspended is not known, so suspended time counts alike in every month. A job without length falls into
    the month of its start.
    """
    span = (ended_at - started_at) // TICK
    if span <= 0:
        return {month_of(started_at): gpu_seconds}
    parts: dict[Month, int] = {}
    before = 0
    for month in months_between(started_at, ended_at):
        upto = min(ended_at, month_start(month_after(month)))
        share = gpu_seconds * ((upto - started_at) // TICK) // span
        if share > before:
            parts[month] = share - before
        before = share
    return parts
