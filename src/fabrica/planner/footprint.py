"""What device-seconds draw, emit and would cost: shared by the plan and the bill."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from fabrica.planner.facts import Assumption, CloudPrice, MachineFacts, assumptions, carbon_of, prices

SECONDS_PER_HOUR = 3600


@dataclass(frozen=True)
class Footprint:
    """Electrical energy with the building's share, and its CO2e: estimated, unless the machine recorded its energy."""

    energy_wh: float
    co2e_grams: float


@dataclass(frozen=True)
class CloudCost:
    """What the same device-hours would cost at one line of the price list, in euro cents."""

    price: CloudPrice
    eur_cents_low: int
    eur_cents_high: int


def footprint(gpu_seconds: float, machine: MachineFacts) -> Footprint:
    """Energy = device-seconds x watts per device x PUE; CO2e = energy x the country's carbon intensity.

    Assumes full power all the time, so it is an upper estimate for a job that waits on data.
    """
    energy_wh = gpu_seconds * machine.watts_per_device * machine.pue.value / SECONDS_PER_HOUR
    return Footprint(energy_wh, energy_wh / 1000 * carbon_of(machine.country).grams_per_kwh)


def recorded_footprint(joules: int, machine: MachineFacts) -> Footprint:
    """What a machine recorded of its devices' energy, with the building's share (PUE) and the CO2e of all of it."""
    energy_wh = joules * machine.pue.value / SECONDS_PER_HOUR
    return Footprint(energy_wh, energy_wh / 1000 * carbon_of(machine.country).grams_per_kwh)


def footprint_assumptions(machine: MachineFacts) -> tuple[Assumption, ...]:
    """The values behind `footprint`, each with its source."""
    carbon = carbon_of(machine.country)
    return (
        Assumption("watts_per_device", machine.watts_per_device, "W", machine.watts_source),
        machine.pue,
        Assumption(
            f"carbon_intensity_{carbon.country}_{carbon.year}", carbon.grams_per_kwh, "gCO2e/kWh", carbon.source
        ),
    )


def price_rows(gpu: str | None, tier: str | None = None) -> tuple[CloudPrice, ...]:
    """The lines of the price list for a GPU, cheapest first; all tiers unless one is named."""
    found = [row for row in prices() if row.gpu == gpu and tier in (None, row.tier)]
    return tuple(sorted(found, key=lambda row: (row.usd_cents_low, row.vendor)))


def cloud_cost(price: CloudPrice, gpu_seconds_low: int, gpu_seconds_high: int) -> CloudCost:
    """The cost of so many GPU-seconds, rounded to whole euro cents (half up), at the stated USD to EUR rate."""
    return CloudCost(
        price, _eur_cents(price.usd_cents_low, gpu_seconds_low), _eur_cents(price.usd_cents_high, gpu_seconds_high)
    )


def cloud_costs(rows: Iterable[CloudPrice], gpu_seconds: int) -> tuple[CloudCost, ...]:
    """The cost of the same GPU-seconds at each line."""
    return tuple(cloud_cost(row, gpu_seconds, gpu_seconds) for row in rows)


def _eur_cents(usd_cents_per_hour: int, gpu_seconds: int) -> int:
    rate = Fraction(str(assumptions()["eur_per_usd"].value))
    return int(rate * usd_cents_per_hour * gpu_seconds / SECONDS_PER_HOUR + Fraction(1, 2))
