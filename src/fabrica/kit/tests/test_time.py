from datetime import UTC, date, timedelta

import pytest
from fabrica.kit.time import add_working_days, is_working_day, utcnow
from hypothesis import given
from hypothesis import strategies as st

DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))


def naive(start, days, holidays):
    """The days after the start, one by one, that are working days; the last of the first `days`."""
    later = (start + timedelta(days=n) for n in range(1, 4000))
    working = [day for day in later if day.isoweekday() <= 5 and day not in holidays]
    return working[days - 1] if days else start


@given(DAYS, st.integers(0, 60), st.sets(DAYS, max_size=40))
def test_working_days_agree_with_a_naive_count(start, days, holidays):
    assert add_working_days(start, days, holidays) == naive(start, days, holidays)


@given(DAYS, st.integers(1, 20), st.integers(1, 20))
def test_counting_on_is_counting_once(start, first, second):
    assert add_working_days(add_working_days(start, first), second) == add_working_days(start, first + second)


def test_two_working_days_after_a_friday_is_a_tuesday():
    assert add_working_days(date(2026, 11, 20), 2) == date(2026, 11, 24)


def test_a_holiday_does_not_count():
    assert add_working_days(date(2026, 12, 24), 1, {date(2026, 12, 25)}) == date(2026, 12, 28)
    assert not is_working_day(date(2026, 12, 25), {date(2026, 12, 25)})


def test_a_negative_number_is_refused():
    with pytest.raises(ValueError, match="counted forwards"):
        add_working_days(date(2026, 1, 1), -1)


def test_the_moment_is_aware_and_in_utc():
    assert utcnow().tzinfo is UTC
