"""Hours move in `transfer` and nowhere else.

Two workers at once: whoever touches an award's accounts holds its row first (PostgreSQL; on SQLite a transaction that
writes is alone anyway), every balance is changed where it stands and only while it suffices, and the database itself
refuses one below zero.
"""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from fabrica.allocations.models import Award, LedgerAccount, Transfer
from fabrica.allocations.saying import told_hours
from fabrica.allocations.states import OF_AWARD, OF_MACHINE, AccountKind, TransferKind
from fabrica.applications.models import MOST
from fabrica.clusters.models import Machine
from fabrica.kit.errors import Refused

KEY_MAX = 100
LEG = "|"  # parts a cause that is paid from several accounts: `usage:one:7`, `usage:one:7|free`


def check(gpu_seconds: int, *keys: str) -> None:
    """Raises Refused for an amount or a key that cannot be booked."""
    if not 0 < gpu_seconds <= MOST["gpu_seconds"]:
        raise Refused(
            _("%(seconds)s GPU-seconds cannot be booked.") % {"seconds": gpu_seconds},
            why=_("From 1 to %(most)s can.")
            % {"most": number_format(MOST["gpu_seconds"], use_l10n=True, force_grouping=True)},
        )
    for key in keys:
        if not 0 < len(key) <= KEY_MAX or not key.isprintable() or LEG in key:
            raise Refused(
                _("A booking needs a key."),
                why=_("A key has 1 to %(most)s plain letters and no '%(sign)s'.") % {"most": KEY_MAX, "sign": LEG},
            )


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
    left, needed = told_hours(source.balance_gpu_seconds), told_hours(gpu_seconds)
    if source.kind == AccountKind.POOL:
        told = {"pool": source.pool, "machine": source.machine, "left": left, "needed": needed}
        return Refused(
            _("The pool %(pool)s of %(machine)s has %(left)s GPU-hours left; the award needs %(needed)s.") % told
            if source.pool
            else _("The pool of %(machine)s has %(left)s GPU-hours left; the award needs %(needed)s.") % told,
            todo=_("Award less, or ask an operator to fund the pool."),
        )
    return Refused(
        _("The project has %(left)s GPU-hours left; this needs %(needed)s.") % {"left": left, "needed": needed},
        todo=_("Make it smaller or its time limit shorter, wait until a running job gives hours back, or apply again."),
    )


def used_before(key: str) -> Refused:
    """What a key that moved something else is refused with."""
    return Refused(
        _("The key %(key)s was used for another booking.") % {"key": key},
        todo=_("Look at the ledger; nothing was changed."),
    )
