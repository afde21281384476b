from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.utils import translation

from fabrica.web import words

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (999, "999"), (1000, "1,000"), (1234567, "1,234,567"), (-4200, "-4,200")]
)
def test_a_count_is_grouped_by_thousands(number, text):
    assert words.count(number) == text


def test_a_count_is_grouped_as_the_language_does():
    with translation.override("fr"):
        assert words.count(1234567) == "1\xa0234\xa0567"


@pytest.mark.parametrize(
    ("gpu_seconds", "text"),
    [
        (0, "0 GPU-hours"),
        (1, "1 s of one device"),
        (45, "45 s of one device"),
        (359, "5 min 59 s of one device"),
        (360, "0.1 GPU-hours"),
        (1800, "0.5 GPU-hours"),
        (3600, "1 GPU-hour"),
        (5400, "1.5 GPU-hours"),
        (36_000, "10 GPU-hours"),
        (18_000_000, "5,000 GPU-hours"),
        (4_444_200, "1,234.5 GPU-hours"),
    ],
)
def test_gpu_seconds_are_read_as_gpu_hours(gpu_seconds, text):
    assert words.gpu_hours(gpu_seconds) == text


@pytest.mark.parametrize(
    ("size_bytes", "text"), [(0, "0 B"), (950, "950 B"), (1200, "1.2 kB"), (38_412_345, "38.4 MB"), (10**12, "1.0 TB")]
)
def test_a_size_is_read_in_decimal_units(size_bytes, text):
    assert words.size(size_bytes) == text


def test_a_size_has_the_decimal_sign_of_the_language():
    with translation.override("fr"):
        assert words.size(1200) == "1,2 kB"


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(0), "just now"),
        (timedelta(seconds=44), "just now"),
        (timedelta(seconds=50), "1 minute ago"),
        (timedelta(minutes=3), "3 minutes ago"),
        (timedelta(minutes=59), "1 hour ago"),
        (timedelta(hours=1), "1 hour ago"),
        (timedelta(hours=5), "5 hours ago"),
        (timedelta(days=2), "2 days ago"),
        (timedelta(days=61), "2 months ago"),
        (timedelta(days=800), "2 years ago"),
        (timedelta(days=-12), "in 12 days"),
        (timedelta(seconds=-10), "just now"),
    ],
)
def test_a_time_is_told_relative_to_now(ago, text):
    assert words.relative(NOW - ago, NOW) == text


def test_a_time_carries_its_absolute_form_in_utc():
    brussels = timezone(timedelta(hours=1))
    at = datetime(2026, 11, 23, 12, 57, 30, tzinfo=brussels)
    assert words.when(at, NOW) == (
        '<time datetime="2026-11-23T11:57:30Z" title="23 November 2026, 11:57 UTC">2 minutes ago</time>'
    )


def test_no_time_is_a_dash():
    assert words.when(None, NOW) == "–"
