"""Looking ahead: how long a run takes, what it needs, and how many hours to apply for."""

import math
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Literal

from fabrica.kit.errors import Refused
from fabrica.kit.facts import Source
from fabrica.planner.facts import Assumption, MachineFacts, assumptions, weakest
from fabrica.planner.footprint import (
    CloudCost,
    Footprint,
    cloud_cost,
    footprint,
    footprint_assumptions,
    price_rows,
)

SECONDS_PER_HOUR = 3600
MAX_DEVICES = 100_000
MAX_FLOPS = 1e30
MAX_RUNS = 10_000
BYTES_PER_GB = 10**9
PRECISIONS = ("bf16", "fp32")


@dataclass(frozen=True)
class Calibration:
    """A rate that was measured by really training on the machine: FLOP/s that one device sustains."""

    flops_per_second_per_device: float
    measured_at: datetime
    how: str = "a short training on this machine"

    def as_assumption(self) -> Assumption:
        """The measured rate, dated, as it stands among the assumptions of a plan."""
        source = Source(f"Measured: {self.how}", self.measured_at.date(), "A")
        return Assumption("measured_rate", self.flops_per_second_per_device, "FLOP/s per device", source)


@dataclass(frozen=True)
class Range:
    """A value with the lowest and the highest that the stated error allows."""

    low: float
    value: float
    high: float


@dataclass(frozen=True)
class Plan:
    """What a run should take. `cost` is None where no rented GPU compares. Seconds include start and evaluation."""

    seconds: int
    seconds_low: int
    seconds_high: int
    devices: int
    gpu_seconds: int
    gpu_seconds_low: int
    gpu_seconds_high: int
    tokens_per_second: float
    footprint: Footprint
    footprint_low: Footprint
    footprint_high: Footprint
    cost: CloudCost | None
    is_measured: bool
    assumptions: tuple[Assumption, ...]

    @property
    def confidence(self) -> str:
        return weakest(self.assumptions)


def plan(
    recipe_flops: float,
    tokens: int,
    machine: MachineFacts,
    devices: int = 1,
    calibration: Calibration | None = None,
    *,
    steps: int = 0,
    startup_seconds: float | None = None,
    evaluation_seconds: float | None = None,
    price_tier: str = "specialist",
    gpus_per_device: Fraction = Fraction(1),
    gpus_charged: Fraction | None = None,
) -> Plan:
    """Time, energy, CO2e and cloud price of training `recipe_flops` (all operations) on `tokens` tokens.

    time = FLOPs / (devices x rate) + steps x overhead + start + evaluation. The overhead of a step is what small
    models on a processor spend beside arithmetic; it is 0 on a GPU, where nobody measured it, and without `steps`.
    The rate is the calibration where there is one, else peak x MFU (the estimator that fits published runs best: 6ND
    at 40 % of peak). Nothing is taken off for traffic between devices. Raises Refused for values out of bounds.

    Facts are those of a whole GPU; where the machine's devices are parts of one, `gpus_per_device` says how large.
    `gpus_charged` is how many GPUs are paid and draw power, where they are others than those of the devices.
    """
    _check(recipe_flops, tokens, devices, startup_seconds, evaluation_seconds)
    rates, used = device_rates(machine, calibration, gpus_per_device)
    charged = devices * gpus_per_device if gpus_charged is None else gpus_charged
    start, used_start = _startup(machine, startup_seconds)
    share = assumptions()["evaluation_share"]
    overhead, used_overhead = _overhead(machine, steps)
    used += used_start + used_overhead + ((share,) if evaluation_seconds is None else ())

    def seconds(rate: float) -> int:
        compute = recipe_flops / (devices * rate) + overhead
        evaluation = compute * share.value if evaluation_seconds is None else evaluation_seconds
        return max(1, math.ceil(round(compute + start + evaluation, 6)))  # a rounding error is no second

    low, value, high = seconds(rates.high), seconds(rates.value), seconds(rates.low)
    gpu_low, gpu_value, gpu_high = (math.ceil(charged * one) for one in (low, value, high))
    rows = price_rows(machine.device.price_as, price_tier)
    cost = cloud_cost(rows[0], gpu_low, gpu_high) if rows else None
    used += footprint_assumptions(machine) + ((assumptions()["eur_per_usd"],) if cost else ())
    return Plan(
        seconds=value,
        seconds_low=low,
        seconds_high=high,
        devices=devices,
        gpu_seconds=gpu_value,
        gpu_seconds_low=gpu_low,
        gpu_seconds_high=gpu_high,
        tokens_per_second=tokens * devices * rates.value / recipe_flops,
        footprint=footprint(gpu_value, machine),
        footprint_low=footprint(gpu_low, machine),
        footprint_high=footprint(gpu_high, machine),
        cost=cost,
        is_measured=calibration is not None,
        assumptions=used,
    )


