"""Reading awards and the ledger. Every list a person sees starts from `awards_visible_to`."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import BigIntegerField, Exists, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from fabrica.allocations.desired import MARK, Standing
from fabrica.allocations.engine import Balance
from fabrica.allocations.models import (
    IS_UNTOLD,
    Award,
    ClusterAccount,
    JobBooking,
    LedgerAccount,
    TopUp,
    Transfer,
    Watch,
)
from fabrica.allocations.states import OF_AWARD, OF_MACHINE, AccountKind, TransferKind
from fabrica.applications.models import Application
from fabrica.clusters import queries as clusters
from fabrica.clusters.adapters.port import AccountSpec
from fabrica.clusters.engine import Month
from fabrica.clusters.models import IS_OPEN, IS_UNBOOKED, JobUsage, Machine, Site, UnixName
from fabrica.kit.errors import NotFound
from fabrica.people.models import Person
from fabrica.projects import queries as projects
from fabrica.projects.models import Member, Project

LEFT_TO_RUNS = timedelta(hours=6)
GIVEN_BACK: dict[str, Any] = {"kind": TransferKind.CORRECTION, "target__kind__in": OF_MACHINE}
CHUNK = 1_000


def awards_visible_to(person: Person) -> QuerySet[Award]:
    """The awards of the projects the person may see, newest first."""
    rows = Award.objects.select_related("project", "machine__site", "application")
    return rows.filter(project__in=projects.visible_to(person)).order_by("-pk")


def award_of(project: Project) -> Award:
    """The award that pays for a project. Raises NotFound."""
    rows = Award.objects.select_related("project", "machine__site", "application")
    found = rows.filter(project=project).first()
    if found is None:
        raise NotFound(f"{project} has no award.", todo="Ask an officer.")
    return found


def project_from(application: Application) -> Project | None:
    """The project that an award to an application opened."""
    return Project.objects.filter(pk__in=Award.objects.filter(application=application).values("project")).first()


def award_of_account(machine: Machine, account: str) -> Award | None:
    """The award that an account on a machine is charged for, also after its end; None where it is nobody's."""
    rows = Award.objects.select_related("project", "machine")
    return rows.filter(machine=machine, project__slug=account).first()


def balance(award: Award) -> Balance:
    """Where the award's GPU-seconds are, read in one statement."""
    paid_beyond = Sum("incoming__gpu_seconds", filter=Q(incoming__kind=TransferKind.WRITE_OFF))
    rows = LedgerAccount.objects.filter(award=award).annotate(
        written_off=Coalesce(paid_beyond, 0) - _moved("source", **GIVEN_BACK)
    )
    found = {row.kind: row for row in rows}
    free, held, used = (found[kind].balance_gpu_seconds for kind in OF_AWARD)
    return Balance(award.gpu_seconds, free, held, used, found[AccountKind.USED].written_off)


def untold_tokens() -> QuerySet[JobBooking, str]:
    """The tokens of the jobs of which something else is booked than was told of so far."""
    return JobBooking.objects.filter(IS_UNTOLD).order_by("token").values_list("token", flat=True).distinct()


def booked_for(award: Award, token: str) -> dict[int, int]:
    """The GPU-seconds an award was charged for each start of the job that a token started, by the booking's row."""
    rows = JobBooking.objects.filter(award=award, token=token).exclude(token="")
    return dict(rows.values_list("pk", "gpu_seconds"))


def written_off_by(award: Award) -> tuple[int, int]:
    """What supply and pool paid beyond the award and did not get back."""
    rows = Transfer.objects.filter(Q(target__award=award) | Q(source__award=award))
    paid = {"target__kind": AccountKind.USED, "kind": TransferKind.WRITE_OFF}
    back = {"source__kind": AccountKind.USED, "kind": TransferKind.CORRECTION}
    sums = {}
    for kind in OF_MACHINE:
        into = Sum("gpu_seconds", filter=Q(**paid, source__kind=kind))
        out = Sum("gpu_seconds", filter=Q(**back, target__kind=kind))
        sums[kind.value] = Coalesce(into, 0) - Coalesce(out, 0)
    found = rows.aggregate(**sums)
    supply, pool = (found[kind.value] for kind in OF_MACHINE)
    return supply, pool


def was_moved(key: str) -> bool:
    """Whether a cause moved hours before."""
    return Transfer.objects.filter(key=key).exists()


def key_of_top_up(award: Award, key: str) -> str:
    """What the transfer of a top-up is called; `key` is what whoever added the hours named it."""
    return f"topup:{award.project.slug}:{key}"


def top_up_of(award: Award, key: str) -> TopUp | None:
    """The top-up of an award that has this key; None where there was none."""
    return top_ups_of(award).filter(transfer__key=key_of_top_up(award, key)).first()


