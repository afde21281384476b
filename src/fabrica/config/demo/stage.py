"""The stage: what a site's operator sets up before anybody can apply. Done with the services, once."""

import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from fabrica.allocations import services as allocations
from fabrica.audit import queries as audit
from fabrica.audit.tasks import seal
from fabrica.calls import services as calls
from fabrica.calls.models import Call
from fabrica.clusters import services as clusters
from fabrica.clusters.models import Machine
from fabrica.config import setup
from fabrica.config.demo.cast import CAST, Part, passwords
from fabrica.kit.time import utcnow
from fabrica.kit.units import gpu_seconds
from fabrica.people import services as people
from fabrica.people.models import Person
from fabrica.people.queries import tokens_of

CALL = "playground"
POOL_GPU_HOURS = 10_000
LARGE_CALL, LARGE_POOL_GPU_HOURS = "large-scale", 150_000


@dataclass(frozen=True)
class Stage:
    """The machine that is played on."""

    machine: str = "this-machine"
    name: str = "This machine"
    adapter: str = "local"
    devices: int = 1


def people_of(now: datetime) -> dict[str, Person]:
    """The cast with their roles."""
    words = passwords(settings.FABRICA_HOME)
    found = {}
    for part in CAST:
        person = Person.objects.filter(email=part.email).first()
        if person is None:
            person = people.register_person(email=part.email, name=part.name, password=words[part.key], now=now)
        for role in part.roles:
            setup.grant(part.email, role.value)
        found[part.key] = person
    return found


def machine_of(stage: Stage, operator: Person, now: datetime) -> Machine:
    """The machine of the play with hours in its pool; this computer is measured by training for a moment."""
    site = clusters.register_site(slug="demo", name="Demonstration site", country="FR", by=operator, now=now)
    clusters.set_dry_run(site=site, is_dry_run=False, by=operator, now=now)
    machine = clusters.register_machine(
        site=site, slug=stage.machine, name=stage.name, adapter=stage.adapter, device="cpu",
        devices_total=stage.devices, by=operator, now=now,
    )  # fmt: skip
    pool = gpu_seconds(POOL_GPU_HOURS)
    allocations.fund(machine=machine, gpu_seconds=pool, key="demo:fund", by=operator, now=now)
    if machine.measured_at is None and stage.adapter == "local":
        # in a process of its own: what training loads into memory goes with it
        measure = [sys.executable, "-m", "fabrica.config", "clusters", "measure", stage.machine]
        subprocess.run(measure, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own program
    return machine


def call_on(machine: Machine, operator: Person, now: datetime, mode: str = CALL) -> Call:
    """An open call of a mode, by default Playground."""
    found = Call.objects.filter(slug=mode).first()
    title = f"{mode.replace('-', ' ').title()} {now.year}"
    return found or calls.open_call(slug=mode, title=title, mode=mode, machine=machine, by=operator, now=now)


def large_call_on(machine: Machine, operator: Person, now: datetime) -> Call:
    """A call whose applications experts review and a panel ranks, with hours enough for what it may give."""
    pool = gpu_seconds(LARGE_POOL_GPU_HOURS)
    allocations.fund(machine=machine, gpu_seconds=pool, key="demo:fund-large", by=operator, now=now)
    return call_on(machine, operator, now, LARGE_CALL)


def token_of(part: Part, person: Person, now: datetime) -> str:
    """A token for the play, valid for a day; those of earlier plays have expired or are revoked here."""
    for old in tokens_of(person).filter(name="the play"):
        people.revoke_token(token=old, by=person, now=now)
    scopes = [scope.value for scope in part.scopes]
    _, secret = people.create_token(name="the play", scopes=scopes, by=person, now=now, days=1)
    return secret


def audit_holds() -> bool:
    """Seal what the play left, and check the whole chain against signatures and anchors."""
    while seal(utcnow()):
        pass
    return audit.verify_site(keys=settings.FABRICA_KEYS, anchor=settings.FABRICA_ANCHOR_FILE).holds
