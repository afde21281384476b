"""What jobs used, stated as totals: the difference to what was booked before moves, and nothing twice.

Who holds an award's row (`of_award`) is alone with its bookings; of two workers with the same total the second finds
no difference. What several jobs of one award differ by moves in one transfer each way; each job's total is in its row.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import F, OuterRef, Subquery

from fabrica.allocations import queries
from fabrica.allocations.models import Award, JobBooking, LedgerAccount
from fabrica.allocations.services.hours import pay
from fabrica.allocations.services.transfers import LEG, of_award, of_machine, transfer, used_before
from fabrica.allocations.states import TransferKind
from fabrica.applications.models import MOST
from fabrica.audit.services import record
from fabrica.clusters.models import KEY_LIMIT, JobUsage, Machine
from fabrica.kit.bulk import upsert
from fabrica.kit.errors import Refused

BATCH = 5_000
COLUMNS = ("machine_id", "key", "award_id", "gpu_seconds", "version")


@transaction.atomic
def book(*, award: Award, machine: Machine, key: str, gpu_seconds: int, now: datetime, hold_key: str = "") -> None:
    """State what one start of a job used in total; the difference to what was booked before moves.

    The same total again does nothing. What is more is taken as `spend` takes it, from the hold of this key first.
    What is less goes back: first to supply and pool, as far as they paid beyond the award, then to what is free.
    Raises Refused for a total or key out of bounds, and for a job that was booked on another award.
    """
    _book(award, machine, {key: gpu_seconds}, now=now, hold_key=hold_key)


def _book(award: Award, machine: Machine, totals: Mapping[str, int], *, now: datetime, hold_key: str = "") -> None:
    _check(totals)
    accounts = of_award(award)
    before = {one.key: one for one in JobBooking.objects.filter(machine=machine, key__in=list(totals))}
    for one in before.values():
        if one.award_id != award.pk:
            raise used_before(one.key)
    less, more = [], []
    for key, total in totals.items():
        row = before.get(key) or JobBooking(machine=machine, key=key, award=award, gpu_seconds=0, version=0)
        difference = total - row.gpu_seconds
        if difference == 0 and row.version:
            continue
        row.gpu_seconds, row.version = total, row.version + 1
        (more if difference >= 0 else less).append((row, difference))
    if gpu_seconds := -sum(difference for _row, difference in less):
        _give_back(award, accounts, gpu_seconds, key=_name(machine, less), now=now)
        accounts = of_award(award)
    if gpu_seconds := sum(difference for _row, difference in more):
        pay(award, accounts, gpu_seconds, key=_name(machine, more), hold_key=hold_key, now=now)
    rows = [[getattr(row, name) for name in COLUMNS] for row, _difference in (*less, *more)]
    upsert(JobBooking, COLUMNS, rows, unique=["machine_id", "key"], compared=["gpu_seconds", "version"])


def _check(totals: Mapping[str, int]) -> None:
    for key, gpu_seconds in totals.items():
        if not 0 <= gpu_seconds <= MOST["gpu_seconds"]:
            raise Refused(f"{gpu_seconds} GPU-seconds cannot be booked.", why=f"From 0 to {MOST['gpu_seconds']:,} can.")
        if not 0 < len(key) <= KEY_LIMIT or not key.isprintable() or LEG in key:
            raise Refused("A booking needs a key.", why=f"A job's has 1 to {KEY_LIMIT} plain letters and no '{LEG}'.")


def _name(machine: Machine, rows: Iterable[tuple[JobBooking, int]]) -> str:
    """The key of a transfer: it names each job with the count of its bookings, so it can never come twice."""
    names = [f"{row.key}:{row.version}" if row.version > 1 else row.key for row, _difference in rows]
    if len(names) == 1:
        return f"usage:{machine.slug}:{names[0]}"
    digest = hashlib.sha256("\n".join(names).encode()).hexdigest()[:32]
    return f"usage:{machine.slug}:{len(names)} jobs:{digest}"


def _give_back(
    award: Award, accounts: tuple[LedgerAccount, LedgerAccount, LedgerAccount], gpu_seconds: int,
    *, key: str, now: datetime,
) -> None:  # fmt: skip
    free, _held, used = accounts
    parts = [(free, gpu_seconds)]
    if any(owed := queries.written_off_by(award)):
        supply, pool = of_machine(award.machine, lock=True)
        to_supply = min(gpu_seconds, owed[0])
        to_pool = min(gpu_seconds - to_supply, owed[1])
        parts = [(supply, to_supply), (pool, to_pool), (free, gpu_seconds - to_supply - to_pool)]
    receiving = [(target, part) for target, part in parts if part]
    for number, (target, part) in enumerate(receiving):
        transfer(
            key=f"{key}{LEG}{target.kind}" if number else key, kind=TransferKind.CORRECTION,
            source=used, target=target, gpu_seconds=part, now=now,
        )  # fmt: skip
    record(verb="hours.correct", by=None, subject=award.subject, now=now, key=key, gpu_seconds=gpu_seconds)


@transaction.atomic
def book_metered(*, machine: Machine, account: str, now: datetime) -> int:
    """Book what the meter found of one account on a machine, at most 5,000 jobs; how many there were.

    What nobody's award stands behind is marked for the operator. Rows that another worker holds are left to it.
    """
    due = queries.usage_due(now).filter(machine=machine, account=account).order_by("pk")
    rows = list(due.select_for_update(skip_locked=True).values_list("pk", "key", "gpu_seconds")[:BATCH])
    held = JobUsage.objects.filter(pk__in=[pk for pk, _key, _total in rows])
    award = queries.award_of_account(machine, account)
    if award is None:
        held.update(is_nobodys=True)
    elif rows:
        _book(award, machine, {key: total for _pk, key, total in rows}, now=now)
        held.update(booked_gpu_seconds=F("gpu_seconds"))
    return len(rows)


def adopt_booked(*, now: datetime) -> int:
    """Note on the meter's rows what was booked for them before the meter came to them: by the runs that made them."""
    waiting = queries.usage_waiting(now).values_list("pk", "machine", "key")[:BATCH]
    by_name = {(machine, key): pk for pk, machine, key in waiting}
    if not by_name:
        return 0
    booked = JobBooking.objects.filter(key__in=[key for _machine, key in by_name]).values_list("machine", "key")
    found = [by_name[name] for name in booked if name in by_name]
    there = JobBooking.objects.filter(machine=OuterRef("machine"), key=OuterRef("key")).values("gpu_seconds")[:1]
    return JobUsage.objects.filter(pk__in=found).update(booked_gpu_seconds=Subquery(there)) if found else 0
