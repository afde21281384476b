"""Hours move in `transfer` and nowhere else.

Two workers at once: whoever touches an award's accounts holds its row first (PostgreSQL; on SQLite a transaction that
writes is alone anyway), every balance is changed where it stands and only while it suffices, and the database itself
refuses one below zero.
"""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F

from fabrica.allocations.engine import hours
from fabrica.allocations.models import Award, LedgerAccount, Transfer
from fabrica.allocations.states import OF_AWARD, OF_MACHINE, AccountKind, TransferKind
from fabrica.applications.models import MOST
from fabrica.clusters.models import Machine
from fabrica.kit.errors import Refused

KEY_MAX = 100
LEG = "|"  # parts a cause that is paid from several accounts: `usage:one:7`, `usage:one:7|free`


def check(gpu_seconds: int, *keys: str) -> None:
    """Raises Refused for an amount or a key that cannot be booked."""
    if not 0 < gpu_seconds <= MOST["gpu_seconds"]:
        raise Refused(f"{gpu_seconds} GPU-seconds cannot be booked.", why=f"From 1 to {MOST['gpu_seconds']:,} can.")
    for key in keys:
        if not 0 < len(key) <= KEY_MAX or not key.isprintable() or LEG in key:
            raise Refused("A booking needs a key.", why=f"A key has 1 to {KEY_MAX} plain letters and no '{LEG}'.")


def of_machine(machine: Machine, *, lock: bool = False) -> tuple[LedgerAccount, LedgerAccount]:
    """Supply and undivided pool of a machine, made when asked for; always in this order, so nobody waits in a ring."""
    rows = LedgerAccount.objects.select_for_update(no_key=True) if lock else LedgerAccount.objects.all()
    supply, pool = (rows.get_or_create(machine=machine, kind=kind, award=None, pool=None)[0] for kind in OF_MACHINE)
    return supply, pool


def of_award(award: Award) -> tuple[LedgerAccount, LedgerAccount, LedgerAccount]:
    """Free, held and used of an award, read once nobody else can change them before we are done."""
    Award.objects.select_for_update(no_key=True).get(pk=award.pk)
    found = {one.kind: one for one in LedgerAccount.objects.filter(award=award)}
    free, held, used = (found[kind] for kind in OF_AWARD)
    return free, held, used


def transfer(
    *,
    key: str,
    kind: TransferKind,
    source: LedgerAccount,
    target: LedgerAccount,
    gpu_seconds: int,
    now: datetime,
    hold_key: str = "",
) -> bool:
    """The one place where hours move: one row with a key of its own, and both balances, or nothing at all.

    False, changing nothing, where this key moved the same before. Raises Refused where the source has not enough, or
    the key moved something else. The row goes first: of two workers with one key, the second waits there for the first.
    """
    facts = {"kind": kind, "source": source, "target": target, "gpu_seconds": gpu_seconds, "hold_key": hold_key}
    try:
        with transaction.atomic():
            Transfer.objects.create(key=key, at=now, **facts)
            _move(source, target, gpu_seconds)
    except IntegrityError:
        if not Transfer.objects.filter(key=key).exists():
            raise
        if not Transfer.objects.filter(key=key, **facts).exists():
            raise used_before(key) from None
        return False
    return True


def _move(source: LedgerAccount, target: LedgerAccount, gpu_seconds: int) -> None:
    able = LedgerAccount.objects.filter(pk=source.pk)
    if source.kind != AccountKind.SUPPLY:
        able = able.filter(balance_gpu_seconds__gte=gpu_seconds)
    if not able.update(balance_gpu_seconds=F("balance_gpu_seconds") - gpu_seconds):
        raise too_little(source, gpu_seconds)
    receiving = LedgerAccount.objects.filter(pk=target.pk)
    receiving.update(balance_gpu_seconds=F("balance_gpu_seconds") + gpu_seconds)


def too_little(source: LedgerAccount, gpu_seconds: int) -> Refused:
    """What a transfer is refused with that its source cannot pay."""
    source.refresh_from_db(fields=["balance_gpu_seconds"])
    left, needed = hours(source.balance_gpu_seconds), hours(gpu_seconds)
    if source.kind == AccountKind.POOL:
        return Refused(
            f"The pool {source.pool} of {source.machine} has {left} GPU-hours left; the award needs {needed}."
            if source.pool
            else f"The pool of {source.machine} has {left} GPU-hours left; the award needs {needed}.",
            todo="Award less, or ask an operator to fund the pool.",
        )
    return Refused(
        f"The project has {left} GPU-hours left; this needs {needed}.",
        todo="Make it smaller or its time limit shorter, wait until a running job gives hours back, or apply again.",
    )


def used_before(key: str) -> Refused:
    """What a key that moved something else is refused with."""
    return Refused(f"The key {key} was used for another booking.", todo="Look at the ledger; nothing was changed.")
