from decimal import Decimal

import pytest
from fabrica.kit import units
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("hours", "seconds"),
    [(1, 3600), ("0.5", 1800), (Decimal("0.01"), 36), (0.1, 360), ("0.00013", 0), ("0.00014", 1), (0, 0)],
)
def test_hours_become_whole_seconds_and_half_rounds_up(hours, seconds):
    assert units.gpu_seconds(hours) == seconds


def test_half_a_second_is_a_second():
    assert units.gpu_seconds(Decimal(1) / 7200) == 1


@pytest.mark.parametrize("hours", [-1, "-0.5", Decimal("-0.01")])
def test_negative_hours_are_refused(hours):
    with pytest.raises(ValueError, match="not negative"):
        units.gpu_seconds(hours)


@given(st.integers(0, 10**12))
def test_whole_hours_go_there_and_back(hours):
    assert units.gpu_hours(units.gpu_seconds(hours)) == hours


@given(st.decimals(0, 10**9, places=2))
def test_hundredths_of_an_hour_lose_nothing_when_shown(hours):
    assert units.gpu_hours(units.gpu_seconds(hours)) == hours


@given(st.integers(0, 10**12))
def test_shown_hours_are_off_by_at_most_half_a_hundredth(seconds):
    assert abs(units.gpu_hours(seconds) * 3600 - seconds) <= 18


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"), (-5, "0 s"), (0.4, "0 s"), (45, "45 s"), (59.6, "1 min"), (60, "1 min"), (200, "3 min 20 s"),
        (3600, "1 h"), (7500, "2 h 5 min"), (7559, "2 h 5 min"), (86399, "23 h 59 min"), (86400, "1 d"),
        (273600, "3 d 4 h"),
    ],
)  # fmt: skip
def test_a_duration_is_told_in_its_two_largest_units(seconds, words):
    assert units.duration(seconds) == words


@given(st.integers(0, 10**8))
def test_a_duration_never_says_more_than_there_is(seconds):
    sizes = {"d": 86400, "h": 3600, "min": 60, "s": 1}
    parts = units.duration(seconds).split()
    told = sum(int(number) * sizes[unit] for number, unit in zip(parts[::2], parts[1::2], strict=True))
    assert 0 <= seconds - told < sizes[parts[-1]] * (60 if len(parts) == 2 else 1)


@pytest.mark.parametrize(
    ("size_bytes", "words"),
    [
        (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1234, "1.2 kB"), (999_949, "999.9 kB"), (1_000_000, "1.0 MB"),
        (5_000_000_000, "5.0 GB"), (10**12, "1.0 TB"), (10**15, "1.0 PB"), (10**19, "10000.0 PB"),
    ],
)  # fmt: skip
def test_sizes_are_told_in_decimal_units(size_bytes, words):
    assert units.size(size_bytes) == words


@given(st.integers(0, 10**14))
def test_no_size_is_told_as_a_thousand_of_its_unit(size_bytes):
    assert float(units.size(size_bytes).split()[0]) < 1000
