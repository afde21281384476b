"""Every write about sites and machines."""

from datetime import datetime

from django.db import transaction

from fabrica.audit.services import record
from fabrica.clusters.adapters.port import Load
from fabrica.clusters.models import Machine, Site
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.people import rules
from fabrica.people.models import Person
from fabrica.people.states import MEMBER_COUNTRIES, Role


def must_operate(by: Person) -> None:
    """Raises NotAllowed for all but operators."""
    if not rules.has_role(by, Role.OPERATOR):
        raise NotAllowed("Only an operator changes sites and machines.")


@transaction.atomic
def register_site(*, slug: str, name: str, country: str, by: Person, now: datetime) -> Site:
    """Make a site, or return the one with this slug. Raises NotAllowed, Refused."""
    must_operate(by)
    if country not in MEMBER_COUNTRIES:
        raise Refused(f"{country} is not a country this site knows.", todo="Use the two-letter code, such as FR.")
    site, created = Site.objects.get_or_create(slug=slug, defaults={"name": name, "country": country})
    if created:
        record(verb="site.register", by=by, subject=f"site:{slug}", now=now, country=country)
    return site


@transaction.atomic
def set_dry_run(*, site: Site, is_dry_run: bool, by: Person, now: datetime) -> None:
    """Let the worker change the site's machines by itself, or let it plan only. Raises NotAllowed."""
    must_operate(by)
    if Site.objects.filter(pk=site.pk).exclude(is_dry_run=is_dry_run).update(is_dry_run=is_dry_run):
        record(verb="site.dry_run", by=by, subject=f"site:{site.slug}", now=now, is_on=is_dry_run)


@transaction.atomic
def set_mends_drift(*, site: Site, mends_drift: bool, by: Person, now: datetime) -> None:
    """Let the worker put right by itself what a hand changed on the site's machines, or not. Raises NotAllowed."""
    must_operate(by)
    if Site.objects.filter(pk=site.pk).exclude(mends_drift=mends_drift).update(mends_drift=mends_drift):
        record(verb="site.mend", by=by, subject=f"site:{site.slug}", now=now, is_on=mends_drift)


@transaction.atomic
def register_machine(
    *, site: Site, slug: str, name: str, adapter: str, device: str, devices_total: int, by: Person, now: datetime
) -> Machine:
    """Make a machine, or return the one with this slug. Raises NotAllowed, Refused."""
    must_operate(by)
    if devices_total < 1:
        raise Refused("A machine has at least one device.")
    machine, created = Machine.objects.get_or_create(
        slug=slug,
        defaults={
            "site": site,
            "name": name,
            "adapter": adapter,
            "device": device,
            "devices_total": devices_total,
        },
    )
    if created:
        record(verb="machine.register", by=by, subject=f"machine:{slug}", now=now, devices=devices_total)
    return machine


@transaction.atomic
def record_measurement(*, machine: Machine, flops_per_second: float, by: Person, now: datetime) -> None:
    """Keep what a short real training reached per device; the planner prefers it to data sheets."""
    must_operate(by)
    if flops_per_second <= 0:
        raise Refused("A measured rate is above zero.")
    machine.flops_per_second, machine.measured_at = flops_per_second, now
    machine.save(update_fields=["flops_per_second", "measured_at"])
    record(verb="machine.measure", by=by, subject=f"machine:{machine.slug}", now=now, flops=round(flops_per_second))


def record_load(*, machine: Machine, load: Load | None, now: datetime) -> None:
    """Keep what the machine last said, or that it did not answer: a reading, not an act, so no audit entry."""
    if load is None:
        Machine.objects.filter(pk=machine.pk).update(is_reachable=False, load_at=now)
        return
    Machine.objects.filter(pk=machine.pk).update(
        is_reachable=True,
        devices_busy=load.devices_busy,
        jobs_running=load.jobs_running,
        jobs_pending=load.jobs_pending,
        load_at=now,
    )
