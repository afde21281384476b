"""Advice on what is asked for: against the planner's proposal, and against the calendar."""

from fractions import Fraction

import pytest
from fabrica.applications import queries, services
from fabrica.applications.engine.asked import Proposed, advice, busy, times_apart
from fabrica.applications.tests.factories import draft
from fabrica.kit.units import SECONDS_PER_HOUR

HOURS = SECONDS_PER_HOUR


def told(*args):
    return [(one.text, one.is_warning) for one in advice(*args)]


@pytest.mark.parametrize(
    ("requested", "proposed", "expected"),
    [
        (100, 100, None),
        (199, 100, None),
        (200, 100, 2.0),
        (51, 100, None),
        (50, 100, 0.5),
        (0, 100, None),
        (9, 0, None),
    ],
)
def test_twice_or_half_is_far_apart(requested, proposed, expected):
    assert times_apart(requested, proposed) == expected


def test_1250_node_hours_in_two_months_are_almost_one_node_without_a_pause():
    assert 0.85 < busy(1_250 * HOURS, 2) < 0.86
    assert busy(1_461 * HOURS, 2) > 1  # 60.875 days


def test_what_fits_is_told_and_no_warning():
    assert told(1_461 * HOURS, 2, Fraction(8), Proposed(1_000 * HOURS, 60)) == [
        ("1,461 GPU-hours in 2 months: that is 1 of the machine's 8 GPUs, day and night.", False)
    ]
    assert told(10 * HOURS, 1, Fraction(8), None) == [
        ("10 GPU-hours in 1 month: that is 0.01 of the machine's 8 GPUs, day and night.", False)
    ]


def test_more_than_half_of_the_machine_is_a_warning_and_more_than_it_has_is_another():
    assert told(8_000 * HOURS, 2, Fraction(8), None) == [
        (
            "8,000 GPU-hours in 2 months: that is 5.5 of the machine's 8 GPUs, day and night. Others use them too, so "
            "expect to wait. Ask for longer, if you can.",
            True,
        )
    ]
    assert told(60_000 * HOURS, 2, Fraction(8), None) == [
        (
            "60,000 GPU-hours in 2 months would take 41 GPUs day and night, and the machine has 8. Ask for less, or "
            "for longer.",
            True,
        )
    ]


def test_far_from_the_proposal_is_a_warning_each_way():
    much, little = told(100, None, Fraction(1), Proposed(40, 60)), told(100, None, Fraction(1), Proposed(1_234, 60))
    assert much == [
        (
            "You ask for 2.5 times what we propose. Say what the rest is for, or ask for less: whoever assesses it "
            "will ask.",
            True,
        )
    ]
    assert little == [
        (
            "Our proposal is 12 times what you ask for: the hours may not suffice. Ask for more, or say why less will "
            "do.",
            True,
        )
    ]
    assert told(0, 1, Fraction(1), Proposed(40, 60)) == told(39, None, Fraction(1), Proposed(40, 60)) == []


def test_a_run_that_does_not_end_in_time_and_a_proposal_beyond_the_mode_are_told():
    proposed = Proposed(8_751 * HOURS, 303 * 86_400)
    told_of = [text for text, is_warning in told(250 * HOURS, 1, Fraction(8), proposed, 5_000 * HOURS) if is_warning]
    assert told_of == [
        "Our proposal is 8,751 GPU-hours, and this access mode gives 5,000 at most. Look for a larger mode, or train a "
        "smaller model or on fewer tokens.",
        "On one device a run would take about 303 days, and you ask for 1 month. Plan it on more devices at once, a "
        "smaller model or fewer tokens, or ask for longer.",
    ]


def test_the_form_the_check_and_the_api_say_the_same(browser_of, cast, call, now):
    made = draft(cast, call, now)
    hours = queries.proposal_of(made)[1].gpu_seconds
    services.save_draft(
        application=made, values={"gpu_seconds_requested": 3 * hours}, by=cast.applicant, now=now, version=None
    )
    made.refresh_from_db()
    ada, address = browser_of("applicant"), f"/applications/{made.code}"
    (warning,) = [one.text for one in queries.advice_of(made) if one.is_warning]
    assert warning.startswith("You ask for 3 times what we propose.")
    for page in ("edit/", "proposal/", "check/"):
        assert warning in ada.get(f"{address}/{page}").content.decode()
    assert warning in [one["text"] for one in ada.get(f"/api{address}/advice").json() if one["is_warning"]]
    assert browser_of("outsider").get(f"/api{address}/advice").status_code == 404
