"""A machine's accounting year: declared, parted into pools, and bounded by caps."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from fabrica.allocations import queries, rules
from fabrica.allocations.engine.years import CapRule, Year, programme_caps, share
from fabrica.allocations.models import AccountingYear, Cap, LedgerAccount, Pool, Transfer
from fabrica.allocations.saying import told_hours
from fabrica.allocations.services.transfers import of_machine, transfer
from fabrica.allocations.states import AccountKind, TransferKind
from fabrica.audit.services import record
from fabrica.calls.queries import modes
from fabrica.clusters.models import Machine
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.people.models import Person


@dataclass(frozen=True)
class Fill:
    """A pool whose balance is to change, and by how much."""

    pool: str
    account: LedgerAccount
    before: int
    after: int


@transaction.atomic
def set_year(*, machine: Machine, year: Year, by: Person, now: datetime) -> AccountingYear:
    """Declare what a machine gives in a year, or change what was declared; the same again does nothing.

    Each pool is filled from the supply with its part; a change moves the difference. Once a year has begun, what the
    undivided pool still holds goes back to the supply, so that nothing is given twice. The caps are those the access
    modes' data names, unless the year leaves them out, and its own. Raises NotAllowed for all but operators; Refused
    where another year of the machine has some of its days, and for a change that pools or caps have outgrown.
    """
    if not rules.can_fund(by):
        raise NotAllowed(_("Only an operator declares what a machine gives in a year."))
    Machine.objects.select_for_update(no_key=True).get(pk=machine.pk)
    _must_be_alone(machine, year)
    row, is_new = _keep(machine, year)
    fills = _pools(row, year)
    changed = _fill(row, fills, now)
    swept = _sweep(row, now)
    rules_changed = _caps(row, year, now)
    if is_new or changed or swept or rules_changed:
        record(
            verb="pools.set", by=by, subject=f"machine:{machine.slug}", now=now, starts_on=year.starts_on.isoformat(),
            ends_on=year.ends_on.isoformat(), gpu_seconds=year.gpu_seconds,
            pools=year.shares(), undivided=swept,
        )  # fmt: skip
    return row


def _must_be_alone(machine: Machine, year: Year) -> None:
    others = AccountingYear.objects.filter(machine=machine, starts_on__lt=year.ends_on, ends_on__gt=year.starts_on)
    if other := others.exclude(starts_on=year.starts_on).first():
        raise Refused(
            _("%(other)s is an accounting year already.") % {"other": other},
            todo=_("Let the new one begin where that one ends."),
        )


def _keep(machine: Machine, year: Year) -> tuple[AccountingYear, bool]:
    facts = {
        "ends_on": year.ends_on, "gpu_seconds": year.gpu_seconds, "source": year.source.text,
        "checked_on": year.source.checked_on, "confidence": year.source.confidence,
    }  # fmt: skip
    row, is_new = AccountingYear.objects.select_for_update(no_key=True).get_or_create(
        machine=machine, starts_on=year.starts_on, defaults=facts
    )
    was = {name: getattr(row, name) for name in facts}
    if was != facts:
        AccountingYear.objects.filter(pk=row.pk).update(**facts)
        row.refresh_from_db()
    return row, is_new or was != facts


def _pools(row: AccountingYear, year: Year) -> list[Fill]:
    """Every pool of the year, those that a change leaves out as well: they are emptied."""
    percents = dict.fromkeys(row.pools.values_list("name", flat=True), None) | {
        one.name: one.percent for one in year.parts
    }
    found = []
    for name, percent in percents.items():
        facts = {"percent": percent or 0, "gpu_seconds": year.of_pool(name)}
        pool, is_new = Pool.objects.get_or_create(year=row, name=name, defaults=facts)
        account, _made = LedgerAccount.objects.get_or_create(
            pool=pool, defaults={"machine": row.machine, "kind": AccountKind.POOL}
        )
        found.append(Fill(name, account, 0 if is_new else pool.gpu_seconds, facts["gpu_seconds"]))
        Pool.objects.filter(pk=pool.pk).update(**facts)
    return found


def _fill(row: AccountingYear, fills: list[Fill], now: datetime) -> bool:
    supply, _undivided = of_machine(row.machine, lock=True)
    changes = [one for one in fills if one.before != one.after]
    for one in changes:
        key = f"year:{row.machine.slug}:{row.starts_on}:{one.pool}"
        count = Transfer.objects.filter(key__startswith=f"{key}:").count()
        is_more = one.after > one.before
        transfer(
            key=f"{key}:{count + 1}", kind=TransferKind.FUND, source=supply if is_more else one.account,
            target=one.account if is_more else supply, gpu_seconds=abs(one.after - one.before), now=now,
        )  # fmt: skip
    return bool(changes)


def _sweep(row: AccountingYear, now: datetime) -> int:
    """What the undivided pool holds goes back to the supply once a year has begun: its pools have these hours now."""
    if not queries.is_parted(row.machine, now):
        return 0
    supply, undivided = of_machine(row.machine, lock=True)
    if not undivided.balance_gpu_seconds:
        return 0
    count = Transfer.objects.filter(source=undivided, target=supply).count()
    transfer(
        key=f"year:{row.machine.slug}:undivided:{count + 1}", kind=TransferKind.FUND, source=undivided, target=supply,
        gpu_seconds=undivided.balance_gpu_seconds, now=now,
    )  # fmt: skip
    return undivided.balance_gpu_seconds


def _programme(now: datetime) -> tuple[CapRule, ...]:
    try:
        return programme_caps(modes(now))
    except (ValueError, KeyError) as error:
        raise Refused(
            _("The caps of the access modes do not fit together."),
            why=str(error),
            todo=_("Mend the modes' versions first."),
        ) from error


def _caps(row: AccountingYear, year: Year, now: datetime) -> bool:
    """Bring the year's caps to what it says; what their awards took is counted anew from the transfers."""
    wanted = {one.name: one for one in (*(_programme(now) if year.keeps_programme else ()), *year.caps)}
    wanted = {name: one for name, one in wanted.items() if any(year.of_pool(pool) for pool in one.pools)}
    gone, _rows = row.caps.exclude(name__in=wanted).delete()
    return any([bool(gone), *[_cap(row, one, year.base(one)) for one in wanted.values()]])


def _cap(row: AccountingYear, rule: CapRule, base: int) -> bool:
    facts = {
        "title": rule.title, "pools": list(rule.pools), "modes": list(rule.modes), "percent": rule.percent,
        "of_gpu_seconds": base, "limit_gpu_seconds": share(base, rule.percent), "source": rule.source.text,
        "checked_on": rule.source.checked_on, "confidence": rule.source.confidence,
    }  # fmt: skip
    cap = row.caps.filter(name=rule.name).first()
    if cap is not None and {name: getattr(cap, name) for name in facts} == facts:
        return False
    changed = Cap(**{"pk": cap.pk if cap else None, "year": row, "name": rule.name, **facts})
    took = queries.taken_by_cap([changed])[changed.pk]
    if took > changed.limit_gpu_seconds:
        raise Refused(
            _("The cap '%(changed)s' would be %(limit)s GPU-hours; %(given)s are given.")
            % {"changed": changed, "limit": told_hours(changed.limit_gpu_seconds), "given": told_hours(took)},
            todo=_("Declare more, or take hours back from awards first."),
        )
    changed.taken_gpu_seconds = took
    changed.save()
    return True