def _check(recipe_flops: float, tokens: int, devices: int, startup: float | None, evaluation: float | None) -> None:
    if not 0 < recipe_flops <= MAX_FLOPS:
        raise Refused(f"A training of {recipe_flops:g} operations cannot be planned.")
    if not 1 <= devices <= MAX_DEVICES:
        raise Refused(f"{devices} devices cannot be planned.", todo=f"Give 1 to {MAX_DEVICES}.")
    if tokens < 1:
        raise Refused("A training on no tokens cannot be planned.")
    if any(value is not None and not 0 <= value < math.inf for value in (startup, evaluation)):
        raise Refused("The seconds for start and evaluation cannot be below zero.")


def device_rates(
    machine: MachineFacts, calibration: Calibration | None, gpus_per_device: Fraction
) -> tuple[Range, tuple[Assumption, ...]]:
    """FLOP/s of one device: measured with the error of measured predictions, or peak with the spread of MFU."""
    stated = assumptions()
    if calibration:
        rate, error = calibration.flops_per_second_per_device, stated["calibrated_error"]
        if not 0 < rate < math.inf:
            raise Refused(f"A measured rate of {rate:g} operations per second cannot be used.")
        return Range(rate / (1 + error.value), rate, rate / (1 - error.value)), (calibration.as_assumption(), error)
    names = [f"mfu_{machine.device.kind}{end}" for end in ("_low", "", "_high")]
    peak_rate = machine.peak_flops_per_second * float(gpus_per_device)
    low, value, high = (peak_rate * stated[name].value for name in names)
    peak = Assumption("peak", peak_rate, "FLOP/s per device", machine.device.source)
    return Range(low, value, high), (peak, *(stated[name] for name in names))


def _overhead(machine: MachineFacts, steps: int) -> tuple[float, tuple[Assumption, ...]]:
    if not steps or machine.device.kind != "cpu":
        return 0.0, ()
    stated = assumptions()["step_overhead_cpu"]
    return steps * stated.value, (stated,)


def _startup(machine: MachineFacts, given: float | None) -> tuple[float, tuple[Assumption, ...]]:
    if given is not None:
        return given, ()
    stated = assumptions()["startup_local" if machine.device.kind == "cpu" else "startup_cluster"]
    return stated.value, (stated,)


@dataclass(frozen=True)
class Proposal:
    """Hours to apply for: one run's plan, times the runs, plus the margin, rounded up to whole GPU-hours."""

    gpu_hours: int
    gpu_seconds: int
    planned_gpu_seconds: int
    runs: int
    margin_percent: int
    assumption: Assumption


def propose_gpu_hours(one_run: Plan, runs: int = 1, margin_percent: int | None = None) -> Proposal:
    """The hours that an application should ask for. Reviewers accept 15 to 20 % of margin; 20 by default.

    Raises Refused for a number of runs or a margin out of bounds (0 to 100 %).
    """
    stated = assumptions()["margin"]
    percent = round(stated.value * 100) if margin_percent is None else margin_percent
    if not 1 <= runs <= MAX_RUNS or not 0 <= percent <= 100:  # noqa: PLR2004 - per cent
        raise Refused(f"{runs} runs with {percent} % of margin cannot be planned.")
    planned = one_run.gpu_seconds * runs
    hours = -(-planned * (100 + percent) // (100 * SECONDS_PER_HOUR))
    return Proposal(hours, hours * SECONDS_PER_HOUR, planned, runs, percent, stated)


@dataclass(frozen=True)
class MemoryFit:
    """Whether the training's state fits: `fits`, `needs_more_devices` (spread over them) or `unknown`."""

    verdict: Literal["fits", "needs_more_devices", "unknown"]
    needed_gb: float
    usable_gb_per_device: float | None
    devices_needed: int | None
    assumptions: tuple[Assumption, ...]


def memory_fit(parameters: int, precision: str, device_memory_gb: float | None, devices: int = 1) -> MemoryFit:
    """Weights, gradients and Adam states of `parameters`, shared evenly by all devices, against their memory.

    16 bytes per parameter (ZeRO, arXiv 1910.02054), with 30 % of each device kept for activations. `unknown` where
    the memory is not known. Raises Refused for an unknown precision or values out of bounds.
    """
    if precision not in PRECISIONS:
        raise Refused(f"The precision {precision[:40]!r} is unknown.", todo=f"Use {' or '.join(PRECISIONS)}.")
    if parameters < 1 or devices < 1 or (device_memory_gb is not None and device_memory_gb <= 0):
        raise Refused("Parameters, devices and memory must be above zero.")
    per_parameter = assumptions()[f"training_bytes_per_parameter_{precision}"]
    kept = assumptions()["activation_share"]
    needed = parameters * per_parameter.value / BYTES_PER_GB
    if device_memory_gb is None:
        return MemoryFit("unknown", needed, None, None, (per_parameter, kept))
    usable = device_memory_gb * (1 - kept.value)
    enough = math.ceil(needed / usable)
    verdict: Literal["fits", "needs_more_devices"] = "fits" if enough <= devices else "needs_more_devices"
    return MemoryFit(verdict, needed, usable, enough, (per_parameter, kept))
