"""What a site has before anybody applies, made through the services: staff, machines, calls."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from fabrica.calls import services as calls
from fabrica.calls.models import Call
from fabrica.clusters import services as clusters
from fabrica.clusters.models import Machine
from fabrica.clusters.queries import calendar_of
from fabrica.config.filling import names
from fabrica.kit.calendar import Calendar
from fabrica.people import services as people
from fabrica.people.models import Person
from fabrica.people.states import Role

STAFF = (
    Role.OPERATOR, Role.OFFICER, Role.OFFICER, Role.OFFICER, Role.ASSESSOR, Role.ASSESSOR, Role.ASSESSOR, Role.ASSESSOR,
    Role.PROVIDER,
)  # fmt: skip
STAFF_TOTAL = len(STAFF)
MACHINES = ("filled-one", "filled-two", "filled-three")
MODES = ("playground", "fast-lane", "playground")
SINCE = timedelta(days=790)


@dataclass(frozen=True)
class Ground:
    """Who works for the factory, what one can apply for, and the calendar by which clocks run."""

    now: datetime
    staff: Mapping[Role, tuple[Person, ...]]
    calls: tuple[Call, ...]
    calendar: Calendar
    calendar_version: int


def lay(now: datetime) -> Ground:
    """The ground, made where it is missing; the first persons get the staff's roles."""
    at = now - SINCE
    staff: dict[Role, tuple[Person, ...]] = {}
    for number, role in enumerate(STAFF):
        person = Person.objects.get(email=names.email(number))
        people.grant_role(person=person, role=role, by=None, now=at)
        staff[role] = (*staff.get(role, ()), person)
    operator = staff[Role.OPERATOR][0]
    site = clusters.register_site(slug="filled", name="Filled site", country="FR", by=operator, now=at)
    machines = [
        clusters.register_machine(
            site=site, slug=slug, name=slug.replace("-", " ").title(), adapter="local", device="cpu", devices_total=1,
            by=operator, now=at,
        )
        for slug in MACHINES
    ]  # fmt: skip
    opened = tuple(
        _call(mode, machine, operator, at) for mode, machine in zip(MODES, machines, strict=True)
    )  # fmt: skip
    return Ground(now, staff, opened, calendar_of(site), site.calendar_version)


def _call(mode: str, machine: Machine, operator: Person, at: datetime) -> Call:
    slug = f"{mode}-{machine.slug}"
    if not Call.objects.filter(slug=slug).exists():
        title = f"{mode.replace('-', ' ').title()} on {machine}"
        calls.open_call(slug=slug, title=title, mode=mode, machine=machine, by=operator, now=at)
    return Call.objects.select_related("machine__site").get(slug=slug)