def top_ups_of(award: Award) -> QuerySet[TopUp]:
    """What was added to an award, newest first."""
    return TopUp.objects.select_related("transfer", "by").filter(award=award).order_by("-pk")


def transfers_of(award: Award) -> QuerySet[Transfer]:
    """The award's statement: every transfer that touched it, newest first."""
    touched = Q(source__award=award) | Q(target__award=award)
    return Transfer.objects.select_related("source", "target").filter(touched).order_by("-pk")


def held_for(award: Award, hold_key: str) -> int:
    """What is left of one hold, in GPU-seconds."""
    of_hold = Transfer.objects.filter(hold_key=hold_key)
    held = {"award": award, "kind": AccountKind.HELD}
    into = Sum("gpu_seconds", filter=Q(**{f"target__{name}": value for name, value in held.items()}))
    out = Sum("gpu_seconds", filter=Q(**{f"source__{name}": value for name, value in held.items()}))
    left = of_hold.aggregate(left=Coalesce(into, 0) - Coalesce(out, 0))["left"]
    return int(left)


def pool_of(machine: Machine) -> int:
    """The GPU-seconds on the machine that are not awarded yet."""
    pool = LedgerAccount.objects.filter(machine=machine, kind=AccountKind.POOL)
    return pool.values_list("balance_gpu_seconds", flat=True).first() or 0


def cluster_account_of(award: Award) -> ClusterAccount:
    """The account the award has, or is to have, on its machine."""
    return ClusterAccount.objects.get(award=award)


def is_ready(award: Award) -> bool:
    """Whether jobs can be charged to the account: it was read back as wanted, and nobody changed it by hand since."""
    return ready_accounts().filter(award=award).exists()


def ready_accounts() -> QuerySet[ClusterAccount]:
    """The accounts that jobs can be charged to."""
    return ClusterAccount.objects.filter(ready_at__isnull=False, drifted_at=None)


def charged_as(award: Award) -> tuple[str, str]:
    """How a job of the award is submitted: the programme it stands under, and the UNIX account it runs as."""
    account = ClusterAccount.objects.select_related("award__application__call").get(award=award)
    return account.award.application.call.mode_row["key"], account.unix_name


def is_open(award: Award) -> bool:
    """Whether new jobs may be charged to it: not once all its hours are used."""
    return not ClusterAccount.objects.filter(award=award, is_open_wanted=False).exists()


def accounts_due(now: datetime) -> QuerySet[ClusterAccount]:
    """The accounts on clusters that are to be looked at now, the one that waits longest first."""
    return with_facts(ClusterAccount.objects.filter(next_check_at__lte=now)).order_by("next_check_at", "pk")


def with_facts(accounts: QuerySet[ClusterAccount]) -> QuerySet[ClusterAccount]:
    """The same accounts, read together with what their sentences name."""
    return accounts.select_related("award__project", "award__machine__site", "award__application")


def accounts_on(machine: Machine) -> QuerySet[ClusterAccount]:
    """The accounts that awards have, or are to have, on a machine, by the awards' age."""
    return ClusterAccount.objects.filter(award__machine=machine).order_by("award")


def changes_waiting(site: Site) -> int:
    """How many changes on the site's machines wait for an operator, as the worker last saw it."""
    rows = ClusterAccount.objects.filter(award__machine__site=site)
    return int(rows.aggregate(total=Coalesce(Sum("changes_waiting"), 0))["total"])


def used_up(machine: Machine) -> frozenset[str]:
    """The accounts on a machine that are to be closed because all hours of their awards are used."""
    rows = accounts_on(machine).filter(is_open_wanted=False).order_by()
    return frozenset(rows.values_list("award__project__slug", flat=True))


def left_open(site: Site) -> int:
    """How many accounts on the site's machines are used up and, as the worker last saw it, still take new jobs."""
    rows = ClusterAccount.objects.filter(award__machine__site=site, is_open_wanted=False, changes_waiting__gt=0)
    return sum(bool(known and known[-1]["is_open"]) for known in rows.values_list("known", flat=True))


def wanted(machine: Machine, now: datetime, accounts: Iterable[int] | None = None) -> Iterator[AccountSpec]:
    """What the machine should look like: an account for each award, or for those of some ClusterAccounts."""
    return (one.spec for one in standing(machine, now, accounts).values())


