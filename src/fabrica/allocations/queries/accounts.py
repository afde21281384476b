"""The accounts of awards on machines: what they should be, whom they let in, which are due."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet, Sum
from django.db.models.functions import Coalesce

from fabrica.allocations.desired import MARK, Standing
from fabrica.allocations.models import (
    Award,
    ClusterAccount,
)
from fabrica.clusters import queries as clusters
from fabrica.clusters.adapters.port import AccountSpec
from fabrica.clusters.models import Machine, Site, UnixName
from fabrica.people.models import Person
from fabrica.projects.models import Member
from fabrica.projects.queries import working

CHUNK = 1_000


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
    found = working().filter(project__in=accounts.order_by().values("award__project"))
    pairs = list(found.order_by().values_list("project", "person"))
    names = clusters.unix_names(site, {person for _project, person in pairs})
    by_project: dict[int, list[str]] = {}
    for project, person in pairs if names else ():
        if person in names:
            by_project.setdefault(project, []).append(names[person])
    return by_project


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
    return working().filter(project__in=paid.values("project"))
