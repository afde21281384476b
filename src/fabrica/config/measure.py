"""How fast does this machine train? Measured by training for a moment."""

from datetime import datetime

from fabrica.clusters import queries, services
from fabrica.kit.errors import Refused
from fabrica.people.models import Person
from fabrica.trainer.bench import calibrate
from fabrica.trainer.recipe import named


def measure_machine(slug: str, seconds: float, *, by: Person, now: datetime) -> float:
    """Train the demo's recipe for about `seconds` and keep FLOP/s per device. Raises NotFound, Refused (not local)."""
    machine = queries.machine_by_slug(slug)
    if machine.adapter != "local":
        raise Refused(f"{machine} is another computer.", todo="Run a short run there; its rate is on the run's page.")
    rate = calibrate(named("demo"), seconds).flops_per_second / machine.devices_total
    services.record_measurement(machine=machine, flops_per_second=rate, by=by, now=now)
    return rate
