"""Reading machines, and the way to their adapters."""

from collections.abc import Callable

from django.db.models import QuerySet

from fabrica.clusters.adapters.port import Cluster
from fabrica.clusters.models import Machine, Site
from fabrica.kit.errors import NotFound, Refused
from fabrica.planner import Calibration, MachineFacts, machine_of

Maker = Callable[[Machine], Cluster]
_makers: dict[str, Maker] = {}


def serve(adapter: str, maker: Maker) -> None:
    """Say which function makes the adapter of this name; called by `config.wiring` alone."""
    _makers[adapter] = maker


def adapters() -> list[str]:
    """The names of the adapters this site can speak through."""
    return sorted(_makers)


def cluster_of(machine: Machine) -> Cluster:
    """The port to a machine. Raises Refused for an adapter nobody wired."""
    if machine.adapter not in _makers:
        raise Refused(
            f"No adapter is called {machine.adapter}.", todo=f"Use one of: {', '.join(adapters()) or 'none'}."
        )
    return _makers[machine.adapter](machine)


def machines() -> QuerySet[Machine]:
    """All machines with their site, by name: that they exist and how busy they are is public."""
    return Machine.objects.select_related("site").order_by("name")


def machine_by_slug(slug: str) -> Machine:
    """A machine by its slug. Raises NotFound."""
    found = machines().filter(slug=slug).first()
    if found is None:
        raise NotFound(f"There is no machine {slug}.", todo="See `fabrica-site doctor` for those there are.")
    return found


def site_by_slug(slug: str) -> Site:
    """A site by its slug. Raises NotFound."""
    found = Site.objects.filter(slug=slug).first()
    if found is None:
        raise NotFound(f"There is no site {slug}.", todo="Register it with `fabrica-site clusters add-site`.")
    return found


def facts_of(machine: Machine) -> MachineFacts:
    """What the planner knows of a machine. Raises NotFound for a device or country without facts."""
    return machine_of(machine.device, machine.site.country, slug=machine.slug, name=machine.name)


def calibration_of(machine: Machine) -> Calibration | None:
    """The rate that was measured on a machine; None where nobody measured."""
    if machine.flops_per_second is None or machine.measured_at is None:
        return None
    return Calibration(machine.flops_per_second, machine.measured_at)