def standing(machine: Machine, now: datetime, accounts: Iterable[int] | None = None) -> dict[int, Standing]:
    """Each account on a machine as it should be, by ClusterAccount, with what we know that we put there before.

    The limit is what the machine can count of the award. Three statements, however many there are; `accounts` are the
    keys of some, at most some thousands. Raises Refused.
    """
    counting = clusters.counting_of(machine)
    rows = accounts_on(machine) if accounts is None else accounts_on(machine).filter(pk__in=list(accounts))
    members = _unix_names_of_members(rows, machine.site)
    told = rows.values_list(
        "pk", "award__project", "award__project__slug", "award__application__code",
        "award__application__call__mode_row__key", "award__ends_at", "gpu_seconds_wanted", "unix_name", "known",
        "ready_at", "is_open_wanted",
    )  # fmt: skip
    made = {}
    for pk, project, slug, code, programme, ends_at, limit, own, known, ready_at, may_open in told.iterator(CHUNK):
        people = members.get(project, [])
        is_open = may_open and now < ends_at
        spec = AccountSpec(
            slug, MARK + code, counting.kept(limit), programme, tuple(sorted({*people, own} - {""})), is_open
        )
        before = tuple(
            AccountSpec(slug, spec.description, **{**one, "members": tuple(one["members"])}) for one in known
        )
        made[pk] = Standing(spec, before, was_read_back=ready_at is not None)
    return made


def _unix_names_of_members(accounts: QuerySet[ClusterAccount], site: Site) -> dict[int, list[str]]:
    """The UNIX names, at the site, of the people who work in the accounts' projects, by project."""
    found = Member.objects.filter(project__in=accounts.order_by().values("award__project"))
    names = clusters.unix_names(site, found.order_by().values_list("person", flat=True))
    by_project: dict[int, list[str]] = {}
    for project, person in found.order_by().values_list("project", "person").iterator(CHUNK) if names else ():
        if person in names:
            by_project.setdefault(project, []).append(names[person])
    return by_project


def usage_due(now: datetime) -> QuerySet[JobUsage]:
    """What the meter found and the ledger has not: of ended jobs, and not (yet) left to the run that started them.

    A run books its own jobs when it ends, from its hold. Six hours after a job's end the meter books it all the same.
    """
    ours = Q(token="") | Q(ended_at__lte=now - LEFT_TO_RUNS) | Q(booked_gpu_seconds__isnull=False)
    return JobUsage.objects.filter(IS_UNBOOKED).filter(ours)


def usage_waiting(now: datetime) -> QuerySet[JobUsage]:
    """The ended jobs that are left to the runs that started them."""
    rows = JobUsage.objects.filter(IS_UNBOOKED, booked_gpu_seconds=None, ended_at__gt=now - LEFT_TO_RUNS)
    return rows.exclude(token="").order_by("ended_at")


def in_flight_by_account(machine: Machine) -> dict[str, int]:
    """The GPU-seconds so far of what runs on a machine, or has ended and is not booked yet, by account."""
    rows = _flying().filter(machine=machine)
    return dict(rows.order_by().values_list("account").annotate(sum=Sum("gpu_seconds")))


def in_flight(award: Award) -> int:
    """The GPU-seconds so far of a project's jobs that run, or have ended and are not booked yet: not used as yet."""
    rows = _flying().filter(machine=award.machine_id, account=award.account_name)
    return rows.aggregate(sum=Sum("gpu_seconds"))["sum"] or 0


def _flying() -> QuerySet[JobUsage]:
    booked = JobBooking.objects.filter(machine=OuterRef("machine"), key=OuterRef("key"))
    ended = Q(ended_at__isnull=False, is_nobodys=False, booked_gpu_seconds=None) & ~Exists(booked)
    return JobUsage.objects.filter(Q(IS_OPEN, missed_at=None) | ended)


def used_so_far(award: Award) -> int:
    """What an award used, with what is in flight."""
    return balance(award).used + in_flight(award)


def usage_by_month(award: Award) -> dict[Month, int]:
    """What a project's ended jobs used, by UTC month, on the machine of its award."""
    return clusters.usage_by_month(award.machine, award.account_name)


def watches_due(now: datetime) -> QuerySet[Watch]:
    """The machines whose awards are to be looked at now."""
    return Watch.objects.select_related("machine").filter(next_look_at__lte=now).order_by("next_look_at", "pk")


def accounts_to_act_on(machine: Machine, first_notice: int, now: datetime) -> Iterator[tuple[ClusterAccount, int]]:
    """The accounts whose award may be told of or closed (or opened again), with what it used so far.

    Two statements for all awards of the machine; only those few that something is due for are loaded.
    """
    flying = in_flight_by_account(machine)
    used = LedgerAccount.objects.filter(award=OuterRef("award"), kind=AccountKind.USED).values("balance_gpu_seconds")
    rows = ClusterAccount.objects.filter(award__machine=machine, award__ends_at__gt=now).annotate(used=Subquery(used))
    facts = rows.values_list("pk", "award__project__slug", "award__gpu_seconds", "is_open_wanted", "used")
    due = {}
    for pk, slug, gpu_seconds, is_open, booked in facts.iterator():
        so_far = booked + flying.get(slug, 0)
        if not is_open or 100 * so_far >= first_notice * gpu_seconds:
            due[pk] = so_far
    found = ClusterAccount.objects.select_related("award__project", "award__machine").in_bulk(due)
    for pk, account in found.items():
        yield account, due[pk]


