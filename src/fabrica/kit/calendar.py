"""A site's calendar: working days between instants, and the instant by which a promise is due. Pure, exact, no tables.

The rules are those of Regulation (EEC, Euratom) No 1182/71, Article 3: the day of an event does not count; a period
ends with the last hour of its last day; one in weeks or months that would end on a day off, with the next working day.
A working day counts as one however many hours its clock change leaves it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from fractions import Fraction
from functools import cache
from zoneinfo import ZoneInfo

import holidays

from fabrica.kit.time import is_working_day

MAX_DAYS = 1_000  # working days a clock may promise
MAX_SPAN = timedelta(days=7_320)  # twenty years: nothing is counted further
MICROSECOND = timedelta(microseconds=1)
ONE_DAY = timedelta(days=1)
MONTHS_OF_A_YEAR = 12


class Unit(StrEnum):
    """What a promise is counted in."""

    WORKING_DAYS = "working_days"
    WEEKS = "weeks"
    MONTHS = "months"


@dataclass(frozen=True)
class Pause:
    """A span in which a clock stands still; `end` is None while it lasts."""

    begin: datetime
    end: datetime | None = None


@dataclass(frozen=True)
class Calendar:
    """Which days a site works: its public holidays, its time zone, and days on which it is closed of its own."""

    country: str
    zone: ZoneInfo
    subdivision: str = ""
    closed: frozenset[date] = frozenset()

    def date_of(self, moment: datetime) -> date:
        """The local day of an instant."""
        return moment.astimezone(self.zone).date()

    def is_working(self, day: date) -> bool:
        """Whether the site works on a day."""
        return day not in self.closed and is_working_day(day, public_holidays(self.country, self.subdivision, day.year))

    def first_of(self, day: date) -> datetime:
        """The instant at which a local day begins, also where a clock change takes its midnight away."""
        return datetime.combine(day, time.min, self.zone).astimezone(UTC)

    def end_of(self, day: date) -> datetime:
        """The last instant of a local day."""
        return self.first_of(day + ONE_DAY) - MICROSECOND

    def after_days(self, start: date, days: int) -> date:
        """The working day that lies `days` working days after `start`, whose own day does not count."""
        _must_be_counted(days)
        return next(one for number, one in enumerate(self._from(start), start=0) if number == days)

    def _from(self, start: date) -> Iterator[date]:
        """`start` itself, then each working day after it. Raises ValueError where the calendar has none left."""
        yield start
        for _ in range(MAX_SPAN.days):
            start += ONE_DAY
            if self.is_working(start):
                yield start
        raise ValueError("a calendar without working days")

    def between(self, start: datetime, end: datetime) -> int:
        """Working days after the day of `start`, up to and with the day of `end`; 0 where `end` is not later."""
        day, last = self.date_of(start), min(self.date_of(end), self.date_of(start) + MAX_SPAN)
        return sum(self.is_working(day + timedelta(days=n)) for n in range(1, (last - day).days + 1))

    def elapsed(self, start: datetime, end: datetime) -> Fraction:
        """The exact working time between two instants, in working days: parts of a day are parts of its own length."""
        end, total = min(end, start + MAX_SPAN), Fraction(0)
        day = self.date_of(start)
        while end > start and day <= self.date_of(end):
            begins, ends = self.first_of(day), self.first_of(day + ONE_DAY)
            if self.is_working(day):
                total += Fraction((min(end, ends) - max(start, begins)) // MICROSECOND, (ends - begins) // MICROSECOND)
            day += ONE_DAY
        return total

    def after(self, start: datetime, working: Fraction) -> datetime:
        """The first instant by which exactly `working` days of working time have passed since `start`."""
        if working <= 0:
            return start
        day, left = self.date_of(start), working
        for _ in range(MAX_SPAN.days):
            if self.is_working(day):
                begins, ends = self.first_of(day), self.first_of(day + ONE_DAY)
                from_ = max(start, begins)
                there = Fraction((ends - from_) // MICROSECOND, (ends - begins) // MICROSECOND)
                if left <= there:
                    return from_ + MICROSECOND * round(left * ((ends - begins) // MICROSECOND))
                left -= there
            day += ONE_DAY
        raise ValueError("a calendar without working days")


def _must_be_counted(number: int) -> None:
    if not 0 <= number <= MAX_DAYS:
        raise ValueError(f"a clock counts from 0 to {MAX_DAYS}")


@cache
def public_holidays(country: str, subdivision: str, year: int) -> frozenset[date]:
    """The public holidays of a country in a year, those of its part included (source: the `holidays` library)."""
    return frozenset(holidays.country_holidays(country, subdiv=subdivision or None, years=year))


def subdivisions_of(country: str) -> tuple[str, ...]:
    """The parts of a country that have public holidays of their own."""
    return tuple(holidays.list_supported_countries().get(country, ()))


def days_promised(calendar: Calendar, start: datetime, number: int, unit: Unit = Unit.WORKING_DAYS) -> int:
    """A promise in working days of this calendar: as many as lie between `start` and the day on which it ends."""
    _must_be_counted(number)
    if unit is Unit.WORKING_DAYS:
        return number
    begins = calendar.date_of(start)
    last = begins + timedelta(weeks=number) if unit is Unit.WEEKS else months_after(begins, number)
    days = calendar.between(start, calendar.end_of(last))
    return days if calendar.is_working(last) or last == begins else days + 1


def months_after(day: date, months: int) -> date:
    """The same day of a later month, or its last where it has no such day."""
    number = day.year * MONTHS_OF_A_YEAR + day.month - 1 + months
    first = date(number // MONTHS_OF_A_YEAR, number % MONTHS_OF_A_YEAR + 1, 1)
    last = (first + timedelta(days=31)).replace(day=1) - ONE_DAY
    return min(first.replace(day=day.day), last) if day.day <= last.day else last


def due(calendar: Calendar, start: datetime, days: int, pauses: Iterable[Pause] = ()) -> datetime:
    """The instant by which `days` working days after `start` are over: the end of a local day.

    Each pause moves it by exactly the working time that was paused. The promise is kept until the end of that instant's
    local day (`deadline`). Pauses that still last are left out: while one does, nothing falls due.
    """
    _must_be_counted(days)
    return moment(calendar, start, Fraction(days), pauses)


def moment(calendar: Calendar, start: datetime, working: Fraction, pauses: Iterable[Pause] = ()) -> datetime:
    """The last instant of the first `working` days of working time after the day of `start`, pauses not counted."""
    if working <= 0:
        return calendar.end_of(calendar.date_of(start))
    cursor, left = calendar.first_of(calendar.date_of(start) + ONE_DAY), working
    for begin, end in _merged(pauses):
        counted = calendar.elapsed(cursor, begin)
        if counted >= left:
            break
        left -= counted
        cursor = max(cursor, end)
    return calendar.after(cursor, left) - MICROSECOND


def used(calendar: Calendar, start: datetime, now: datetime, pauses: Iterable[Pause] = ()) -> Fraction:
    """The working time a clock has run since the day of `start` was over, pauses not counted."""
    cursor, total = calendar.first_of(calendar.date_of(start) + ONE_DAY), Fraction(0)
    for begin, end in _merged(pauses):
        total += calendar.elapsed(cursor, min(begin, now))
        cursor = max(cursor, end)
    return total + calendar.elapsed(cursor, now)


def _merged(pauses: Iterable[Pause]) -> Iterator[tuple[datetime, datetime]]:
    """The pauses that ended, in order."""
    return iter(sorted((one.begin, one.end) for one in pauses if one.end is not None and one.end > one.begin))


def deadline(calendar: Calendar, falls_due: datetime) -> datetime:
    """The last instant at which something due at `falls_due` is in time: the end of its local day."""
    return calendar.end_of(calendar.date_of(falls_due))
