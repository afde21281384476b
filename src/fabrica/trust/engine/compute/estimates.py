"""The compute of a training, from what was metered and from what its architecture says."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from fabrica.kit.errors import Refused
from fabrica.planner import Calibration, MachineFacts, device_rates
from fabrica.trust.engine.compute.thresholds import error_of

METERED, ARCHITECTURE, GRANTED = "metered", "architecture", "granted"
MOST_FLOP = 1e32
WHOLE = Fraction(1)
Inputs = Mapping[str, float | int | str]


@dataclass(frozen=True)
class Estimate:
    """Floating-point operations: a value, and from where to where it may lie. `inputs` are what went into it."""

    method: str
    low: float
    value: float
    high: float
    inputs: Inputs
    sources: tuple[str, ...]


def from_metering(
    gpu_seconds: int,
    machine: MachineFacts,
    calibration: Calibration | None = None,
    *,
    gpus_per_device: Fraction = WHOLE,
) -> Estimate:
    """GPU-seconds times the device's peak times how much of it trainings reach, or times the rate measured there.

    The error is that of the utilisation. `gpus_per_device` says how large the machine's devices are, as parts of a
    GPU. Raises Refused for fewer than no GPU-seconds.
    """
    return _by_hours(METERED, gpu_seconds, machine, calibration, gpus_per_device)


def from_grant(
    gpu_seconds: int,
    machine: MachineFacts,
    calibration: Calibration | None = None,
    *,
    gpus_per_device: Fraction = WHOLE,
) -> Estimate:
    """What so many GPU-seconds could train: at a usual utilisation, and at most (`high`) at the device's full peak."""
    found = _by_hours(GRANTED, gpu_seconds, machine, calibration, gpus_per_device)
    most = max(found.high, gpu_seconds * machine.peak_flops_per_second)
    return Estimate(GRANTED, found.low, found.value, most, found.inputs, found.sources)


def from_architecture(parameters: int, tokens: int, *, active_parameters: int | None = None) -> Estimate:
    """6 operations for each parameter and token; of a mixture of experts only the parameters that a token meets count.

    Raises Refused for values below one, or for more active parameters than there are.
    """
    active = parameters if active_parameters is None else active_parameters
    if parameters < 1 or tokens < 1 or not 1 <= active <= parameters:
        raise Refused("Parameters and tokens must be at least 1.", why="Active parameters are some of all parameters.")
    inputs = {"parameters": parameters, "active_parameters": active, "tokens": tokens, "operations_each": 6}
    return _with_error(6 * active * tokens, "architecture", inputs)


def from_operations(flop: float) -> Estimate:
    """What was counted from a recipe: parameters, attention and tokens. Raises Refused for what is no such number."""
    return _with_error(flop, "counted", {"operations": flop})


def total(method: str, parts: Iterable[Estimate]) -> Estimate:
    """Their sum. Errors add up: they are one and the same unknown, how well the device is used."""
    all_parts = list(parts)
    low, value, high = (math.fsum(getattr(one, name) for one in all_parts) for name in ("low", "value", "high"))
    sources = tuple(dict.fromkeys(one for part in all_parts for one in part.sources))
    return Estimate(method, low, value, high, {"parts": len(all_parts)}, sources)


def _with_error(flop: float, name: str, inputs: Inputs) -> Estimate:
    if not 0 < flop <= MOST_FLOP:
        raise Refused(f"{flop:g} operations are no training.", todo=f"Give a number above 0, at most {MOST_FLOP:g}.")
    share, source = error_of(name)
    low, high = flop * (1 - share), flop * (1 + share)
    return Estimate(ARCHITECTURE, low, float(flop), high, {**inputs, "error": share}, (str(source),))


def _by_hours(
    method: str, gpu_seconds: int, machine: MachineFacts, calibration: Calibration | None, gpus_per_device: Fraction
) -> Estimate:
    if gpu_seconds < 0:
        raise Refused(f"{gpu_seconds} GPU-seconds cannot be estimated.")
    rate, used = device_rates(machine, calibration, gpus_per_device)
    low, value, high = (gpu_seconds * one / float(gpus_per_device) for one in (rate.low, rate.value, rate.high))
    peak = machine.peak_flops_per_second
    inputs: Inputs = {
        "gpu_seconds": gpu_seconds, "device": machine.device.name, "peak_flops_per_second": peak,
        "precision": "bf16" if machine.device.kind == "gpu" else "fp32",
        **_shares(rate.low, rate.value, rate.high, peak * float(gpus_per_device)),
    }  # fmt: skip
    return Estimate(method, low, value, high, inputs, (*dict.fromkeys(f"{one.name}: {one.source}" for one in used),))


def _shares(low: float, value: float, high: float, peak: float) -> dict[str, float]:
    """How much of the peak is reached."""
    found = {"utilisation_low": low, "utilisation": value, "utilisation_high": high}
    return {name: round(rate / peak, 4) for name, rate in found.items()}
