"""Reading awards and the ledger. Every list a person sees starts from `awards_visible_to`."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField, Exists, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from fabrica.allocations.engine import Balance
from fabrica.allocations.models import Award, ClusterAccount, LedgerAccount, Transfer
from fabrica.allocations.states import OF_AWARD, AccountKind, TransferKind
from fabrica.clusters.models import Machine, Site, UnixName
from fabrica.kit.errors import NotFound
from fabrica.people.models import Person
from fabrica.projects import queries as projects
from fabrica.projects.models import Member, Project


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


def balance(award: Award) -> Balance:
    """Where the award's GPU-seconds are, read in one statement."""
    written_off = Coalesce(Sum("incoming__gpu_seconds", filter=Q(incoming__kind=TransferKind.WRITE_OFF)), 0)
    rows = LedgerAccount.objects.filter(award=award).annotate(written_off=written_off)
    found = {row.kind: row for row in rows}
    free, held, used = (found[kind].balance_gpu_seconds for kind in OF_AWARD)
    return Balance(award.gpu_seconds, free, held, used, found[AccountKind.USED].written_off)


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
    """Whether the account was read back from the cluster as it should be, so that jobs can be charged to it."""
    return ClusterAccount.objects.filter(award=award, ready_at__isnull=False).exists()


def accounts_due(now: datetime) -> QuerySet[ClusterAccount]:
    """The accounts on clusters that are to be looked at now, the one that waits longest first."""
    rows = ClusterAccount.objects.select_related("award__project", "award__machine", "award__application")
    return rows.filter(next_check_at__lte=now, award__ends_at__gt=now).order_by("next_check_at", "pk")


def check_ledger() -> list[str]:
    """What is wrong with the ledger, in sentences; empty when every sum holds.

    All balances come to zero; each equals its transfers; only the supply is below zero; each award is where it should
    be; no hold gave more than it had. Each check reads one statement, so that transfers meanwhile raise no alarm.
    """
    accounts = _accounts()
    return [*_total(accounts), *_balances(accounts), *_awards(accounts), *_holds()]


def _accounts() -> list[dict[str, Any]]:
    rows = LedgerAccount.objects.annotate(
        into=_moved("target"),
        out=_moved("source"),
        written_off=_moved("target", kind=TransferKind.WRITE_OFF),
    )
    named = rows.order_by("pk").values(
        "pk", "kind", "award", "award__gpu_seconds", "award__project__slug", "machine__slug",
        "balance_gpu_seconds", "into", "out", "written_off",
    )  # fmt: skip
    return [dict(one) for one in named]


def _moved(side: str, **only: str) -> Coalesce:
    rows = Transfer.objects.filter(**{side: OuterRef("pk")}, **only).order_by().values(side)
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
