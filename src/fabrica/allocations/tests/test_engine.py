"""Months, and the limits of a mode."""

from datetime import UTC, datetime

import pytest
from fabrica.allocations.engine import add_months, beyond, hours
from fabrica.calls.engine import mode_from, mode_row

PLAYGROUND = mode_from(mode_row("playground"))


@pytest.mark.parametrize(
    ("at", "months", "later"),
    [
        ((2026, 11, 23), 1, (2026, 12, 23)),
        ((2026, 11, 23), 3, (2027, 2, 23)),
        ((2026, 1, 31), 1, (2026, 2, 28)),
        ((2028, 1, 31), 1, (2028, 2, 29)),
        ((2026, 12, 1), 12, (2027, 12, 1)),
        ((2026, 11, 30), 1, (2026, 12, 30)),
    ],
)
def test_an_award_lasts_whole_months(at, months, later):
    assert add_months(datetime(*at, 9, 30, tzinfo=UTC), months) == datetime(*later, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("gpu_seconds", "told"),
    [(0, "0.00"), (3600, "1.00"), (5400, "1.50"), (1, "0.0003"), (4_444_200, "1,234.50"), (36_001, "10.0003")],
)
def test_hours_in_a_sentence_hide_nothing(gpu_seconds, told):
    assert hours(gpu_seconds) == told


def test_within_the_mode_nothing_keeps_an_award_from_being_made():
    assert beyond(PLAYGROUND, 5000 * 3600, 3) == ""


@pytest.mark.parametrize(
    ("gpu_seconds", "months", "told"),
    [
        (5000 * 3600 + 1, 1, "Playground gives at most 5,000 GPU-hours and more than none; you award 5,000.0003. "
                             f"Source of the limit: {PLAYGROUND.source}."),
        (0, 1, "Playground gives at most 5,000 GPU-hours and more than none; you award 0.00. "
               f"Source of the limit: {PLAYGROUND.source}."),
        (3600, 4, f"Playground lasts 1, 2, 3 months; you award 4. Source: {PLAYGROUND.source}."),
        (3600, 0, f"Playground lasts 1, 2, 3 months; you award 0. Source: {PLAYGROUND.source}."),
    ],
)  # fmt: skip
def test_beyond_the_mode_the_limit_and_its_source_are_named(gpu_seconds, months, told):
    assert beyond(PLAYGROUND, gpu_seconds, months) == told