def check_ledger() -> list[str]:
    """What is wrong with the ledger, in sentences; empty when every sum holds.

    All balances come to zero; each equals its transfers; only the supply is below zero; each award is where it should
    be; what is booked for its jobs was used; no hold gave more than it had. Each check reads one statement, so that
    transfers meanwhile raise no alarm.
    """
    accounts = _accounts()
    return [*_total(accounts), *_balances(accounts), *_awards(accounts), *_holds()]


def _accounts() -> list[dict[str, Any]]:
    rows = LedgerAccount.objects.annotate(
        into=_moved("target"),
        out=_moved("source"),
        written_off=_moved("target", kind=TransferKind.WRITE_OFF) - _moved("source", **GIVEN_BACK),
        jobs=_booked(),
    )
    named = rows.order_by("pk").values(
        "pk", "kind", "award", "award__gpu_seconds", "award__project__slug", "machine__slug",
        "balance_gpu_seconds", "into", "out", "written_off", "jobs",
    )  # fmt: skip
    return [dict(one) for one in named]


def _moved(side: str, **only: Any) -> Coalesce:
    rows = Transfer.objects.filter(**{side: OuterRef("pk")}, **only).order_by().values(side)
    total = Subquery(rows.annotate(total=Sum("gpu_seconds")).values("total"))
    return Coalesce(total, Value(0), output_field=BigIntegerField())


def _booked() -> Coalesce:
    rows = JobBooking.objects.filter(award=OuterRef("award")).order_by().values("award")
    total = Subquery(rows.annotate(total=Sum("gpu_seconds")).values("total"))
    return Coalesce(total, Value(0), output_field=BigIntegerField())


def _total(accounts: list[dict[str, Any]]) -> Iterator[str]:
    total = sum(one["balance_gpu_seconds"] for one in accounts)
    if total:
        yield f"All balances together are {total} GPU-seconds instead of 0."


def _balances(accounts: list[dict[str, Any]]) -> Iterator[str]:
    for one in accounts:
        name = f"The account '{one['kind']}' of {one['award__project__slug'] or one['machine__slug']}"
        told = one["into"] - one["out"]
        if one["balance_gpu_seconds"] != told:
            yield f"{name} holds {one['balance_gpu_seconds']} GPU-seconds; its transfers say {told}."
        if one["balance_gpu_seconds"] < 0 and one["kind"] != AccountKind.SUPPLY:
            yield f"{name} is below zero."
        if one["kind"] == AccountKind.USED and one["jobs"] > one["balance_gpu_seconds"]:
            yield f"{name} holds {one['balance_gpu_seconds']} GPU-seconds; the jobs booked on it say {one['jobs']}."


def _awards(accounts: list[dict[str, Any]]) -> Iterator[str]:
    sums: dict[str, int] = {}
    for one in accounts:
        if one["award"]:
            so_far = sums.get(one["award__project__slug"], -one["award__gpu_seconds"])
            sums[one["award__project__slug"]] = so_far + one["balance_gpu_seconds"] - one["written_off"]
    for slug, difference in sums.items():
        if difference:
            yield f"The accounts of {slug} differ from its award by {difference} GPU-seconds."


def _holds() -> Iterator[str]:
    into = Coalesce(Sum("gpu_seconds", filter=Q(target__kind=AccountKind.HELD)), 0)
    out = Coalesce(Sum("gpu_seconds", filter=Q(source__kind=AccountKind.HELD)), 0)
    rows = Transfer.objects.exclude(hold_key="").order_by().values("hold_key").annotate(left=into - out)
    for row in rows.filter(left__lt=0):
        yield f"The hold {row['hold_key']} gave {-row['left']} GPU-seconds more than it had."


def people_without_name(site: Site, now: datetime, most: int) -> list[Person]:
    """Some of the people in projects with an award on the site's machines who were given no UNIX name there yet."""
    here = _working_at(site, now).filter(person=OuterRef("pk"))
    named = UnixName.objects.filter(site=site, person=OuterRef("pk"), retired_at=None)
    return list(Person.objects.filter(Exists(here), ~Exists(named), is_active=True).order_by("pk")[:most])


def may_enter(person: Person, site: Site, now: datetime) -> bool:
    """Whether the person works in a project whose award on one of the site's machines has begun and not ended."""
    return person.is_active and _working_at(site, now).filter(person=person).exists()


def _working_at(site: Site, now: datetime) -> QuerySet[Member]:
    paid = Award.objects.filter(machine__site=site, starts_at__lte=now, ends_at__gt=now)
    return Member.objects.filter(project__in=paid.values("project"))
