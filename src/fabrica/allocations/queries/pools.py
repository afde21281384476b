"""A machine's pools by accounting year, from which of them an award is paid, and what its caps leave."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, Sum
from django.db.models.functions import Coalesce
from django.utils.formats import date_format
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from fabrica.allocations.models import AccountingYear, Award, Cap, LedgerAccount, Pool, Transfer
from fabrica.allocations.queries.awards import pool_of
from fabrica.allocations.states import AccountKind, PoolName, TransferKind
from fabrica.calls.models import Call
from fabrica.calls.queries import modes
from fabrica.clusters.models import Machine
from fabrica.kit.errors import Refused

NOT_GRANTED = (TransferKind.WRITE_OFF, TransferKind.CORRECTION)  # between pool and award, and for a job's use


def year_at(machine: Machine, now: datetime) -> AccountingYear | None:
    """The accounting year of a machine that a moment lies in."""
    today = localdate(now)
    return AccountingYear.objects.filter(machine=machine, starts_on__lte=today, ends_on__gt=today).first()


def is_parted(machine: Machine, now: datetime) -> bool:
    """Whether the first declared year of a machine has begun: from then on nothing is given from its undivided pool."""
    return AccountingYear.objects.filter(machine=machine, starts_on__lte=localdate(now)).exists()


def pool_name(call: Call, now: datetime) -> str:
    """Which pool awards of a call are paid from; for a call of before modes named one, what its mode says today."""
    key = call.mode_row["key"]
    return call.terms.pool or next((one.pool for one in modes(now) if one.key == key), "")


def named_pool(call: Call, now: datetime, *, from_reserve: bool = False) -> Pool | None:
    """The pool that awards of a call are paid from, or the director's; None for the machine's undivided one.

    The undivided one is that of a machine until its first accounting year begins. Raises Refused where the year, the
    pool or the mode's naming of it is missing.
    """
    machine = call.machine
    if not is_parted(machine, now):
        if from_reserve:
            raise Refused(
                _("%(machine)s has no reserve of the director.") % {"machine": machine},
                why=_("Its hours are not parted into pools."),
            )
        return None
    name = PoolName.DIRECTORS_RESERVE if from_reserve else pool_name(call, now)
    if not name:
        raise Refused(
            _("%(mode)s names no pool.") % {"mode": call.mode_row["title"]},
            why=_("The hours of %(machine)s are parted into pools, and none is given twice.") % {"machine": machine},
            todo=_("Ask an operator to give the mode its pool, and open the call anew: docs/operator/pools.md."),
        )
    year = year_at(machine, now)
    if year is None:
        raise Refused(
            _("%(machine)s has no accounting year on %(day)s.")
            % {"machine": machine, "day": date_format(localdate(now), "j F Y")},
            why=_("Its hours are parted into pools by year, and no award is paid from another year's."),
            todo=_("Ask an operator to open the year: docs/operator/pools.md."),
        )
    found = Pool.objects.select_related("account").filter(year=year, name=name).first()
    if found is None:
        raise Refused(
            _("%(year)s has no pool '%(pool)s'.") % {"year": year, "pool": PoolName(name).label},
            why=_("You chose it.")
            if from_reserve
            else _("Awards of %(mode)s are paid from it.") % {"mode": call.mode_row["title"]},
            todo=_("Ask an operator to give the year that pool: docs/operator/pools.md."),
        )
    return found


def caps_on(pool: Pool, mode: str) -> list[Cap]:
    """The caps that count hours from a pool for an award of a mode, in the order in which they are changed."""
    return [one for one in Cap.objects.filter(year=pool.year_id).order_by("pk") if one.counts(pool.name, mode)]


def left_for(call: Call, now: datetime, *, from_reserve: bool = False) -> int:
    """The GPU-seconds that may still be awarded for a call: what is in its pool, within every cap; 0 where none is."""
    try:
        pool = named_pool(call, now, from_reserve=from_reserve)
    except Refused:
        return 0
    if pool is None:
        return pool_of(call.machine)
    lefts = [one.left for one in caps_on(pool, call.mode_row["key"])]
    return min([pool.account.balance_gpu_seconds, *lefts])


def drawn(award: Award) -> list[tuple[LedgerAccount, int]]:
    """What an award got from each pool and has not given back, the latest pool first."""
    net: dict[int, int] = {}
    moves = Transfer.objects.exclude(kind__in=NOT_GRANTED)
    for side, other, sign in (("source", "target", 1), ("target", "source", -1)):
        rows = moves.filter(**{f"{side}__kind": AccountKind.POOL, f"{other}__award": award}).order_by()
        for account, total in rows.values_list(side).annotate(total=Sum("gpu_seconds")):
            net[account] = net.get(account, 0) + sign * total
    accounts = LedgerAccount.objects.select_related("pool__year", "machine").in_bulk(net)
    return [(accounts[pk], net[pk]) for pk in sorted(net, reverse=True)]


def origins(
    award: Award, gpu_seconds: int, only: Iterable[tuple[LedgerAccount, int]] | None = None,
    first: LedgerAccount | None = None,
) -> list[tuple[LedgerAccount, int]]:  # fmt: skip
    """Which pools so much of an award goes back to: the latest, or `first`, first.

    `only` those that another has hours from.
    """
    parts, left = [], gpu_seconds
    shared = None if only is None else {account.pk for account, had in only if had}
    for account, had in sorted(drawn(award), key=lambda one: one[0] != first):
        if shared is not None and account.pk not in shared:
            continue
        parts.append((account, min(had, left)))
        left -= min(had, left)
    return [(account, part) for account, part in parts if part]


def taken_by_cap(caps: Iterable[Cap]) -> dict[int, int]:
    """What the transfers say that each cap's awards and offers took, less what came back."""
    listed = list(caps)
    moved: dict[tuple[int, str, str], int] = {}
    moves = Transfer.objects.exclude(kind__in=NOT_GRANTED)
    for owner in ("award", "offer"):
        for side, other, sign in (("source", "target", 1), ("target", "source", -1)):
            mode, has = f"{other}__{owner}__application__call__mode_row__key", f"{other}__{owner}__isnull"
            is_ours = Q(**{f"{side}__pool__year__in": {one.year_id for one in listed}, has: False})
            rows = moves.filter(is_ours).order_by().values_list(f"{side}__pool__year", f"{side}__pool__name", mode)
            for year, pool, key, total in rows.annotate(total=Coalesce(Sum("gpu_seconds"), 0)):
                moved[year, pool, key] = moved.get((year, pool, key), 0) + sign * total
    return {
        one.pk: sum(total for (year, pool, mode), total in moved.items()
                    if year == one.year_id and one.counts(pool, mode))
        for one in listed
    }  # fmt: skip
