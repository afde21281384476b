"""Plans, checked by hand and by what must always hold."""

from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.kit.errors import Refused
from fabrica.planner import Calibration, facts, machine, machine_of, memory_fit, plan, propose_gpu_hours

H100_FI = machine_of("h100", "FI")
MEASURED_AT = datetime(2026, 11, 20, tzinfo=UTC)
HOUR_ON_64 = 989e12 * 0.4 * 64 * 3600
some_flops = st.floats(1e9, 1e26)
some_devices = st.integers(1, 10_000)


def measured(rate):
    return Calibration(rate, MEASURED_AT)


def test_an_hour_on_64_gpus_by_hand():
    found = plan(HOUR_ON_64, 1_000_000, H100_FI, 64, startup_seconds=0, evaluation_seconds=0)
    assert (found.seconds_low, found.seconds, found.seconds_high) == (3200, 3600, 4800)
    assert (found.gpu_seconds_low, found.gpu_seconds, found.gpu_seconds_high) == (204_800, 230_400, 307_200)
    assert found.tokens_per_second == pytest.approx(1_000_000 / 3600)
    assert found.footprint.energy_wh == pytest.approx(64 * 700 * 1.22 * 1.2)
    assert found.footprint.co2e_grams == pytest.approx(64 * 700 * 1.22 * 1.2 / 1000 * 79.2)
    assert found.cost.price.vendor == "specialty tier"
    assert (found.cost.eur_cents_low, found.cost.eur_cents_high) == (13061, 27428)
    assert found.is_measured is False


def test_start_and_evaluation_come_on_top_unless_they_are_known():
    found = plan(HOUR_ON_64, 1, H100_FI, 64)
    assert found.seconds == 3600 + 180 + 690
    assert plan(HOUR_ON_64, 1, H100_FI, 64, startup_seconds=5, evaluation_seconds=7).seconds == 3612


def test_a_measured_rate_wins_over_the_peak():
    found = plan(
        1e12,
        1000,
        machine_of("cpu", "FR", cores_per_device=2),
        1,
        measured(1e10),
        startup_seconds=0,
        evaluation_seconds=0,
    )
    assert (found.seconds_low, found.seconds, found.seconds_high) == (87, 100, 114)
    assert found.is_measured is True
    assert [one.name for one in found.assumptions][:2] == ["measured_rate", "calibrated_error"]
    assert found.assumptions[0].source.checked_on == MEASURED_AT.date()
    assert found.tokens_per_second == pytest.approx(10)


def test_llama_8b_on_15_trillion_tokens_takes_the_published_hours():
    found = plan(
        6 * 8e9 * 15e12, int(15e12), machine_of("h100", "GB"), 512, measured(0.3 * 989e12),
        startup_seconds=0, evaluation_seconds=0,
    )  # fmt: skip
    assert found.gpu_seconds / 3600 == pytest.approx(674_000, rel=0.001)


def test_a_plan_names_each_assumption_once_with_source_and_unit():
    for where in (H100_FI, machine("lumi-g"), machine_of("cpu", "IE", cores_per_device=2)):
        used = plan(1e18, 1, where).assumptions
        assert len({one.name for one in used}) == len(used)
        assert all(one.unit and one.source.text for one in used)


def test_a_plan_is_as_sure_as_its_weakest_assumption():
    found = plan(1e18, 1, H100_FI)
    assert found.confidence == "C"
    sure = tuple(replace(one, source=replace(one.source, confidence="A")) for one in found.assumptions)
    assert replace(found, assumptions=sure).confidence == "A"


def test_no_cloud_price_is_invented():
    assert plan(1e18, 1, machine("lumi-g")).cost is None
    assert plan(1e18, 1, machine_of("cpu", "FI")).cost is None
    assert plan(1e18, 1, H100_FI, price_tier="no-such-tier").cost is None


@given(some_flops, some_flops, some_devices)
def test_more_operations_never_take_less(one, other, devices):
    less, more = (plan(flops, 1, H100_FI, devices) for flops in sorted((one, other)))
    assert less.seconds <= more.seconds
    assert less.footprint.energy_wh <= more.footprint.energy_wh
    assert less.cost.eur_cents_low <= more.cost.eur_cents_low


@given(some_flops, some_devices, some_devices)
def test_more_devices_never_take_longer_but_never_fewer_gpu_seconds(flops, one, other):
    few, many = (plan(flops, 1, H100_FI, devices) for devices in sorted((one, other)))
    assert many.seconds <= few.seconds
    assert many.gpu_seconds >= few.gpu_seconds - max(one, other)  # whole seconds are rounded up on each


@given(some_flops, some_devices, st.booleans())
def test_the_range_holds_the_value(flops, devices, is_measured):
    found = plan(flops, 1, H100_FI, devices, measured(1e14) if is_measured else None)
    assert found.seconds_low <= found.seconds <= found.seconds_high
    assert found.gpu_seconds == devices * found.seconds
    assert found.cost.eur_cents_low <= found.cost.eur_cents_high


@given(some_flops, st.floats(1e9, 1e15), st.floats(1e9, 1e15))
def test_a_faster_machine_is_never_slower(flops, one, other):
    slow, fast = (plan(flops, 1, H100_FI, 1, measured(rate)) for rate in sorted((one, other)))
    assert fast.seconds <= slow.seconds


