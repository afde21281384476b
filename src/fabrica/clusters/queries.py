"""Reading machines, and the way to their adapters."""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.db.models import Q, QuerySet

from fabrica.clusters.adapters.port import Cluster
from fabrica.clusters.models import Machine, Site, UnixName
from fabrica.kit.errors import NotFound, Refused
from fabrica.people.models import Person
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


def facts_of(machine: Machine) -> MachineFacts:
    """What the planner knows of a machine. Raises NotFound for a device or country without facts."""
    return machine_of(machine.device, machine.site.country, slug=machine.slug, name=machine.name)


def calibration_of(machine: Machine) -> Calibration | None:
    """The rate that was measured on a machine; None where nobody measured."""
    if machine.flops_per_second is None or machine.measured_at is None:
        return None
    return Calibration(machine.flops_per_second, machine.measured_at)


def site_by_slug(slug: str) -> Site:
    """A site by its slug. Raises NotFound."""
    found = Site.objects.filter(slug=slug).first()
    if found is None:
        raise NotFound(f"There is no site {slug}.", todo="Register it with `clusters add-site`.")
    return found


def unix_names(site: Site, person_ids: Iterable[int]) -> dict[int, str]:
    """The UNIX name of each of these people at a site, where one has a name; one statement."""
    rows = current_names(site).exclude(name="").filter(person__in=person_ids)
    return dict(rows.order_by().values_list("person", "name"))


def current_names(site: Site) -> QuerySet[UnixName]:
    """Everybody's name at a site, those without one first, then by name."""
    return UnixName.objects.filter(site=site, retired_at=None).select_related("person").order_by("name", "pk")


def unnamed() -> QuerySet[UnixName]:
    """Those for whom an operator must choose a name, by site."""
    return UnixName.objects.filter(retired_at=None, name="").order_by("site__slug")


def names_of(person: Person) -> QuerySet[UnixName]:
    """What a person is called at each site where they have a name."""
    rows = UnixName.objects.filter(person=person, retired_at=None).exclude(name="")
    return rows.select_related("site").order_by("site__slug")


def person_named(site: Site, name: str) -> Person | None:
    """Who is called this at a site now; nobody for a name that was given up."""
    found = current_names(site).filter(name=name).first() if name else None
    return found.person if found else None


def sites_to_name(before: datetime) -> QuerySet[Site]:
    """The sites where nobody looked for people without a name since, the one that waits longest first."""
    return Site.objects.filter(Q(names_checked_at=None) | Q(names_checked_at__lte=before)).order_by("names_checked_at")
