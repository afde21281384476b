"""Training compute by two methods, and which thresholds it reaches: worked out by hand."""

from datetime import UTC, date, datetime
from fractions import Fraction

import pytest
from fabrica.kit.errors import Refused
from fabrica.kit.facts import load
from fabrica.planner import Calibration, machine_of
from fabrica.trust.engine.act import evaluate
from fabrica.trust.engine.compute import (
    Base,
    base_from,
    crossed,
    due_on,
    from_architecture,
    from_grant,
    from_metering,
    from_operations,
    measures,
    thresholds,
    total,
)
from fabrica.trust.engine.compute.crossing import operations
from fabrica.trust.states import Decision
from fabrica.trust.tests.answers import answers_for

DAY = date(2026, 11, 26)
H100 = machine_of("h100", "DE")
HOUR = 3600
KNOWN = Base(modifies=True, flop=7.2e23)
UNKNOWN = Base(modifies=True)
SYSTEMIC = Base(modifies=True, is_systemic=True)


def reached(*estimates, base=None, as_of=DAY):
    return {one.threshold.key: one.level for one in crossed(estimates, base, as_of=as_of)}


def counted(flop):
    return from_operations(flop)


def test_metered_compute_is_hours_times_peak_times_utilisation_with_the_utilisations_error():
    found = from_metering(70_217 * HOUR, H100)
    assert [f"{one:.3g}" for one in (found.low, found.value, found.high)] == ["7.5e+22", "1e+23", "1.13e+23"]
    assert {key: found.inputs[key] for key in ("gpu_seconds", "peak_flops_per_second", "precision", "utilisation")} == {
        "gpu_seconds": 70_217 * HOUR, "peak_flops_per_second": 989e12, "precision": "bf16", "utilisation": 0.4,
    }  # fmt: skip
    assert [one.split(":")[0] for one in found.sources] == ["peak", "mfu_gpu_low", "mfu_gpu", "mfu_gpu_high"]


def test_a_rate_that_was_measured_there_takes_the_place_of_the_usual_one():
    measured = Calibration(300e12, datetime(2026, 11, 1, tzinfo=UTC))
    found = from_metering(1000, H100, measured)
    assert (found.value, round(found.low / found.value, 3), round(found.high / found.value, 3)) == (3e17, 0.884, 1.151)


def test_a_machine_whose_devices_are_half_a_gpu_computes_no_more_with_one_gpu_hour():
    half = Fraction(1, 2)
    assert from_metering(1000, H100, gpus_per_device=half).value == from_metering(1000, H100).value
    measured = Calibration(150e12, datetime(2026, 11, 1, tzinfo=UTC))
    assert from_metering(1000, H100, measured, gpus_per_device=half).value == 3e17


def test_hours_granted_could_reach_the_devices_peak():
    found = from_grant(1000 * HOUR, H100)
    assert (found.value, found.high) == (1000 * HOUR * 0.4 * 989e12, 1000 * HOUR * 989e12)


def test_the_architecture_counts_six_operations_for_each_parameter_and_token():
    found = from_architecture(1_100_000_000, 3_000_000_000_000)
    assert [f"{one:.3g}" for one in (found.low, found.value, found.high)] == ["1.39e+22", "1.98e+22", "2.57e+22"]
    experts = from_architecture(1_100_000_000, 3_000_000_000_000, active_parameters=110_000_000)
    assert experts.value == pytest.approx(found.value / 10)


@pytest.mark.parametrize("numbers", [(0, 1, None), (1, 0, None), (10, 1, 11), (10, 1, 0)])
def test_what_is_no_architecture_is_refused(numbers):
    with pytest.raises(Refused):
        from_architecture(numbers[0], numbers[1], active_parameters=numbers[2])


def test_errors_of_one_unknown_add_up_in_a_sum():
    one = from_metering(1000, H100)
    both = total("metered", [one, one])
    assert (both.low, both.value, both.high) == (2 * one.low, 2 * one.value, 2 * one.high)


