"""Rows to measure a machine's accounts with: awards made in bulk and plainly invented."""

from datetime import timedelta
from itertools import count

from fabrica.allocations.models import Award, ClusterAccount, LedgerAccount
from fabrica.allocations.queries import standing
from fabrica.allocations.states import OF_AWARD
from fabrica.applications.models import Application
from fabrica.applications.states import State
from fabrica.calls.models import Call
from fabrica.calls.services import open_call
from fabrica.clusters import services as clusters
from fabrica.clusters.models import Machine, UnixName
from fabrica.kit.time import utcnow
from fabrica.people import services as people
from fabrica.people.models import Organisation, Person
from fabrica.people.states import Role
from fabrica.projects.models import Member, Project
from fabrica.projects.states import Role as ProjectRole

numbers = count(1)
PEOPLE_OF_A_PROJECT = 3


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


def bench_call(operator: Person) -> Call:
    """An open call on a machine of its own."""
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


def fill_awards(total: int) -> Machine:
    """Have `total` awards on the bench's machine, each with its project, three members and its account's row."""
    looker = officer()
    call, now = bench_call(looker), utcnow()
    first = Award.objects.count()
    missing = range(first, total)
    firm = Organisation.objects.create(
        name=f"Firm {next(numbers)}", country="FR", kind="startup", registration_number="FR", registered_at=now
    )
    applications = Application.objects.bulk_create(
        Application(
            code=f"AIF-AWARD-{one}", call=call, organisation=firm, applicant=looker, title=f"Model {one}",
            state=State.AWARDED, created_at=now, saved_at=now, submitted_at=now, gpu_seconds_requested=3600, months=1,
        )
        for one in missing
    )  # fmt: skip
    projects = Project.objects.bulk_create(
        Project(
            slug=f"award-{one}", title=f"Model {one}", organisation=firm, purpose="bench", gate_decision="",
            opened_at=now, ends_at=now + timedelta(days=30),
        )
        for one in missing
    )  # fmt: skip
    awards = Award.objects.bulk_create(
        Award(
            application=application, project=project, machine=call.machine, gpu_seconds=3600, months=1,
            starts_at=now, ends_at=project.ends_at, awarded_at=now,
        )
        for application, project in zip(applications, projects, strict=True)
    )  # fmt: skip
    ClusterAccount.objects.bulk_create(
        ClusterAccount(award=one, unix_name=f"fp{one.pk:04d}", gpu_seconds_wanted=3600, next_check_at=now)
        for one in awards
    )
    LedgerAccount.objects.bulk_create(
        LedgerAccount(kind=kind, machine=call.machine, award=one, balance_gpu_seconds=seconds)
        for one in awards
        for kind, seconds in zip(OF_AWARD, (one.gpu_seconds, 0, 0), strict=True)
    )
    _fill_members(projects, call.machine)
    _as_read_back(call.machine, awards)
    return call.machine


def _fill_members(projects: list[Project], machine: Machine) -> None:
    people = Person.objects.bulk_create(
        Person(email=f"member-{next(numbers)}@bench.example", name="Member") for _ in projects
    )
    UnixName.objects.bulk_create(
        UnixName(site=machine.site, person=one, name=f"m{one.pk}", assigned_at=utcnow()) for one in people
    )
    Member.objects.bulk_create(
        Member(
            project=project, person=people[(place + step) % len(people)], role=ProjectRole.MEMBER,
            joined_at=project.opened_at,
        )
        for place, project in enumerate(projects)
        for step in range(min(PEOPLE_OF_A_PROJECT, len(people)))
    )  # fmt: skip


def _as_read_back(machine: Machine, awards: list[Award]) -> None:
    """Let the accounts' rows say that each was put on the machine and read back as wanted."""
    now = utcnow()
    rows = list(ClusterAccount.objects.filter(award__in=[one.pk for one in awards]))
    wanted = standing(machine, now)
    for row in rows:
        spec = wanted[row.pk].spec
        known = {"gpu_seconds_limit": spec.gpu_seconds_limit, "programme": spec.programme, "is_open": spec.is_open}
        row.known, row.ready_at = [{**known, "members": list(spec.members)}], now
        row.gpu_seconds_applied = spec.gpu_seconds_limit
    ClusterAccount.objects.bulk_update(rows, ["known", "ready_at", "gpu_seconds_applied"], batch_size=300)
