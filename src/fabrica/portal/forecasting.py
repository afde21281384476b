"""Where an award's hours go if its jobs go on as they did: what is used at the end, and when they run out. Pure.

Whole GPU-seconds and instants throughout; a rate is a fraction, so that nothing is lost by rounding before the end.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from fractions import Fraction

TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)
WHOLE = 100


class Basis(Enum):
    """What a forecast rests on, or why there is none."""

    RECENT = "recent"  # it goes on as in the last days
    WHOLE = "whole"  # it goes on as since the award began
    EARLY = "early"  # too few days have gone
    ENDED = "ended"  # nothing is left to foresee


@dataclass(frozen=True)
class Given:
    """What is known of an award: `used` with what is in flight; `recent` of that in the last `recent_days` days."""

    awarded: int
    used: int
    recent: int
    starts_at: datetime
    ends_at: datetime
    recent_days: int
    least_days: int


@dataclass(frozen=True)
class Forecast:
    """`expected` is what will be used at the end, never more than was awarded; None where nobody can tell yet.

    `runs_out_at` is when the last hour goes, if that is before the end. `per_day` is the rate it rests on,
    `needed_per_day` the rate that would use everything by the end; both in GPU-seconds.
    """

    basis: Basis
    days_gone: int
    days_left: int
    time_percent: int
    used_percent: int
    per_day: int | None
    needed_per_day: int | None
    expected: int | None
    runs_out_at: datetime | None

    def unused(self, awarded: int) -> int | None:
        """What will be left at the end, and lost."""
        return None if self.expected is None else awarded - self.expected


def forecast(given: Given, now: datetime) -> Forecast:
    """The forecast at a moment: from the last `recent_days` days once the award is that old, before from all of it."""
    gone = max(timedelta(0), min(now, given.ends_at) - given.starts_at)
    left = max(timedelta(0), given.ends_at - max(now, given.starts_at))
    basis = _basis(given, gone, left)
    rate = _rate(given, basis, gone)
    free = max(0, given.awarded - given.used)
    return Forecast(
        basis=basis,
        days_gone=gone // DAY,
        days_left=left // DAY,
        time_percent=WHOLE * gone // (given.ends_at - given.starts_at),
        used_percent=WHOLE * given.used // given.awarded,
        per_day=None if rate is None else round(rate * (DAY // TICK)),
        needed_per_day=round(Fraction(free * (DAY // TICK), left // TICK)) if left else None,
        expected=_expected(given, basis, rate, left),
        runs_out_at=_runs_out(given, rate, free, left, now),
    )


def _basis(given: Given, gone: timedelta, left: timedelta) -> Basis:
    if not left:
        return Basis.ENDED
    if gone < given.least_days * DAY:
        return Basis.EARLY
    return Basis.RECENT if gone >= given.recent_days * DAY else Basis.WHOLE


def _rate(given: Given, basis: Basis, gone: timedelta) -> Fraction | None:
    """GPU-seconds for each microsecond."""
    if basis is Basis.RECENT:
        return Fraction(given.recent, given.recent_days * DAY // TICK)
    if basis is Basis.WHOLE:
        return Fraction(given.used, gone // TICK)
    return None


def _expected(given: Given, basis: Basis, rate: Fraction | None, left: timedelta) -> int | None:
    if basis is Basis.ENDED:
        return min(given.used, given.awarded)
    if rate is None:
        return None
    return min(given.awarded, given.used + int(rate * (left // TICK)))


def _runs_out(given: Given, rate: Fraction | None, free: int, left: timedelta, now: datetime) -> datetime | None:
    """The instant at which the last free hour goes; None where the time ends first, or nothing is being used."""
    if not rate or now < given.starts_at:
        return None
    ticks = Fraction(free) / rate
    return now + int(ticks) * TICK if ticks < left // TICK else None
