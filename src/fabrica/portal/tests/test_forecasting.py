"""The forecast, exact at its edges: figures worked out by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fabrica.portal.forecasting import Basis, Forecast, Given, forecast
from hypothesis import given as tried
from hypothesis import strategies as some

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
# 100 days, 1,000 GPU-seconds for each
AWARD = Given(100_000, 20_000, 14_000, BEGIN, BEGIN + 100 * DAY, recent_days=28, least_days=3)


def test_it_goes_on_as_in_the_last_28_days():
    assert forecast(AWARD, BEGIN + 40 * DAY) == Forecast(
        basis=Basis.RECENT, days_gone=40, days_left=60, time_percent=40, used_percent=20, per_day=500,
        needed_per_day=1_333, expected=50_000, runs_out_at=None,
    )  # fmt: skip
    assert forecast(AWARD, BEGIN + 40 * DAY).unused(100_000) == 50_000


def test_a_young_award_goes_on_as_since_it_began():
    told = forecast(replace(AWARD, recent=20_000), BEGIN + 10 * DAY)
    assert (told.basis, told.per_day, told.expected) == (Basis.WHOLE, 2_000, 100_000)
    assert told.runs_out_at == BEGIN + 50 * DAY


@pytest.mark.parametrize(
    ("at", "basis"),
    [(timedelta(0), Basis.EARLY), (3 * DAY - timedelta(microseconds=1), Basis.EARLY), (3 * DAY, Basis.WHOLE),
     (28 * DAY - timedelta(microseconds=1), Basis.WHOLE), (28 * DAY, Basis.RECENT),
     (100 * DAY - timedelta(microseconds=1), Basis.RECENT), (100 * DAY, Basis.ENDED), (900 * DAY, Basis.ENDED)],
)  # fmt: skip
def test_what_it_rests_on_changes_at_the_instant(at, basis):
    assert forecast(AWARD, BEGIN + at).basis is basis


def test_too_early_nobody_says_a_figure():
    told = forecast(replace(AWARD, used=0, recent=0), BEGIN + DAY)
    assert (told.per_day, told.expected, told.runs_out_at, told.needed_per_day) == (None, None, None, 1_010)
    assert told.unused(100_000) is None


def test_before_its_begin_nothing_has_gone():
    told = forecast(replace(AWARD, used=0, recent=0), BEGIN - 5 * DAY)
    assert (told.days_gone, told.days_left, told.basis, told.needed_per_day) == (0, 100, Basis.EARLY, 1_000)


def test_at_the_end_what_was_used_was_used():
    told = forecast(AWARD, BEGIN + 100 * DAY)
    assert (told.expected, told.days_left, told.needed_per_day, told.time_percent) == (20_000, 0, None, 100)


def test_nothing_used_lately_never_runs_out():
    told = forecast(replace(AWARD, recent=0), BEGIN + 40 * DAY)
    assert (told.per_day, told.expected, told.runs_out_at) == (0, 20_000, None)


def test_hours_that_would_go_at_the_very_end_do_not_run_out():
    # 1,000 a day from 40,000 on day 40: the last one goes as the award ends
    assert forecast(replace(AWARD, used=40_000, recent=28_000), BEGIN + 40 * DAY).runs_out_at is None
    assert forecast(replace(AWARD, used=40_001, recent=28_000), BEGIN + 40 * DAY).runs_out_at < AWARD.ends_at


def test_an_overrun_is_used_up_now():
    now = BEGIN + 40 * DAY
    told = forecast(replace(AWARD, used=120_000, recent=50_000), now)
    assert (told.used_percent, told.expected, told.runs_out_at) == (120, 100_000, now)


@tried(
    used=some.integers(0, 10**12), recent=some.integers(0, 10**12), awarded=some.integers(1, 10**12),
    length=some.integers(1, 10**15), gone=some.integers(-(10**14), 10**16),
)  # fmt: skip
def test_it_is_never_beyond_what_was_awarded_nor_out_after_the_end(used, recent, awarded, length, gone):
    end = BEGIN + length * timedelta(microseconds=1)
    now = BEGIN + gone * timedelta(microseconds=1)
    told = forecast(Given(awarded, used, min(recent, used), BEGIN, end, 28, 3), now)
    assert told.expected is None or 0 <= told.expected <= awarded
    assert told.runs_out_at is None or now <= told.runs_out_at < end
    assert 0 <= told.time_percent <= 100
