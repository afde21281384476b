"""Bills, checked by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.kit.errors import NotFound, Refused
from fabrica.planner import bill, machine, machine_of

HERE = machine_of("cpu", "FR", cores_per_device=2)


def test_an_hour_on_two_cores_by_hand():
    found = bill(
        used_gpu_seconds=3600, award_gpu_seconds=36_000, machine=HERE, planned_seconds=3000, actual_seconds=3600
    )
    assert (found.left_gpu_seconds, found.used_percent, found.time_ratio) == (32_400, 10, 1.2)
    assert found.footprint.energy_wh == pytest.approx(2 * 12 * 1.56)
    assert found.footprint.co2e_grams == pytest.approx(2 * 12 * 1.56 / 1000 * 56)
    assert [one.name for one in found.assumptions] == ["watts_per_device", "pue_local", "carbon_intensity_FR_2023"]


def test_processor_hours_are_never_priced_as_gpu_hours():
    found = bill(used_gpu_seconds=3600, award_gpu_seconds=7200, machine=HERE)
    assert found.cloud == ()
    assert found.cloud_note == (
        "These are hours of processor cores. No price on the list compares with them, so no cloud cost is given; "
        "the list of GPU prices per hour is shown for orientation only."
    )
    assert {one.gpu for one in found.price_list} == {"h100-80"}


def test_gpu_hours_are_priced_line_by_line_with_date_and_tier():
    found = bill(used_gpu_seconds=3600, award_gpu_seconds=7200, machine=machine_of("h100", "FR"))
    lines = {one.price.vendor: one for one in found.cloud}
    aws, specialist = lines["Amazon Web Services"], lines["specialty tier"]
    assert (aws.price.priced_on, aws.price.tier, aws.eur_cents_low, aws.eur_cents_high) == (
        "2025-03-17",
        "list",
        1129,
        1129,
    )
    assert (specialist.price.priced_on, specialist.eur_cents_low, specialist.eur_cents_high) == ("2026-05", 230, 321)
    assert [one.eur_cents_low for one in found.cloud] == sorted(one.eur_cents_low for one in found.cloud)
    assert [one.price for one in found.cloud] == list(found.price_list)
    assert found.assumptions[-1].name == "eur_per_usd"


def test_a_gpu_on_no_price_list_says_which_one_stands_for_it():
    found = bill(used_gpu_seconds=3600, award_gpu_seconds=3600, machine=machine("leonardo"))
    assert {one.price.gpu for one in found.cloud} == {"a100-80"}
    assert found.cloud_note.startswith("This GPU is on no price list; the nearest one")
    assert bill(used_gpu_seconds=1, award_gpu_seconds=1, machine=machine("lumi-g")).cloud == ()


def test_the_country_may_be_another_than_the_machines():
    there = bill(used_gpu_seconds=3600, award_gpu_seconds=3600, machine=HERE, country="pl")
    assert there.footprint.co2e_grams == pytest.approx(2 * 12 * 1.56 / 1000 * 661.9)
    with pytest.raises(NotFound):
        bill(used_gpu_seconds=1, award_gpu_seconds=1, machine=HERE, country="XX")


def test_a_bill_without_plan_or_award_has_no_ratio():
    found = bill(used_gpu_seconds=0, award_gpu_seconds=0, machine=HERE)
    assert (found.time_ratio, found.used_percent, found.left_gpu_seconds) == (None, None, 0)
    assert found.footprint.energy_wh == 0
    assert found.confidence == "B"


@pytest.mark.parametrize("name", ["used_gpu_seconds", "award_gpu_seconds", "planned_seconds", "actual_seconds"])
def test_seconds_below_zero_are_refused(name):
    with pytest.raises(Refused):
        bill(**{"used_gpu_seconds": 1, "award_gpu_seconds": 1, "machine": HERE} | {name: -1})


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_two_bills_cost_what_one_for_both_does_to_a_cent_per_line(one, other):
    def cents(used):
        lines = bill(used_gpu_seconds=used, award_gpu_seconds=used, machine=machine_of("h200", "SE")).cloud
        return [line.eur_cents_low for line in lines]

    for both, first, second in zip(cents(one + other), cents(one), cents(other), strict=True):
        assert abs(both - first - second) <= 1


def test_recorded_energy_replaces_the_estimate_of_the_jobs_it_was_recorded_for():
    machine = machine_of("h100-80", "FR")
    estimated = bill(used_gpu_seconds=7_200, award_gpu_seconds=36_000, machine=machine)
    half = bill(used_gpu_seconds=3_600, award_gpu_seconds=36_000, machine=machine)
    told = {"used_gpu_seconds": 7_200, "award_gpu_seconds": 36_000, "machine": machine, "recorded_joules": 360_000}
    recorded, mixed = bill(**told, recorded_gpu_seconds=7_200), bill(**told, recorded_gpu_seconds=3_600)
    assert [one.energy_is for one in (estimated, recorded, mixed)] == ["estimated", "recorded", "mixed"]
    assert recorded.footprint.energy_wh == pytest.approx(100 * machine.pue.value)
    assert mixed.footprint.energy_wh == pytest.approx(100 * machine.pue.value + half.footprint.energy_wh)
    grams = recorded.footprint.co2e_grams / recorded.footprint.energy_wh
    assert grams == pytest.approx(estimated.footprint.co2e_grams / estimated.footprint.energy_wh)
