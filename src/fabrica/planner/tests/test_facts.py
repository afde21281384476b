"""The planner's data files: complete, dated, sourced, and the same as where they came from."""

import csv
import re
from pathlib import Path

import pytest

from fabrica.kit.errors import NotFound
from fabrica.planner import facts, machine, machine_of

SHARED = Path(__file__).parents[5] / "shared" / "data"


def every_source():
    yield from (one.source for one in facts.assumptions().values())
    yield from (one.source for one in facts.carbon().values())
    yield from (one.source for one in facts.prices())
    yield from (one.source for one in facts.machines().values())
    yield from (one.watts_source for one in facts.machines().values())
    yield from (one.source for one in facts.devices().values())
    yield from (one.watts_source for one in facts.devices().values())


def test_every_fact_has_a_source_a_date_and_a_confidence():
    found = list(every_source())
    assert len(found) > 100
    assert all(len(one.text) > 10 and one.confidence in "ABC" and one.checked_on.year >= 2026 for one in found)


def test_every_device_of_every_machine_and_price_is_known():
    assert {one.device.slug for one in facts.machines().values()} <= set(facts.devices())
    priced = {one.gpu for one in facts.prices()}
    assert {one.price_as for one in facts.devices().values()} - {None} <= priced
    assert priced <= set(facts.devices())


def test_each_price_says_its_day_or_month():
    assert all(re.fullmatch(r"20\d\d-\d\d(-\d\d)?", one.priced_on) for one in facts.prices())


def test_there_is_one_price_per_gpu_and_vendor():
    keys = [(one.gpu, one.vendor) for one in facts.prices()]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"name": "x", "value": 0, "unit": "s", "source": "s", "checked_on": "2026-01-01", "confidence": "A"}, "0 is not above zero"),
        ({"name": "x", "value": 1, "unit": "s", "checked_on": "2026-01-01", "confidence": "A"}, "a fact without 'source'"),
        ({"name": "x", "value": 1, "unit": "s", "source": "s", "checked_on": "soon", "confidence": "A"}, "Invalid isoformat string"),
        ({"name": "x", "unit": "s", "source": "s", "checked_on": "2026-01-01", "confidence": "A"}, "'value'"),
    ],
)  # fmt: skip
def test_a_row_that_is_not_whole_is_not_loaded(monkeypatch, row, problem):
    monkeypatch.setattr(facts, "load", lambda _package, _name: {"rows": [row]})
    with pytest.raises(ValueError, match=re.escape(problem)):
        facts.assumptions.__wrapped__()


@pytest.mark.parametrize(
    "change", [{"tier": "cheap"}, {"usd_cents_per_hour_low": 1.5}, {"usd_cents_per_hour_low": 400}]
)
def test_a_price_that_makes_no_sense_is_not_loaded(change):
    row = {
        "gpu": "h200", "vendor": "v", "tier": "list", "priced_on": "2026-05", "source": "somewhere",
        "checked_on": "2026-05-01", "confidence": "B", "usd_cents_per_hour_low": 300, "usd_cents_per_hour_high": 300,
    }  # fmt: skip
    assert facts._price(row).usd_cents_low == 300
    with pytest.raises(ValueError):
        facts._price(row | change)


def test_a_known_machine_has_its_own_power():
    leonardo = machine("leonardo")
    assert (leonardo.country, leonardo.devices_total, leonardo.device.slug) == ("IT", 13824, "a100-64")
    assert leonardo.watts_per_device == pytest.approx(7_500_000 / 13824)
    assert machine("vega").watts_per_device == pytest.approx(400 * 1.22)


def test_the_host_factor_is_the_median_that_it_says_it_is():
    known = [one for one in facts.machines().values() if "Linpack" in one.watts_source.text]
    ratios = sorted(one.watts_per_device / one.device.watts for one in known)
    assert len(ratios) == 7
    assert round(ratios[3], 2) == facts.assumptions()["host_factor"].value


def test_a_processor_device_is_a_set_of_cores():
    mine = machine_of("cpu", "fi", cores_per_device=4)
    assert (mine.country, mine.watts_per_device, mine.pue.value) == ("FI", 48, 1.56)
    assert mine.peak_flops_per_second == pytest.approx(4 * 96e9)


def test_short_names_are_the_usual_kind():
    assert machine_of("h100", "FR").device is facts.devices()["h100-80"]


def test_what_is_not_known_is_told_with_what_is():
    with pytest.raises(NotFound) as told:
        machine("deep-thought")
    assert told.value.what == "There is no machine 'deep-thought'."
    assert "leonardo, lumi-g" in told.value.todo
    with pytest.raises(NotFound):
        machine_of("abacus", "FR")
    with pytest.raises(NotFound):
        machine_of("h100", "XX")


@pytest.mark.shared
def test_carbon_and_prices_are_those_of_the_shared_tables():
    with (SHARED / "carbon_intensity_eu.csv").open() as source:
        theirs = {row["country"]: float(row["gco2e_per_kwh"]) for row in csv.DictReader(source)}
    assert {one.name: one.grams_per_kwh for one in facts.carbon().values()} == theirs
    with (SHARED / "gpu_prices.csv").open() as source:
        rows = {(row["date"], row["vendor"], row["source"]): row for row in csv.DictReader(source)}
    for one in facts.prices():
        assert (one.priced_on, one.vendor, one.source.text) in rows
