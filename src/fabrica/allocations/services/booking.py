"""What jobs used, stated as totals: the difference to what was booked before moves, and nothing twice.

Who holds an award's row (`of_award`) is alone with its bookings; of two workers with the same total the second finds
no difference. What several jobs of one award differ by moves in one transfer each way; each job's total is in its row.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from fabrica.allocations import queries
from fabrica.allocations.models import Award, JobBooking
from fabrica.allocations.services.hours import pay
from fabrica.allocations.services.transfers import LEG, of_award, of_machine, transfer, used_before
from fabrica.allocations.states import TransferKind
from fabrica.applications.models import MOST
from fabrica.audit.services import record
from fabrica.clusters.models import KEY_LIMIT, JobUsage, Machine
from fabrica.kit.bulk import among, assign, upsert
from fabrica.kit.errors import Refused
from fabrica.trust.services import compute

BATCH = 5_000
COLUMNS = ("machine_id", "key", "award_id", "gpu_seconds", "version", "token")
UNIQUE = ("machine_id", "key")


@dataclass(slots=True)
class Total:
    """What a start of a job used, and what the ledger has of it: nothing where its `version` is 0."""

    key: str
    gpu_seconds: int
    before: int = 0
    version: int = 0
    award_id: int | None = None
    token: str = field(default="", kw_only=True)

    @property
    def difference(self) -> int:
        return self.gpu_seconds - self.before


@transaction.atomic
def book(
    *, award: Award, machine: Machine, key: str, gpu_seconds: int, now: datetime, hold_key: str = "", token: str = ""
) -> None:
    """State what one start of a job used in total; the difference to what was booked before moves.

    The same total again does nothing. What is more is taken as `spend` takes it, from the hold of this key first.
    What is less goes back: first to supply and pool, as far as they paid beyond the award, then to what is free.
    Raises Refused for a total or key out of bounds, and for a job that was booked on another award.
    """
    of_award(award)
    known = JobBooking.objects.filter(machine=machine, key=key).values_list("gpu_seconds", "version", "award_id")
    total = Total(key, gpu_seconds, *(known.first() or ()), token=token)
    _book(award, machine, [total], now=now, hold_key=hold_key)


def _book(award: Award, machine: Machine, totals: Sequence[Total], *, now: datetime, hold_key: str = "") -> None:
    """Book totals whose `before` was read while the award was held."""
    for one in totals:
        _check(one)
        if one.award_id not in (None, award.pk):
            raise used_before(one.key)
    changed = [one for one in totals if one.difference or not one.version]
    for one in changed:
        one.version += 1
    _move(award, machine, changed, now=now, hold_key=hold_key)
    upsert(
        JobBooking, COLUMNS, _rows(award, machine, changed),
        unique=UNIQUE, compared=["gpu_seconds", "version"], carried=["token"],
    )  # fmt: skip


def _book_first(award: Award, machine: Machine, totals: Sequence[Total], *, now: datetime) -> bool:
    """Book jobs of which nothing was booked before; False, changing nothing, where one of them was.

    To try it costs less than to look each of them up: most of what a machine tells is new.
    """
    for one in totals:
        _check(one)
        one.version = 1
    with transaction.atomic():
        if upsert(JobBooking, COLUMNS, _rows(award, machine, totals), unique=UNIQUE) < len(totals):
            transaction.set_rollback(True)
            return False
        _move(award, machine, totals, now=now)
    return True


def _rows(award: Award, machine: Machine, totals: Sequence[Total]) -> list[tuple[object, ...]]:
    return [(machine.pk, one.key, award.pk, one.gpu_seconds, one.version, one.token) for one in totals]


def _move(award: Award, machine: Machine, changed: Sequence[Total], *, now: datetime, hold_key: str = "") -> None:
    less = [one for one in changed if one.difference < 0]
    more = [one for one in changed if one.difference >= 0]
    if gpu_seconds := -sum(one.difference for one in less):
        _give_back(award, gpu_seconds, key=_name(machine, less), now=now)
    if gpu_seconds := sum(one.difference for one in more):
        pay(award, of_award(award), gpu_seconds, key=_name(machine, more), hold_key=hold_key, now=now)


def _check(one: Total) -> None:
    most = MOST["gpu_seconds"]
    if not 0 <= one.gpu_seconds <= most:
        raise Refused(
            _("%(seconds)s GPU-seconds cannot be booked.") % {"seconds": one.gpu_seconds},
            why=_("From 0 to %(most)s can.") % {"most": number_format(most, use_l10n=True, force_grouping=True)},
        )
    if not 0 < len(one.key) <= KEY_LIMIT or not one.key.isprintable() or LEG in one.key:
        raise Refused(
            _("A booking needs a key."),
            why=_("A job's has 1 to %(most)s plain letters and no '%(sign)s'.") % {"most": KEY_LIMIT, "sign": LEG},
        )


def _name(machine: Machine, totals: Sequence[Total]) -> str:
    """The key of a transfer: it names each job with the count of its bookings, so it can never come twice."""
    names = [f"{one.key}:{one.version}" if one.version > 1 else one.key for one in totals]
    if len(names) == 1:
        return f"usage:{machine.slug}:{names[0]}"
    digest = hashlib.sha256("\n".join(names).encode()).hexdigest()[:32]
    return f"usage:{machine.slug}:{len(names)} jobs:{digest}"


def _give_back(award: Award, gpu_seconds: int, *, key: str, now: datetime) -> None:
    free, _held, used = of_award(award)
    parts, left = [], gpu_seconds
    for account, owed in queries.written_off_by(award):
        parts.append((account, min(left, owed)))
        left -= min(left, owed)
    if parts:
        of_machine(award.machine, lock=True)  # as who pays does, before any pool
    receiving = [(target, part) for target, part in [*parts, (free, left)] if part]
    for number, (target, part) in enumerate(receiving):
        leg = f"{target.kind}{target.pool_id or ''}"
        transfer(
            key=f"{key}{LEG}{leg}" if number else key, kind=TransferKind.CORRECTION,
            source=used, target=target, gpu_seconds=part, now=now,
        )  # fmt: skip
    record(verb="hours.correct", by=None, subject=award.subject, now=now, key=key, gpu_seconds=gpu_seconds)


@transaction.atomic
def book_metered(*, machine: Machine, account: str, now: datetime) -> int:
    """Book what the meter found of one account on a machine, at most 5,000 jobs; how many there were.

    What no award stands behind is marked for the operator. Each row keeps the total that was booked: where the meter
    wrote another one meanwhile, it is due again.
    """
    award = queries.award_of_account(machine, account)
    if award is not None:
        of_award(award)
    due = queries.usage_due(now).filter(machine=machine, account=account).order_by("pk")
    found = list(due.values_list("pk", "key", "gpu_seconds", "token", "booked_gpu_seconds")[:BATCH])
    if award is None:
        JobUsage.objects.filter(among("pk", [pk for pk, *_rest in found])).update(is_nobodys=True)
        return len(found)
    totals = [Total(key, total, token=token) for _pk, key, total, token, _booked in found]
    are_new = all(booked is None for *_rest, booked in found)
    if not (are_new and _book_first(award, machine, totals, now=now)):
        known = _known(machine, [one.key for one in totals])
        again = [Total(one.key, one.gpu_seconds, *known.get(one.key, ()), token=one.token) for one in totals]
        _book(award, machine, again, now=now)
    assign(JobUsage, "booked_gpu_seconds", [(pk, total) for pk, _key, total, *_rest in found])
    used = queries.balance(award).used
    compute.note_jobs(project=award.project, machine=machine, used_by_project=used, now=now)
    return len(found)


def _known(machine: Machine, keys: Sequence[str]) -> dict[str, tuple[int, int, int]]:
    """What was booked before of these starts of jobs, by key."""
    rows = JobBooking.objects.filter(among("key", keys), machine=machine)
    facts = rows.values_list("key", "gpu_seconds", "version", "award_id")
    return {key: (had, version, whose) for key, had, version, whose in facts}


def note_told(*, told: Sequence[tuple[int, int]]) -> int:
    """Keep which totals, by their bookings' keys in the table, were counted by who started the jobs."""
    return assign(JobBooking, "told_gpu_seconds", told)


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
