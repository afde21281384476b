"""The planner's facts of the world, read once from `data/` and checked while they are read."""

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from fabrica.kit.errors import NotFound
from fabrica.kit.facts import Source, load, source_of

PACKAGE = "fabrica.planner"
KINDS = ("gpu", "cpu")
TIERS = ("hyperscaler", "specialist", "long_tail", "median", "list")
Fact = TypeVar("Fact")


@dataclass(frozen=True)
class Assumption:
    """A value that went into an estimate: what, how much, in which unit, and why it may be used."""

    name: str
    value: float
    unit: str
    source: Source


def weakest(used: tuple[Assumption, ...]) -> str:
    """The confidence of an estimate: that of its weakest assumption (A is best, C is a guess)."""
    return max(one.source.confidence for one in used)


@dataclass(frozen=True)
class Device:
    """One device: peak in FLOP/s (dense bf16; cpu: fp32 of one core) and its own full power in watts."""

    slug: str
    name: str
    kind: Literal["gpu", "cpu"]
    peak_flops_per_second: float
    memory_gb: float | None
    watts: float
    price_as: str | None
    source: Source
    watts_source: Source


@dataclass(frozen=True)
class MachineFacts:
    """A machine as the planner sees it: what one of its devices can do and draws, and where it stands.

    `watts_per_device` includes the device's share of the node and network; `country` is ISO 3166 alpha-2.
    """

    slug: str
    name: str
    country: str
    device: Device
    peak_flops_per_second: float
    watts_per_device: float
    watts_source: Source
    pue: Assumption
    devices_total: int | None
    memory_gb: float | None
    source: Source


@dataclass(frozen=True)
class CarbonIntensity:
    """Mean grams of CO2e per kWh of a country's electricity in one year."""

    country: str
    name: str
    grams_per_kwh: float
    year: int
    source: Source


@dataclass(frozen=True)
class CloudPrice:
    """What one hour of a rented GPU cost on a day (or in a month), in US cents; a tier is a range."""

    gpu: str
    vendor: str
    tier: str
    priced_on: str
    usd_cents_low: int
    usd_cents_high: int
    source: Source


def _rows(name: str, read: Callable[[dict[str, Any]], Fact]) -> list[Fact]:
    """All rows of a data file, each checked. Raises ValueError naming the row."""
    found = []
    for row in load(PACKAGE, name)["rows"]:
        try:
            found.append(read(row))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{name}: {error} in {row}") from error
    return found


def _positive(value: float | None) -> float:
    if value is None or not value > 0:
        raise ValueError(f"{value} is not above zero")
    return value


def _word(value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise ValueError(f"{value} is none of {', '.join(allowed)}")
    return value


@functools.cache
def assumptions() -> dict[str, Assumption]:
    """Every stated assumption by its name."""
    found = _rows(
        "assumptions.json",
        lambda row: Assumption(row["name"], _positive(row["value"]), row["unit"], source_of(row)),
    )
    return {one.name: one for one in found}


@functools.cache
def carbon() -> dict[str, CarbonIntensity]:
    """Carbon intensity by country (ISO 3166 alpha-2)."""
    found = _rows(
        "carbon.json",
        lambda row: CarbonIntensity(
            row["country"], row["name"], _positive(row["grams_per_kwh"]), int(row["year"]), source_of(row)
        ),
    )
    return {one.country: one for one in found}


def carbon_of(country: str) -> CarbonIntensity:
    """The carbon intensity of one country. Raises NotFound, listing the countries there are."""
    return _get(carbon(), country.upper(), "carbon intensity for the country")


@functools.cache
def prices() -> tuple[CloudPrice, ...]:
    """The price list: the newest row per vendor and GPU."""
    return tuple(_rows("prices.json", _price))


def _price(row: dict[str, Any]) -> CloudPrice:
    low, high = row["usd_cents_per_hour_low"], row["usd_cents_per_hour_high"]
    if not (isinstance(low, int) and isinstance(high, int) and 0 < low <= high):
        raise ValueError(f"{low} to {high} is no range of cents")
    tier = _word(row["tier"], TIERS)
    return CloudPrice(row["gpu"], row["vendor"], tier, row["priced_on"], low, high, source_of(row))


@functools.cache
def devices() -> dict[str, Device]:
    """Every device by its slug, and by its short name."""
    found = {one.slug: one for one in _rows("devices.json", _device)}
    aliases: dict[str, str] = load(PACKAGE, "devices.json")["aliases"]
    return found | {short: found[slug] for short, slug in aliases.items()}


def _device(row: dict[str, Any]) -> Device:
    kind = _word(row["kind"], KINDS)
    return Device(
        row["slug"],
        row["name"],
        "gpu" if kind == "gpu" else "cpu",
        _positive(row["peak_tflops"]) * 1e12,
        row["memory_gb"],
        _positive(row["power"]["watts"]),
        row["price_as"],
        source_of(row),
        source_of(row["power"]),
    )


@functools.cache
def machines() -> dict[str, MachineFacts]:
    """The machines we have facts of, by slug."""
    return {one.slug: one for one in _rows("machines.json", _machine)}


def _machine(row: dict[str, Any]) -> MachineFacts:
    facts = machine_of(row["device"], row["country"], slug=row["slug"], name=row["name"])
    source, total = source_of(row), int(_positive(row["devices_total"]))
    watts, watts_source = facts.watts_per_device, facts.watts_source
    if row["power_kw"]:
        watts = _positive(row["power_kw"]) * 1000 / total
        text = f"Linpack power of the whole machine shared by its devices: {source.text}"
        watts_source = Source(text, source.checked_on, source.confidence)
    return MachineFacts(
        facts.slug,
        facts.name,
        facts.country,
        facts.device,
        facts.peak_flops_per_second,
        watts,
        watts_source,
        facts.pue,
        total,
        facts.memory_gb,
        source,
    )


def machine(slug: str) -> MachineFacts:
    """A known machine, such as `leonardo`. Raises NotFound, listing those there are."""
    return _get(machines(), slug, "machine")


def machine_of(
    device: str, country: str, *, cores_per_device: int | None = None, slug: str = "", name: str = ""
) -> MachineFacts:
    """A site's own machine, from its kind of device (`h100`, `cpu`, ...) and its country.

    A `cpu` device is a set of `cores_per_device` cores (all cores of this machine when left out). Raises NotFound
    for a device or country without facts, listing those there are.
    """
    kind = _get(devices(), device, "device")
    stated = assumptions()
    share = (cores_per_device or os.cpu_count() or 1) if kind.kind == "cpu" else stated["host_factor"].value
    scale = share if kind.kind == "cpu" else 1
    return MachineFacts(
        slug or kind.slug,
        name or kind.name,
        carbon_of(country).country,
        kind,
        kind.peak_flops_per_second * scale,
        kind.watts * share,
        kind.watts_source,
        stated["pue_local" if kind.kind == "cpu" else "pue_cluster"],
        None,
        kind.memory_gb,
        kind.source,
    )


def _get(table: dict[str, Fact], key: str, what: str) -> Fact:
    if key not in table:
        raise NotFound(f"There is no {what} {key[:80]!r}.", todo=f"Choose one of: {', '.join(sorted(table))}.")
    return table[key]
