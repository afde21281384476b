"""Awards with their projects, members, accounts and hours, each hour through the ledger."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F

from fabrica.allocations import services as allocations
from fabrica.allocations.engine import add_months, unix_name
from fabrica.allocations.models import Award, ClusterAccount, LedgerAccount, Transfer
from fabrica.allocations.services.transfers import of_machine
from fabrica.allocations.states import OF_AWARD, AccountKind, TransferKind
from fabrica.applications.states import State
from fabrica.audit.models import Entry
from fabrica.clusters.models import Machine
from fabrica.config.filling import cases
from fabrica.config.filling.cases import Case
from fabrica.config.filling.crowd import Firm
from fabrica.config.filling.ground import Ground
from fabrica.config.filling.rows import entry
from fabrica.people.states import Role, Sector
from fabrica.projects.engine import consents
from fabrica.projects.models import Listing, Member, Project
from fabrica.projects.states import Role as ProjectRole

PREFIX = "AIF-FILLA-"
SLUG = "filled-"
PATH = (State.SUBMITTED, State.SCREENED, State.ASSESSED, State.AWARDED)
DAYS = 700
USED_IN_FIFTHS = 5
BUSY_EVERY = 20  # one person works in every twentieth project
CHECKED_EVERY = timedelta(days=3_650)


def count() -> int:
    """How many were made so far."""
    return Project.objects.filter(slug__startswith=SLUG).count()


def add(numbers: range, laid: Ground, firms: Sequence[Firm]) -> None:
    """Awarded applications of these numbers; the pools are funded for them first."""
    made = cases.add(numbers, PREFIX, _path, laid, firms)
    projects = Project.objects.bulk_create(_project(one) for one in made)
    awards = Award.objects.bulk_create(_award(one, project) for one, project in zip(made, projects, strict=True))
    _add_members(made, projects, firms)
    _add_listings(made, projects)
    _add_accounts(awards, laid.now)
    _fund(awards, numbers, laid)
    _book(awards, laid.now)
    Entry.objects.bulk_create(told for one, award in zip(made, awards, strict=True) for told in _told(one, award))


def _path(number: int) -> tuple[Sequence[State], timedelta]:
    return PATH, timedelta(days=6 + number * 37 % DAYS, minutes=number % 1440)


def _project(case: Case) -> Project:
    one, at = case.application, case.steps[-1][1]
    return Project(
        slug=f"{SLUG}{case.number + 1:06d}", title=one.title, organisation_id=case.firm.pk, purpose=one.purpose,
        gate_decision=one.gate.decision if one.gate else "", opened_at=at, ends_at=add_months(at, one.months or 1),
    )  # fmt: skip


def _award(case: Case, project: Project) -> Award:
    one = case.application
    return Award(
        application=one, project=project, machine=one.call.machine, gpu_seconds=one.gpu_seconds_requested or 1,
        months=one.months or 1, starts_at=project.opened_at, ends_at=project.ends_at, awarded_at=project.opened_at,
    )  # fmt: skip


def _add_members(made: Sequence[Case], projects: Sequence[Project], firms: Sequence[Firm]) -> None:
    busy, rows = firms[0].people[0], []
    for case, project in zip(made, projects, strict=True):
        leader = case.application.applicant
        others = {one.pk: one for one in case.firm.people[:2] if one.pk != leader.pk}
        if case.number % BUSY_EVERY == 0 and busy.pk != leader.pk:
            others[busy.pk] = busy
        given = [(leader, ProjectRole.PI), *((one, ProjectRole.MEMBER) for one in others.values())]
        rows += [Member(project=project, person=one, role=role, joined_at=project.opened_at) for one, role in given]
    Member.objects.bulk_create(rows)


def _add_listings(made: Sequence[Case], projects: Sequence[Project]) -> None:
    """Every second project agreed to stand in the public list."""
    keys = sorted(Sector.values)
    Listing.objects.bulk_create(
        Listing(
            project=project, sector=keys[case.number // 2 % len(keys)], abstract=project.purpose,
            listed_at=project.opened_at, consent_version=consents()[0].version,
            answered_by=case.application.applicant, answered_at=project.opened_at,
        )
        for case, project in zip(made, projects, strict=True)
        if case.number % 2
    )  # fmt: skip


def _add_accounts(awards: Sequence[Award], now: datetime) -> None:
    """The accounts' rows say that each was put on its machine, and that it is not to be looked at for years."""
    template = settings.FABRICA_UNIX_PROJECT_TEMPLATE
    ClusterAccount.objects.bulk_create(
        ClusterAccount(
            award=one, unix_name=unix_name(template, one.pk), gpu_seconds_wanted=one.gpu_seconds,
            gpu_seconds_applied=one.gpu_seconds, ready_at=one.awarded_at, checked_at=one.awarded_at,
            next_check_at=now + CHECKED_EVERY, is_open_wanted=one.ends_at > now,
        )
        for one in awards
    )  # fmt: skip