@pytest.mark.parametrize(
    "change",
    [
        {"recipe_flops": 0}, {"recipe_flops": float("inf")}, {"recipe_flops": float("nan")}, {"tokens": 0},
        {"devices": 0}, {"devices": 100_001}, {"startup_seconds": -1}, {"evaluation_seconds": float("inf")},
        {"calibration": Calibration(0, MEASURED_AT)},
    ],
)  # fmt: skip
def test_what_cannot_be_planned_is_refused(change):
    with pytest.raises(Refused):
        plan(**{"recipe_flops": 1e18, "tokens": 1, "machine": H100_FI, "devices": 1} | change)


def test_a_plan_reads_no_file_once_the_facts_are_known(monkeypatch):
    plan(1e18, 1, H100_FI)
    monkeypatch.setattr(facts, "load", None)
    assert plan(1e18, 1, H100_FI).seconds > 0


def test_hours_are_proposed_with_margin_and_rounded_up():
    one = plan(HOUR_ON_64, 1, H100_FI, 64, startup_seconds=0, evaluation_seconds=0)
    found = propose_gpu_hours(one, runs=3)
    assert (found.planned_gpu_seconds, found.gpu_hours, found.gpu_seconds) == (691_200, 231, 831_600)
    assert (found.margin_percent, found.assumption.name) == (20, "margin")
    assert propose_gpu_hours(one, margin_percent=0).gpu_hours == 64
    assert propose_gpu_hours(plan(1, 1, H100_FI, startup_seconds=0, evaluation_seconds=0)).gpu_hours == 1


@given(some_flops, st.integers(1, 10_000), st.integers(0, 100))
def test_a_proposal_always_covers_its_plan(flops, runs, margin):
    found = propose_gpu_hours(plan(flops, 1, H100_FI), runs, margin)
    assert found.planned_gpu_seconds * (100 + margin) <= found.gpu_seconds * 100
    assert (found.gpu_seconds - 3600) * 100 < found.planned_gpu_seconds * (100 + margin)


@pytest.mark.parametrize(("runs", "margin"), [(0, 20), (10_001, 20), (1, -1), (1, 101)])
def test_a_proposal_out_of_bounds_is_refused(runs, margin):
    with pytest.raises(Refused):
        propose_gpu_hours(plan(1e18, 1, H100_FI), runs, margin)


def test_memory_by_hand():
    found = memory_fit(7_000_000_000, "bf16", 80, devices=1)
    assert (found.verdict, found.needed_gb, found.devices_needed) == ("needs_more_devices", 112, 2)
    assert found.usable_gb_per_device == pytest.approx(56)
    assert memory_fit(7_000_000_000, "bf16", 80, devices=2).verdict == "fits"
    assert memory_fit(7_000_000, "fp32", None).verdict == "unknown"


@given(st.integers(1, 10**13), st.floats(1, 500), st.integers(1, 10_000))
def test_what_fits_still_fits_on_more_devices(parameters, memory_gb, devices):
    found = memory_fit(parameters, "bf16", memory_gb, devices)
    assert (found.verdict == "fits") == (found.devices_needed <= devices)
    assert memory_fit(parameters, "bf16", memory_gb, max(devices, found.devices_needed)).verdict == "fits"


@pytest.mark.parametrize("wrong", [(0, "bf16", 80, 1), (1, "int3", 80, 1), (1, "bf16", 0, 1), (1, "bf16", 80, 0)])
def test_memory_out_of_bounds_is_refused(wrong):
    with pytest.raises(Refused):
        memory_fit(*wrong)


def test_steps_of_a_small_model_on_a_processor_cost_more_than_their_arithmetic():
    from fabrica.planner import machine_of, plan

    here = machine_of("cpu", "FR", cores_per_device=2)
    few, many = (plan(1e9, 1_000, here, steps=steps, startup_seconds=0, evaluation_seconds=0) for steps in (0, 5_000))
    assert many.seconds - few.seconds == 100
    assert "step_overhead_cpu" in {one.name for one in many.assumptions}
    gpu = machine_of("h100", "FR")
    assert plan(1e15, 1_000, gpu, steps=5_000).seconds == plan(1e15, 1_000, gpu).seconds


def test_two_halves_of_a_gpu_are_planned_as_one_gpu():
    half, whole = plan(1e18, 10**6, H100_FI, 2, gpus_per_device=Fraction(1, 2)), plan(1e18, 10**6, H100_FI, 1)
    assert (half.seconds, half.gpu_seconds, half.footprint, half.cost) == (
        whole.seconds, whole.gpu_seconds, whole.footprint, whole.cost,
    )  # fmt: skip


def test_on_whole_nodes_all_their_gpus_are_paid_and_draw_power_and_no_time_is_won():
    one, node = plan(1e18, 10**6, H100_FI, 1), plan(1e18, 10**6, H100_FI, 1, gpus_charged=Fraction(4))
    assert (node.seconds, node.gpu_seconds) == (one.seconds, 4 * one.seconds)
    assert node.footprint.energy_wh == pytest.approx(4 * one.footprint.energy_wh)