@pytest.mark.parametrize(
    ("flop", "base", "levels"),
    [
        (4.5e22, None, {}),  # up to 4.95e22
        (4.6e22, None, {"general_purpose": 50}),  # up to 5.06e22
        (1e23, None, {"general_purpose": 50}),  # more than, not as much as
        (1.01e23, None, {"general_purpose": 100}),
        (4.6e24, None, {"general_purpose": 100, "systemic": 50}),
        (4e25, None, {"general_purpose": 100, "systemic": 100}),
        (2.5e23, KNOWN, {"general_purpose": 100, "modifier": 100}),
        (2.3e23, KNOWN, {"general_purpose": 100, "modifier": 50}),
        (1e23, KNOWN, {"general_purpose": 50}),
        (1.6e22, UNKNOWN, {"modifier": 50}),
        (3.4e22, UNKNOWN, {"modifier": 100}),
        (3.4e22, SYSTEMIC, {}),
        (3.4e24, SYSTEMIC, {"general_purpose": 100, "modifier": 100, "systemic": 100}),
        (3.3e24, SYSTEMIC, {"general_purpose": 100, "modifier": 50, "systemic": 50}),
        (2.9e24, Base(modifies=True, flop=7e24), {"general_purpose": 100, "modifier": 100, "systemic": 50}),
        (3.1e24, Base(modifies=True, flop=7e24), {"general_purpose": 100, "modifier": 100, "systemic": 100}),
        (1.3e24, Base(modifies=True, flop=9e24), {"general_purpose": 100}),  # 1e24 is left, but no provider below 3e24
        (3.1e24, Base(modifies=True, flop=9e24), {"general_purpose": 100, "modifier": 100, "systemic": 100}),
        (4.6e24, Base(modifies=True, flop=3e25), {"general_purpose": 100, "modifier": 50, "systemic": 50}),
        (1.1e25, Base(modifies=True, flop=3e25), {"general_purpose": 100, "modifier": 100, "systemic": 100}),
        (4e22, Base(modifies=True, flop=5e22), {}),  # the base is no general-purpose model
        (4e22, Base(modifies=False), {}),
        (4e22, Base(), {}),  # nobody said whether there is a base
    ],
)  # fmt: skip
def test_a_warning_looks_at_the_high_end_and_a_crossing_at_the_value(flop, base, levels):
    assert reached(counted(flop), base=base) == levels


def test_the_estimate_that_says_most_counts_and_tells_why():
    low, high = counted(1e22), from_metering(80_000 * HOUR, H100)
    [found] = crossed([low, high], as_of=DAY)
    assert (found.level, found.estimate.method) == (100, "metered")
    assert found.why(str) == (
        "By the machine's accounting it took 1.1 × 10²³ operations. "
        "That is more than the threshold of 1.0 × 10²³ (Art. 3(63), Art. 53)."
    )


@pytest.mark.parametrize(
    ("flop", "says"),
    [
        (4e24, "That is more than the 3.0 × 10²⁴ which the model it goes on from leaves to it (Art. 51(2))."),
        (2e24, "That is half of the 3.0 × 10²⁴ which the model it goes on from leaves to it (Art. 51(2)), or more."),
    ],
)
def test_what_a_base_took_counts_for_systemic_risk_and_the_letter_says_so(flop, says):
    found = crossed([counted(flop)], Base(modifies=True, flop=7e24), as_of=DAY)[-1]
    assert found.why(str).endswith(says)


BASES = [
    *({"base_known": "no", "base_systemic": systemic} for systemic in ("yes", "no")),
    *({"base_known": "yes", "base_flop": flop} for flop in ("5e22", "7e24", "9e24", "3e25")),
]


@pytest.mark.parametrize("base", BASES, ids=str)
@pytest.mark.parametrize("flop", ["2e23", "1.4e24", "2.9e24", "3.4e24", "1.1e25"])
def test_alerts_and_the_gate_agree_on_systemic_risk(flop, base):
    answers = answers_for(Decision.ACCEPT_CONDITIONS, text="yes", modifies="yes", flop=flop, **base)
    is_reached = reached(counted(float(flop)), base=base_from(answers)).get("systemic") == 100
    assert is_reached == ("GPAI_SR" in evaluate(answers, DAY).labels)


def test_nothing_is_owed_before_the_day_on_which_it_began():
    assert reached(counted(4e25), as_of=date(2025, 8, 1)) == {}
    assert crossed([], as_of=DAY) == ()


def test_the_thresholds_are_those_of_the_acts_rules():
    figures = {name: row["value"] for name, row in load("fabrica.trust", "act-2026-11-1.json")["figures"].items()}
    limits = {one.threshold.key: one.limit for one in measures(UNKNOWN, DAY)}
    assert limits["general_purpose"] == float(figures["general_purpose"])
    assert limits["systemic"] == float(figures["systemic"])
    assert figures["general_purpose_third"] == "1e23/3"
    assert limits["modifier"] == pytest.approx(1e23 / 3)


def test_the_commission_is_notified_within_two_weeks_of_the_day_it_was_known():
    assert {one.key: due_on(one, DAY) for one in thresholds(DAY)} == {
        "general_purpose": None, "modifier": None, "systemic": date(2026, 12, 10),
    }  # fmt: skip


@pytest.mark.parametrize(("flop", "words"), [(999, "999"), (3.333e22, "3.3 × 10²²"), (1e25, "1.0 × 10²⁵")])
def test_operations_are_written_as_people_read_them(flop, words):
    assert operations(flop) == words
