"""Hours put into a pool, held for a job, spent and given back."""

from datetime import datetime

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from fabrica.allocations import queries, rules
from fabrica.allocations.models import Award, LedgerAccount, Transfer
from fabrica.allocations.services.transfers import LEG, check, of_award, of_machine, transfer, used_before
from fabrica.allocations.states import OF_MACHINE, AccountKind, TransferKind
from fabrica.audit.services import record
from fabrica.clusters.models import Machine
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.people.models import Person


@transaction.atomic
def fund(*, machine: Machine, gpu_seconds: int, key: str, by: Person, now: datetime) -> None:
    """Put hours into a machine's pool; the same key again does nothing. Raises NotAllowed, Refused."""
    if not rules.can_fund(by):
        raise NotAllowed(_("Only an operator puts hours into a machine's pool."))
    check(gpu_seconds, key)
    name = f"fund:{machine.slug}:{key}"
    if queries.is_parted(machine, now) and not queries.was_moved(name):
        raise Refused(
            _("The hours of %(machine)s are parted into pools by year.") % {"machine": machine},
            why=_("Hours beside them would be given twice."),
            todo=_("Declare more for the year: docs/operator/pools.md."),
        )
    supply, pool = of_machine(machine)
    moved = transfer(
        key=name, kind=TransferKind.FUND, source=supply, target=pool,
        gpu_seconds=gpu_seconds, now=now,
    )  # fmt: skip
    if moved:
        record(verb="hours.fund", by=by, subject=f"machine:{machine.slug}", now=now, gpu_seconds=gpu_seconds)


@transaction.atomic
def hold(*, award: Award, gpu_seconds: int, hold_key: str, now: datetime) -> None:
    """Set hours aside for a job before it starts; the same key again does nothing, also after its release.

    Raises Refused where the award has ended (with the date) or has not enough left (with what is left), and for a
    key that was used with another amount or award.
    """
    check(gpu_seconds, hold_key)
    free, held, _used = of_award(award)
    key = f"hold:{hold_key}"
    if now >= award.ends_at and not Transfer.objects.filter(key=key).exists():
        raise Refused(
            _("The award of %(project)s ended on %(day)s.")
            % {"project": award.project, "day": date_format(timezone.localdate(award.ends_at), "j F Y")},
            todo=_("Apply again to go on; what you trained stays yours."),
        )
    moved = transfer(
        key=key, kind=TransferKind.HOLD, source=free, target=held,
        gpu_seconds=gpu_seconds, hold_key=hold_key, now=now,
    )  # fmt: skip
    if moved:
        record(verb="hours.hold", by=None, subject=award.subject, now=now, hold=hold_key, gpu_seconds=gpu_seconds)


@transaction.atomic
def spend(*, award: Award, hold_key: str, gpu_seconds: int, key: str, now: datetime) -> None:
    """Book what a job used; the same key again does nothing. Zero GPU-seconds book nothing.

    Taken from the job's hold, then from what is free. What still exceeds the award was used all the same: the machine's
    pool pays for it, then its supply, as a write-off that the audit tells of. Raises Refused for a key that was used
    with another amount or award.
    """
    if gpu_seconds == 0:
        return
    check(gpu_seconds, hold_key, key)
    free, held, used = of_award(award)
    if _was_spent(key, used, gpu_seconds):
        return
    pay(award, (free, held, used), gpu_seconds, key=key, hold_key=hold_key, now=now)


def pay(
    award: Award, accounts: tuple[LedgerAccount, LedgerAccount, LedgerAccount], gpu_seconds: int,
    *, key: str, hold_key: str, now: datetime,
) -> None:  # fmt: skip
    """Move hours of a locked award to `used`: from the hold, then from what is free, then from pool and supply."""
    free, held, used = accounts
    in_hold = min(gpu_seconds, queries.held_for(award, hold_key)) if hold_key else 0
    in_free = min(gpu_seconds - in_hold, free.balance_gpu_seconds)
    parts = [(held, in_hold), (free, in_free)]
    if excess := gpu_seconds - in_hold - in_free:
        parts += _beyond_award(award, excess)
        record(verb="hours.write_off", by=None, subject=award.subject, now=now, key=key, gpu_seconds=excess)
    _pay(parts, used, key, hold_key, now)
    record(verb="hours.spend", by=None, subject=award.subject, now=now, key=key, gpu_seconds=gpu_seconds)


def _was_spent(key: str, used: LedgerAccount, gpu_seconds: int) -> bool:
    legs = Transfer.objects.filter(key__in=[key, *(f"{key}{LEG}{kind}" for kind in AccountKind.values)])
    if not legs:
        return False
    before = legs.filter(target=used).aggregate(total=Sum("gpu_seconds"))["total"]
    if before != gpu_seconds:
        raise used_before(key)
    return True


def _beyond_award(award: Award, excess: int) -> list[tuple[LedgerAccount, int]]:
    """Who pays beyond an award: its pool as far as it goes, then the supply."""
    supply, pool = payers(award)
    in_pool = min(excess, pool.balance_gpu_seconds)
    return [(pool, in_pool), (supply, excess - in_pool)]


def payers(award: Award) -> tuple[LedgerAccount, LedgerAccount]:
    """Supply, and the pool that an award got hours from last; both held until we are done, always in this order."""
    supply, undivided = of_machine(award.machine, lock=True)
    account = next((account for account, _had in queries.drawn(award)), undivided)
    return supply, LedgerAccount.objects.select_for_update(no_key=True).get(pk=account.pk)


def _pay(parts: list[tuple[LedgerAccount, int]], used: LedgerAccount, key: str, hold_key: str, now: datetime) -> None:
    """One transfer for each account that pays; the first carries the plain key, so that it can be looked up."""
    paying = [(source, part) for source, part in parts if part]
    for number, (source, part) in enumerate(paying):
        transfer(
            key=f"{key}{LEG}{source.kind}" if number else key,
            kind=TransferKind.WRITE_OFF if source.kind in OF_MACHINE else TransferKind.SPEND,
            source=source,
            target=used,
            gpu_seconds=part,
            hold_key=hold_key,
            now=now,
        )


@transaction.atomic
def release(*, award: Award, hold_key: str, now: datetime) -> None:
    """Give back what is left of a hold; again, it does nothing."""
    free, held, _used = of_award(award)
    left = queries.held_for(award, hold_key)
    if not left:
        return
    transfer(
        key=f"release:{hold_key}", kind=TransferKind.RELEASE, source=held, target=free,
        gpu_seconds=left, hold_key=hold_key, now=now,
    )  # fmt: skip
    record(verb="hours.release", by=None, subject=award.subject, now=now, hold=hold_key, gpu_seconds=left)
