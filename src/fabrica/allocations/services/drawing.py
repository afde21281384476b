"""Hours between pools and awards: each moves beside the caps that count it, in one transaction.

Whoever draws or gives back holds the award first (where there is one; of two the older), then the accounting year, then
the machine's supply and undivided pool, then other balances and caps. So of two officers at once the second sees what
the first one left.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import F
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from fabrica.allocations import queries, rules
from fabrica.allocations.models import AccountingYear, Award, Cap, LedgerAccount, Offer, Pool, Transfer
from fabrica.allocations.saying import told_hours
from fabrica.allocations.services.pricing import must_stay_within
from fabrica.allocations.services.transfers import LEG, of_machine, too_little, transfer
from fabrica.allocations.states import AccountKind, PoolName, TransferKind
from fabrica.calls.models import Call
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.people.models import Person


def draw(
    *, call: Call, target: LedgerAccount, gpu_seconds: int, key: str, kind: TransferKind, now: datetime,
    from_reserve: bool = False,
) -> bool:  # fmt: skip
    """Move hours from the pool of a call's mode, or the director's, to an award; False where this key did before.

    Raises Refused where the pool has not enough, where a cap would be passed, without an accounting year, and
    where an award that pays would cost more than its limit.
    """
    before = Transfer.objects.select_related("source").filter(key=key).first()
    if before is not None:  # from the pool of then, though another year may have begun
        return transfer(key=key, kind=kind, source=before.source, target=target, gpu_seconds=gpu_seconds, now=now)
    must_stay_within(award_id=target.award_id, more=gpu_seconds)
    pool = queries.named_pool(call, now, from_reserve=from_reserve)
    if pool is not None:
        AccountingYear.objects.select_for_update(no_key=True).get(pk=pool.year_id)
    source = pool.account if pool else of_machine(call.machine)[1]
    is_new = transfer(key=key, kind=kind, source=source, target=target, gpu_seconds=gpu_seconds, now=now)
    if is_new and pool is not None:
        _take(pool, call, gpu_seconds)
    return is_new


def draw_or_take(
    *, call: Call, target: LedgerAccount, gpu_seconds: int, key: str, kind: TransferKind, now: datetime,
    from_reserve: bool = False, source: LedgerAccount | None = None,
) -> bool:  # fmt: skip
    """The same; from `source`, the pool that hours of an offer have just returned to, caps stay as they are."""
    if source is None:
        return draw(
            call=call, target=target, gpu_seconds=gpu_seconds, key=key, kind=kind, now=now, from_reserve=from_reserve
        )
    return transfer(key=key, kind=kind, source=source, target=target, gpu_seconds=gpu_seconds, now=now)


def check_draw(*, call: Call, gpu_seconds: int, now: datetime, from_reserve: bool = False) -> None:
    """Raises Refused where `draw` would at this moment."""
    pool = queries.named_pool(call, now, from_reserve=from_reserve)
    source = pool.account if pool else of_machine(call.machine)[1]
    if source.balance_gpu_seconds < gpu_seconds:
        raise too_little(source, gpu_seconds)
    for cap in queries.caps_on(pool, call.mode_row["key"]) if pool else ():
        if cap.left < gpu_seconds:
            raise _passed(cap, gpu_seconds)


def must_use_reserve(by: Person, reason: str) -> None:
    """Raises NotAllowed for who may give no hours of the director's reserve, Refused without a reason."""
    if not rules.can_use_reserve(by):
        raise NotAllowed(
            _("Only an officer whom the site names for it gives hours of the director's reserve."),
            todo=_("Ask an operator: FABRICA_RESERVE_OFFICERS in docs/operator/settings.md."),
        )
    if not reason.strip():
        raise Refused(
            _("Hours of the director's reserve need a reason."), todo=_("Say why; the project's leaders read it.")
        )


def give_back(
    *,
    award: Award,
    source: LedgerAccount,
    gpu_seconds: int,
    key: str,
    now: datetime,
    first: LedgerAccount | None = None,
) -> int:
    """Return hours of a locked award to the pools they came from, and to their caps; how many.

    The latest pool goes first, or the one that is known to have paid for these.
    """
    parts = queries.origins(award, gpu_seconds, first=first)
    _lock_years(parts)
    of_machine(award.machine, lock=True)
    for number, (account, part) in enumerate(parts):
        transfer(
            key=f"{key}{LEG}{number}" if number else key, kind=TransferKind.RETURN, source=source, target=account,
            gpu_seconds=part, now=now,
        )  # fmt: skip
    for account, part in parts:
        if account.pool:
            _uncount(award.application.call, account.pool, part)
    return sum(part for _account, part in parts)


