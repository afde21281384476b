"""Working days and due instants: by hand where it is known, by property everywhere."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from fabrica.kit.calendar import (
    MICROSECOND,
    Calendar,
    Pause,
    Unit,
    days_promised,
    deadline,
    due,
    moment,
    months_after,
    public_holidays,
    subdivisions_of,
    used,
)
from hypothesis import given
from hypothesis import strategies as st

PARIS = Calendar("FR", ZoneInfo("Europe/Paris"))
# Cairo changes its clocks on Fridays and Thursdays, Havana at midnight: days of 23 and 25 hours that count as one.
CALENDARS = [
    PARIS,
    Calendar("DE", ZoneInfo("Europe/Berlin"), "BY", frozenset({date(2026, 12, 28), date(2026, 12, 29)})),
    Calendar("FI", ZoneInfo("Europe/Helsinki")),
    Calendar("ES", ZoneInfo("Atlantic/Canary"), "CN"),
    Calendar("GR", ZoneInfo("Africa/Cairo")),
    Calendar("PT", ZoneInfo("America/Havana")),
]
calendars = st.sampled_from(CALENDARS)
instants = st.datetimes(datetime(2023, 1, 1), datetime(2030, 12, 31), timezones=st.just(UTC))
few = st.integers(0, 60)
spans = st.lists(st.tuples(st.integers(-40_000, 90_000), st.integers(1, 30_000)), max_size=4)


def at(text, zone="Europe/Paris"):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def local(calendar, falls_due):
    return falls_due.astimezone(calendar.zone).isoformat(timespec="seconds")[:19]


@pytest.mark.parametrize(
    ("start", "days", "ends"),
    [
        ("2026-11-23T09:00", 2, "2026-11-25T23:59:59"),  # Monday
        ("2026-11-23T23:59", 1, "2026-11-24T23:59:59"),
        ("2026-11-24T00:00", 1, "2026-11-25T23:59:59"),  # a minute later is the next local day
        ("2026-11-20T17:00", 1, "2026-11-23T23:59:59"),  # Friday
        ("2026-11-21T12:00", 1, "2026-11-23T23:59:59"),  # Saturday
        ("2026-12-24T10:00", 2, "2026-12-29T23:59:59"),  # Christmas on a Friday
        ("2026-12-31T10:00", 1, "2027-01-04T23:59:59"),  # over the end of a year
        ("2026-03-27T10:00", 1, "2026-03-30T23:59:59"),  # over the night clocks go forward
        ("2026-10-23T10:00", 1, "2026-10-26T23:59:59"),  # and back
        ("2026-11-23T09:00", 0, "2026-11-23T23:59:59"),
    ],
)
def test_due_is_the_end_of_a_local_day(start, days, ends):
    assert local(PARIS, due(PARIS, at(start), days)) == ends


def test_an_event_late_in_utc_belongs_to_the_next_day_of_a_site_further_east():
    evening = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)
    assert local(PARIS, due(PARIS, evening, 1)) == "2026-11-24T23:59:59"
    helsinki = Calendar("FI", ZoneInfo("Europe/Helsinki"))
    assert local(helsinki, due(helsinki, evening, 1)) == "2026-11-25T23:59:59"


def test_holidays_of_a_part_of_a_country_count_there_alone():
    corpus_christi, start = date(2026, 6, 4), at("2026-06-03T10:00", "Europe/Berlin")
    bavaria, berlin = Calendar("DE", ZoneInfo("Europe/Berlin"), "BY"), Calendar("DE", ZoneInfo("Europe/Berlin"), "BE")
    assert (bavaria.is_working(corpus_christi), berlin.is_working(corpus_christi)) == (False, True)
    assert (bavaria.date_of(due(bavaria, start, 1)), berlin.date_of(due(berlin, start, 1))) == (
        date(2026, 6, 5), corpus_christi,
    )  # fmt: skip
    assert "BY" in subdivisions_of("DE")
    assert subdivisions_of("XX") == ()


def test_own_closing_days_are_no_working_days():
    closed = Calendar("FR", PARIS.zone, closed=frozenset({date(2026, 11, 24), date(2026, 11, 25)}))
    assert closed.date_of(due(closed, at("2026-11-23T09:00"), 2)) == date(2026, 11, 27)


def test_a_site_that_is_always_closed_is_told_of_and_does_not_count_for_ever():
    shut = Calendar("FR", PARIS.zone, closed=frozenset(date(2026, 1, 1) + timedelta(days=n) for n in range(8_000)))
    with pytest.raises(ValueError, match="without working days"):
        due(shut, at("2026-01-01T09:00"), 1)
    with pytest.raises(ValueError, match="without working days"):
        shut.after_days(date(2026, 1, 1), 1)


@pytest.mark.parametrize("days", [-1, 1_001])
def test_what_a_clock_counts_is_bounded(days):
    with pytest.raises(ValueError, match="from 0 to 1000"):
        due(PARIS, at("2026-11-23T09:00"), days)


def test_a_pause_within_a_day_moves_the_instant_by_itself_and_the_promise_to_the_end_of_that_day():
    pause = Pause(at("2026-11-24T10:00"), at("2026-11-24T12:30"))
    falls = due(PARIS, at("2026-11-23T09:00"), 2, [pause])
    assert local(PARIS, falls) == "2026-11-26T02:29:59"
    assert local(PARIS, deadline(PARIS, falls)) == "2026-11-26T23:59:59"


@pytest.mark.parametrize(
    "pause",
    [
        Pause(at("2026-11-21T10:00"), at("2026-11-22T12:30")),  # a weekend
        Pause(at("2026-11-20T12:00"), at("2026-11-20T15:00")),  # the day of the event, which does not count
        Pause(at("2026-11-30T12:00"), at("2026-12-05T15:00")),  # after it was due
        Pause(at("2026-11-23T12:00")),  # still lasts
        Pause(at("2026-11-24T12:00"), at("2026-11-23T12:00")),  # ends before it begins
    ],
)
def test_a_pause_that_takes_no_working_time_moves_nothing(pause):
    assert due(PARIS, at("2026-11-20T09:00"), 2, [pause]) == due(PARIS, at("2026-11-20T09:00"), 2)


def test_four_fifths_of_two_days_end_in_the_second_afternoon():
    assert local(PARIS, moment(PARIS, at("2026-11-23T09:00"), Fraction(8, 5))) == "2026-11-25T14:23:59"


@pytest.mark.parametrize(
    ("start", "number", "unit", "ends"),
    [
        ("2026-11-23T09:00", 2, Unit.WEEKS, "2026-12-07"),
        ("2026-11-22T09:00", 2, Unit.WEEKS, "2026-12-07"),  # a Sunday ends on the Monday after
        ("2026-11-11T09:00", 1, Unit.MONTHS, "2026-12-11"),
        ("2026-01-31T09:00", 1, Unit.MONTHS, "2026-03-02"),  # 28 February is a Saturday
        ("2026-11-25T09:00", 1, Unit.MONTHS, "2026-12-28"),  # Christmas, then a weekend
        ("2026-08-31T09:00", 6, Unit.MONTHS, "2027-03-01"),  # 28 February 2027 is a Sunday
        ("2026-11-23T09:00", 0, Unit.MONTHS, "2026-11-23"),
    ],
)
def test_weeks_and_months_end_on_their_day_or_the_next_working_day(start, number, unit, ends):
    days = days_promised(PARIS, at(start), number, unit)
    assert PARIS.date_of(due(PARIS, at(start), days)).isoformat() == ends


def test_a_month_later_is_the_same_day_or_the_last_of_the_month():
    assert [months_after(date(2028, 1, 31), n).isoformat() for n in (1, 2, 11, 12)] == [
        "2028-02-29", "2028-03-31", "2028-12-31", "2029-01-31",
    ]  # fmt: skip


def test_the_holidays_of_france_are_the_librarys():
    assert date(2026, 7, 14) in public_holidays("FR", "", 2026)
    assert len(public_holidays("FR", "", 2026)) == 11


@given(calendars, instants, few)
def test_between_is_what_was_added(calendar, start, days):
    falls = due(calendar, start, days)
    assert calendar.between(start, falls) == days
    assert falls == calendar.end_of(calendar.after_days(calendar.date_of(start), days))
    assert days == 0 or calendar.is_working(calendar.date_of(falls))


@given(calendars, instants, instants, few, st.integers(0, 5))
def test_later_or_more_is_never_due_sooner(calendar, one, other, days, more):
    first, second = sorted((one, other))
    assert due(calendar, first, days) <= due(calendar, second, days + more)


@given(calendars, instants, st.fractions(0, 20, max_denominator=1_000))
def test_working_time_is_what_was_added_to_the_microsecond(calendar, start, working):
    reached = calendar.after(start, working)
    assert abs(calendar.elapsed(start, reached) - working) <= Fraction(1, 23 * 3_600_000_000)


@given(calendars, instants, instants, instants)
def test_working_time_adds_up(calendar, one, other, third):
    first, second, last = sorted((one, other, third))
    assert calendar.elapsed(first, last) == calendar.elapsed(first, second) + calendar.elapsed(second, last)


@given(calendars, instants, few, spans)
def test_pauses_move_the_due_instant_by_exactly_the_working_time_that_was_paused(calendar, start, days, spans):
    minute = timedelta(minutes=1)
    pauses = [Pause(start + begin * minute, start + (begin + length) * minute) for begin, length in spans]
    falls = due(calendar, start, days, pauses)
    begins = calendar.end_of(calendar.date_of(start)) + MICROSECOND
    paused, reached = Fraction(0), begins
    for one in sorted(pauses, key=lambda pause: pause.begin):  # overlapping ones stop the clock once
        paused += calendar.elapsed(max(reached, one.begin), min(max(one.end, reached), falls + MICROSECOND))
        reached = max(reached, one.end)
    whole = calendar.elapsed(begins, falls + MICROSECOND)
    assert abs(whole - paused - days) <= Fraction(1, 3_600_000_000)
    assert falls >= due(calendar, start, days)
    assert abs(used(calendar, start, falls + MICROSECOND, pauses) - days) <= Fraction(1, 3_600_000_000)