def _fund(awards: Sequence[Award], numbers: range, laid: Ground) -> None:
    needed: Counter[Machine] = Counter()
    for one in awards:
        needed[one.machine] += one.gpu_seconds
    operator = laid.staff[Role.OPERATOR][0]
    for machine, seconds in needed.items():
        key = f"filled-{numbers.start}"
        allocations.fund(machine=machine, gpu_seconds=seconds, key=key, by=operator, now=laid.now)


def _used(award: Award, now: datetime) -> int:
    """None, or some fifths of the award; all of it is used by nobody."""
    fifths = int(award.project.slug.removeprefix(SLUG)) % USED_IN_FIFTHS if award.starts_at < now else 0
    return award.gpu_seconds * fifths // USED_IN_FIFTHS


def _book(awards: Sequence[Award], now: datetime) -> None:
    """Each award out of its machine's pool, and what was used of it."""
    pools = {machine.pk: of_machine(machine)[1] for machine in {one.machine for one in awards}}
    spent = {one.pk: _used(one, now) for one in awards}
    balances = {one.pk: (one.gpu_seconds - spent[one.pk], 0, spent[one.pk]) for one in awards}
    rows = LedgerAccount.objects.bulk_create(
        LedgerAccount(kind=kind, machine=one.machine, award=one, balance_gpu_seconds=seconds)
        for one in awards
        for kind, seconds in zip(OF_AWARD, balances[one.pk], strict=True)
    )
    accounts = {(one.award_id, one.kind): one for one in rows}
    moved: list[Transfer] = []
    out: Counter[int] = Counter()
    for one in awards:
        free, used = accounts[one.pk, AccountKind.FREE], accounts[one.pk, AccountKind.USED]
        pool, slug = pools[one.machine_id], one.project.slug
        out[pool.pk] += one.gpu_seconds
        moved.append(
            Transfer(
                key=f"award:{one.application.code}", kind=TransferKind.AWARD, source=pool, target=free,
                gpu_seconds=one.gpu_seconds, at=one.awarded_at,
            )
        )  # fmt: skip
        if spent[one.pk]:
            moved.append(
                Transfer(
                    key=f"filled:{slug}", kind=TransferKind.SPEND, source=free, target=used,
                    gpu_seconds=spent[one.pk], at=one.awarded_at + timedelta(days=1),
                )
            )  # fmt: skip
    Transfer.objects.bulk_create(moved)
    for key, seconds in out.items():
        left = F("balance_gpu_seconds") - seconds
        LedgerAccount.objects.filter(pk=key).update(balance_gpu_seconds=left)
    Entry.objects.bulk_create(
        entry(one.awarded_at, "", "hours.spend", one.subject, key=f"filled:{one.project.slug}", gpu_seconds=seconds)
        for one in awards
        if (seconds := spent[one.pk])
    )


def _told(case: Case, award: Award) -> list[Entry]:
    one, by = case.application, case.steps[-1][2].uid
    facts = {"gpu_seconds": award.gpu_seconds, "months": award.months, "project": award.project.slug}
    return [
        entry(award.awarded_at, by, "project.open", award.subject, pi=one.applicant.uid),
        entry(award.awarded_at, by, "award.make", one.subject, **facts, machine=award.machine.slug),
    ]