def give_up(*, offer: Offer, now: datetime) -> LedgerAccount:
    """Return the hours of a locked offer to the pool they were set aside from, and to its caps; which one it was."""
    account = return_to_pool(offer=offer, now=now)
    if account.pool:
        _uncount(offer.application.call, account.pool, offer.gpu_seconds)
    return account


def return_to_pool(*, offer: Offer, now: datetime) -> LedgerAccount:
    """Return the hours of a locked offer to their pool, held until the transaction ends; its caps count them still.

    Whoever accepts an offer draws the same hours from there: no cap changes, whatever year it is by then.
    """
    account = queries.set_aside_from(offer)
    _lock_years([(account, offer.gpu_seconds)])
    of_machine(account.machine, lock=True)
    transfer(
        key=f"offer-back:{offer.application.code}:{offer.number}", kind=TransferKind.RETURN, source=offer.account,
        target=account, gpu_seconds=offer.gpu_seconds, now=now,
    )  # fmt: skip
    return account


def shift(
    *, giving: Award, receiving: Award, gpu_seconds: int, key: str, by: Person, now: datetime, reason: str
) -> None:
    """Move free hours between two locked awards by way of the pools both are paid from, which nobody can use meanwhile.

    Raises Refused where the giving award got less from these, or where a cap would be passed; NotAllowed where some are
    of the director's reserve, and the person may give none of it.
    """
    parts = queries.origins(giving, gpu_seconds, only=queries.drawn(receiving))
    if sum(part for _account, part in parts) < gpu_seconds:
        raise Refused(
            _("%(giving)s and %(receiving)s are not paid from the same pool, as far as that.")
            % {"giving": giving.project, "receiving": receiving.project},
            why=_("Hours belong to the pool that an award got them from."),
            todo=_("Move less, or take hours back and award others."),
        )
    if any(account.pool and account.pool.name == PoolName.DIRECTORS_RESERVE for account, _part in parts):
        must_use_reserve(by, reason)
    _lock_years(parts)
    of_machine(giving.machine, lock=True)
    free = {one.award_id: one for one in LedgerAccount.objects.filter(
        award__in=[giving, receiving], kind=AccountKind.FREE
    )}  # fmt: skip
    for number, (account, part) in enumerate(parts):
        legs = ((free[giving.pk], account, "out"), (account, free[receiving.pk], "in"))
        for source, target, leg in legs:
            transfer(
                key=f"{key}{LEG}{leg}{number}", kind=TransferKind.MOVE, source=source, target=target, gpu_seconds=part,
                now=now,
            )  # fmt: skip
        if account.pool:
            _uncount(giving.application.call, account.pool, part)
            _take(account.pool, receiving.application.call, part)


def _uncount(call: Call, pool: Pool, gpu_seconds: int) -> None:
    """Let the caps count back what was given back to a pool."""
    for cap in queries.caps_on(pool, call.mode_row["key"]):
        Cap.objects.filter(pk=cap.pk).update(taken_gpu_seconds=F("taken_gpu_seconds") - gpu_seconds)


def _lock_years(parts: Sequence[tuple[LedgerAccount, int]]) -> None:
    years = sorted({account.pool.year_id for account, _part in parts if account.pool})
    list(AccountingYear.objects.select_for_update(no_key=True).filter(pk__in=years).order_by("pk"))


def _take(pool: Pool, call: Call, gpu_seconds: int) -> None:
    for cap in queries.caps_on(pool, call.mode_row["key"]):
        room = Cap.objects.filter(pk=cap.pk, taken_gpu_seconds__lte=F("limit_gpu_seconds") - gpu_seconds)
        if not room.update(taken_gpu_seconds=F("taken_gpu_seconds") + gpu_seconds):
            raise _passed(cap, gpu_seconds)


def _passed(cap: Cap, gpu_seconds: int) -> Refused:
    cap.refresh_from_db()
    return Refused(
        _("The cap '%(cap)s' has %(left)s GPU-hours left; this needs %(hours)s.")
        % {"cap": cap, "left": told_hours(cap.left), "hours": told_hours(gpu_seconds)},
        why=_("At most %(percent)s %% of %(of)s GPU-hours may be given under it before %(day)s. Source: %(source)s.")
        % {
            "percent": number_format(format(cap.percent.normalize(), "f"), use_l10n=True),
            "of": told_hours(cap.of_gpu_seconds),
            "day": date_format(cap.year.ends_on, "j F Y"),
            "source": cap.told_source,
        },
        todo=_("Give less, wait until hours come back to the pool, or wait for the next accounting year."),
    )
