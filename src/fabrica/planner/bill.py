"""Looking back: what a run or an award used, drew and emitted, and what a cloud would have charged."""

from dataclasses import dataclass, replace

from fabrica.kit.errors import Refused
from fabrica.planner.facts import Assumption, CloudPrice, MachineFacts, assumptions, carbon_of, weakest
from fabrica.planner.footprint import (
    CloudCost,
    Footprint,
    cloud_costs,
    footprint,
    footprint_assumptions,
    price_rows,
    recorded_footprint,
)

COMPARED_WITH_A_CPU = "h100-80"
SAME = "What the same hours of this GPU cost where it could be rented, each on the date given with it."
NEAREST = "This GPU is on no price list; the nearest one that is stands for it, each price on the date given with it."
NO_PRICE = "No cloud price is known for this device, so none is shown."
CPU = (
    "These are hours of processor cores. No price on the list compares with them, so no cloud cost is given; "
    "the list of GPU prices per hour is shown for orientation only."
)


@dataclass(frozen=True)
class Bill:
    """What was used against what was awarded. `cloud` is empty where nothing rented compares; `cloud_note` says why.

    `price_list` holds prices per hour, not costs. `time_ratio` is actual by planned time. `energy_is` says where the
    energy comes from: `recorded` by the machine, `estimated`, or `mixed` where it recorded some jobs only.
    """

    used_gpu_seconds: int
    award_gpu_seconds: int
    footprint: Footprint
    cloud: tuple[CloudCost, ...]
    cloud_note: str
    price_list: tuple[CloudPrice, ...]
    planned_seconds: int | None
    actual_seconds: int | None
    assumptions: tuple[Assumption, ...]
    energy_is: str

    @property
    def confidence(self) -> str:
        return weakest(self.assumptions)

    @property
    def left_gpu_seconds(self) -> int:
        return self.award_gpu_seconds - self.used_gpu_seconds

    @property
    def used_percent(self) -> float | None:
        return 100 * self.used_gpu_seconds / self.award_gpu_seconds if self.award_gpu_seconds else None

    @property
    def time_ratio(self) -> float | None:
        if not self.planned_seconds or self.actual_seconds is None:
            return None
        return self.actual_seconds / self.planned_seconds


def bill(
    *,
    used_gpu_seconds: int,
    award_gpu_seconds: int,
    machine: MachineFacts,
    country: str | None = None,
    planned_seconds: int | None = None,
    actual_seconds: int | None = None,
    recorded_joules: int = 0,
    recorded_gpu_seconds: int = 0,
) -> Bill:
    """The bill of `used_gpu_seconds` on a machine (in `country`, if it is not the machine's own).

    For `recorded_gpu_seconds` of them the machine recorded `recorded_joules`; the energy of the rest is estimated.
    Raises Refused for values below zero, NotFound for a country without a carbon intensity.
    """
    given = (used_gpu_seconds, award_gpu_seconds, planned_seconds or 0, actual_seconds or 0)
    if min(given) < 0:
        raise Refused("A bill cannot be made of seconds below zero.")
    here = replace(machine, country=carbon_of(country).country) if country else machine
    rows = price_rows(here.device.price_as)
    estimated = max(0, used_gpu_seconds - recorded_gpu_seconds)
    used = footprint_assumptions(here) + ((assumptions()["eur_per_usd"],) if rows else ())
    return Bill(
        used_gpu_seconds,
        award_gpu_seconds,
        _added(recorded_footprint(recorded_joules, here), footprint(estimated, here)),
        cloud_costs(rows, used_gpu_seconds),
        _note(here, rows),
        rows or (price_rows(COMPARED_WITH_A_CPU) if here.device.kind == "cpu" else ()),
        planned_seconds,
        actual_seconds,
        used,
        _origin(recorded_gpu_seconds, estimated),
    )


def _added(one: Footprint, other: Footprint) -> Footprint:
    return Footprint(one.energy_wh + other.energy_wh, one.co2e_grams + other.co2e_grams)


def _origin(recorded: int, estimated: int) -> str:
    if recorded and estimated:
        return "mixed"
    return "recorded" if recorded else "estimated"


def _note(machine: MachineFacts, rows: tuple[CloudPrice, ...]) -> str:
    if machine.device.kind == "cpu":
        return CPU
    if not rows:
        return NO_PRICE
    return SAME if machine.device.price_as == machine.device.slug else NEAREST
