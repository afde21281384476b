"""Rows to measure with: organisations, applications in every state, made in bulk and plainly invented."""

from datetime import timedelta
from itertools import count

from fabrica.applications.models import Application
from fabrica.applications.states import State
from fabrica.calls.models import Call
from fabrica.calls.services import open_call
from fabrica.clusters import services as clusters
from fabrica.kit.time import utcnow
from fabrica.people import services as people
from fabrica.people.models import Organisation, Person
from fabrica.people.states import Role

STATES = (State.SUBMITTED, State.SCREENED, State.ASSESSED, State.REFUSED, State.WITHDRAWN)
numbers = count(1)


def officer() -> Person:
    """The officer who looks at the lists."""
    found = Person.objects.filter(email="officer@bench.example").first()
    if found is not None:
        return found
    now = utcnow()
    made = people.register_person(email="officer@bench.example", name="Officer", password="only-for-bench-1", now=now)  # noqa: S106 - a throw-away database
    people.accept_terms(by=made, now=now)
    for role in (Role.OFFICER, Role.OPERATOR):
        people.grant_role(person=made, role=role, by=None, now=now)
    return Person.objects.get(pk=made.pk)


def _call(operator: Person) -> Call:
    found = Call.objects.first()
    if found is not None:
        return found
    now = utcnow()
    site = clusters.register_site(slug="bench", name="Bench", country="FR", by=operator, now=now)
    clusters.set_dry_run(site=site, is_dry_run=False, by=operator, now=now)
    machine = clusters.register_machine(
        site=site, slug="bench", name="Bench", adapter="local", device="cpu", devices_total=1, by=operator, now=now
    )
    return open_call(slug="bench", title="Bench", mode="playground", machine=machine, by=operator, now=now)


def fill(total: int) -> Person:
    """Have `total` applications of as many organisations; returns the officer."""
    looker = officer()
    call, now = _call(looker), utcnow()
    missing = range(total - Application.objects.count())
    firms = Organisation.objects.bulk_create(
        Organisation(
            name=f"Firm {next(numbers)}", country="FR", kind="startup", registration_number="FR", registered_at=now
        )
        for _ in missing
    )
    Application.objects.bulk_create(
        Application(
            code=f"AIF-BENCH-{firm.pk}", call=call, organisation=firm, applicant=looker, title=f"Model {firm.pk}",
            state=STATES[firm.pk % len(STATES)], created_at=now, saved_at=now, submitted_at=now,
            due_on=now.date() + timedelta(days=firm.pk % 9), gpu_seconds_requested=3600, months=1,
        )
        for firm in firms
    )  # fmt: skip
    return looker
