"""What a recipe would take on a machine, and which recipes there are."""

import os
from dataclasses import Field, dataclass, fields, is_dataclass
from typing import Any

from django.utils.translation import gettext as _

from fabrica import planner
from fabrica.clusters.models import Machine
from fabrica.clusters.queries import counting_of
from fabrica.kit.errors import Refused
from fabrica.trainer.recipe import NAMED, Recipe, to_dict
from fabrica.trainer.sizes import tokens_per_step, training_flops
from fabrica.training.engine import time_limit


def machine_facts(machine: Machine) -> planner.MachineFacts:
    """The machine as the planner sees it. Raises NotFound for a device or country without facts."""
    # The embedded default shares this computer's cores among its devices.
    cores = max(1, (os.cpu_count() or 1) // machine.devices_total) if machine.device == "cpu" else None
    country = machine.site.country
    return planner.machine_of(machine.device, country, cores_per_device=cores, slug=machine.slug, name=machine.name)


@dataclass(frozen=True)
class Hold:
    """The time limit of a run as its machine keeps it, and the GPU-seconds that are held for it."""

    time_limit_seconds: int
    gpu_seconds: int


def hold(machine: Machine, *, devices: int, nodes: int, planned_seconds: int | None, given: int | None) -> Hold:
    """What a launch takes: just what the machine itself will set aside for the job. Raises Refused for bad limits."""
    counting = counting_of(machine)
    seconds = counting.whole(time_limit(planned_seconds, given))
    return Hold(seconds, counting.hold(devices, nodes, seconds))


def plan(machine: Machine, recipe: Recipe, devices: int = 1, nodes: int = 0) -> planner.Plan:
    """Time, energy, CO2e and price of the recipe on the machine, by its measured rate where there is one.

    Raises Refused for more devices than the machine has.
    """
    check_devices(machine, devices)
    measured = None
    if machine.flops_per_second and machine.measured_at:
        measured = planner.Calibration(machine.flops_per_second, machine.measured_at)
    flops, tokens = training_flops(recipe), tokens_per_step(recipe) * recipe.steps
    counting = counting_of(machine)
    charged = counting.units(devices, nodes) * counting.gpus_per_unit
    return planner.plan(
        flops, tokens, machine_facts(machine), devices, measured,
        steps=recipe.steps, gpus_per_device=counting.gpus_per_device, gpus_charged=charged,
    )  # fmt: skip


def check_devices(machine: Machine, devices: int) -> None:
    """Raises Refused for a number of devices the machine does not have."""
    if not 1 <= devices <= machine.devices_total:
        raise Refused(
            _("The run asks for %(devices)s devices.") % {"devices": devices},
            why=_("%(machine)s has %(devices)s.") % {"machine": machine.name, "devices": machine.devices_total},
            todo=_("Ask for 1 to %(devices)s.") % {"devices": machine.devices_total},
        )


def recipes() -> list[dict[str, Any]]:
    """The built-in recipes: name, values, and for each key its path, default and bounds."""
    return [{"name": name, "values": to_dict(recipe), "keys": keys(recipe)} for name, recipe in NAMED.items()]


def keys(base: Any, path: str = "") -> list[dict[str, Any]]:
    """Each key that a recipe may set, by its path such as `model.width`, with its default and bounds."""
    found = []
    for one in fields(base):
        value, where = getattr(base, one.name), f"{path}{one.name}"
        found += keys(value, f"{where}.") if is_dataclass(value) else [_key(one, value, where)]
    return found


def _key(one: "Field[Any]", value: Any, where: str) -> dict[str, Any]:
    limits = one.metadata
    choices = list(limits.get("choices", ()))
    low, high = limits.get("low"), limits.get("high")
    return {"key": where, "default": value, "low": low, "high": high, "choices": choices}
