"""How the pools and caps of the machines stand on a day: granted, used, held, left.

A fixed number of statements, however many there are. What an award used and holds is counted where its hours came
from, its first pool first.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import date
from typing import NamedTuple

from django.db.models import Q, Sum

from fabrica.allocations import rules
from fabrica.allocations.models import AccountingYear, Award, Cap, LedgerAccount, Transfer
from fabrica.allocations.queries.pools import NOT_GRANTED
from fabrica.allocations.states import OF_MACHINE, AccountKind, Answer, TransferKind
from fabrica.kit.facts import Source
from fabrica.kit.units import gpu_hours
from fabrica.people.models import Person

Key = tuple[int, str]  # a pool's account, and a mode


class Told(NamedTuple):
    """What awards got: GPU-seconds, and where they are."""

    granted: int = 0
    used: int = 0
    held: int = 0
    unused: int = 0


@dataclass(frozen=True)
class Share:
    """A pool, or a cap on some. In GPU-seconds: `granted` = `used` + `held` + `unused`.

    A pool's `gpu_seconds` = `granted` + `written_off` + `left`; a cap's are its limit = `granted` + `left`.
    """

    machine: str
    starts_on: date | None
    ends_on: date | None
    kind: str  # pool, cap or undivided
    name: str
    title: str
    gpu_seconds: int
    granted: int
    used: int
    held: int
    unused: int
    written_off: int
    left: int
    source: Source | None


def shares(day: date) -> list[Share]:
    """The pools and caps of every machine on a day, by machine; a machine's undivided pool where it has hours."""
    years = AccountingYear.objects.filter(starts_on__lte=day, ends_on__gt=day)
    listed = LedgerAccount.objects.filter(Q(pool__year__in=years) | Q(pool=None), kind=AccountKind.POOL)
    accounts = list(listed.select_related("machine", "pool__year").order_by("machine__slug", "pool__pk"))
    sums, written_off = _sums()
    caps = defaultdict(list)
    for cap in Cap.objects.filter(year__in=years).select_related("year__machine").order_by("pk"):
        caps[cap.year_id].append(cap)
    found = []
    for account in accounts:
        of_account = [total for (pk, _mode), total in sums.items() if pk == account.pk]
        found.append(_pool(account, _together(of_account), written_off.get(account.pk, 0)))
    for of_year in caps.values():
        found += [_cap(one, accounts, sums) for one in of_year]
    order = {"pool": 0, "cap": 1, "undivided": 2}
    return sorted((one for one in found if any((one.gpu_seconds, one.granted))), key=lambda one: (
        one.machine, order[one.kind]
    ))  # fmt: skip


def shares_for(person: Person, day: date) -> list[Share]:
    """The same for whoever may see it. Raises NotAllowed for others than officers and operators."""
    rules.must_audit(person)
    return shares(day)


def _pool(account: LedgerAccount, total: Told, written_off: int) -> Share:
    left, pool = account.balance_gpu_seconds, account.pool
    if pool is None:
        size = left + total.granted + written_off
        return Share(account.machine.slug, None, None, "undivided", "", "", size, *total, written_off, left, None)
    year = pool.year
    source = Source(year.source, year.checked_on, year.confidence)
    return Share(
        account.machine.slug, year.starts_on, year.ends_on, "pool", pool.name, str(pool), pool.gpu_seconds,
        *total, written_off, left, source,
    )  # fmt: skip


def _cap(cap: Cap, accounts: Iterable[LedgerAccount], sums: dict[Key, Told]) -> Share:
    names = {one.pk: one.pool.name for one in accounts if one.pool and one.pool.year_id == cap.year_id}
    counted = [total for (pk, mode), total in sums.items() if pk in names and cap.counts(names[pk], mode)]
    year = cap.year
    return Share(
        year.machine.slug, year.starts_on, year.ends_on, "cap", cap.name, str(cap), cap.limit_gpu_seconds,
        *_together(counted), 0, cap.left, cap.told_source,
    )  # fmt: skip


def _together(rows: Iterable[Told]) -> Told:
    return Told(*(sum(column) for column in zip(Told(), *rows, strict=True)))


def _sums() -> tuple[dict[Key, Told], dict[int, int]]:
    """What awards got from each pool by mode, and what each pool paid beyond awards."""
    drawn: dict[int, dict[int, int]] = defaultdict(dict)
    beyond: dict[int, int] = defaultdict(int)
    written_off: dict[int, int] = defaultdict(int)
    for account, award, total in _moves(~Q(kind__in=NOT_GRANTED), "pool"):
        drawn[award][account] = drawn[award].get(account, 0) + total
    for account, award, total in _moves(Q(kind__in=NOT_GRANTED), *OF_MACHINE):
        beyond[award] += total
        written_off[account] += total
    balances: dict[int, dict[str, int]] = defaultdict(dict)
    rows = LedgerAccount.objects.filter(award__isnull=False).values_list("award", "kind", "balance_gpu_seconds")
    for award, kind, balance in rows.iterator():
        balances[award][kind] = balance
    modes = dict(Award.objects.values_list("pk", "application__call__mode_row__key"))
    sums: dict[Key, list[Told]] = defaultdict(list)
    for award, parts in drawn.items():
        there = balances[award]
        used = there[AccountKind.USED] - beyond[award]
        for account, told in _placed(parts, used, there[AccountKind.HELD], _unused(there)):
            sums[account, modes[award]].append(told)
    for account, mode, total in _offered():
        sums[account, mode].append(Told(granted=total, unused=total))
    return {key: _together(told) for key, told in sums.items()}, written_off


def _offered() -> Iterator[tuple[int, str, int]]:
    """What is set aside from each pool for offers that nobody has answered yet, by mode."""
    moves = Transfer.objects.filter(kind=TransferKind.OFFER, target__offer__answer=Answer.WAITING).order_by()
    mode = "target__offer__application__call__mode_row__key"
    yield from moves.values_list("source", mode).annotate(total=Sum("gpu_seconds"))


def _unused(there: dict[str, int]) -> int:
    return there[AccountKind.FREE] + there.get(AccountKind.PROMISED, 0)


def _moves(kinds: Q, *owners: str) -> Iterator[tuple[int, int, int]]:
    """What went from each of these accounts of machines to each award, and (below zero) what came back."""
    for side, other, sign in (("source", "target", 1), ("target", "source", -1)):
        rows = Transfer.objects.filter(kinds, **{f"{side}__kind__in": owners, f"{other}__award__isnull": False})
        told = rows.order_by().values_list(side, f"{other}__award").annotate(total=Sum("gpu_seconds"))
        yield from ((account, award, sign * total) for account, award, total in told.iterator())


def _placed(parts: dict[int, int], *amounts: int) -> Iterator[tuple[int, Told]]:
    """An award's used, held and free hours laid over what it got from each pool, its first pool first."""
    rest = list(amounts)
    for account in sorted(parts):
        room, told = parts[account], [parts[account]]
        for at, amount in enumerate(rest):
            told.append(min(room, amount))
            rest[at] -= told[-1]
            room -= told[-1]
        yield account, Told(*told)


AMOUNTS = ("gpu_seconds", "granted", "used", "held", "unused", "written_off", "left")
COLUMNS = tuple(f"{one.name}_gpu_hours".replace("gpu_seconds_", "") if one.name in AMOUNTS else one.name
                for one in fields(Share))  # fmt: skip


def to_csv(rows: Iterable[Share]) -> str:
    """The same as a table for a spreadsheet, in GPU-hours (RFC 4180)."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in rows:
        values = ((one.name, getattr(row, one.name)) for one in fields(Share))
        writer.writerow([gpu_hours(value, places=4) if name in AMOUNTS else value for name, value in values])
    return text.getvalue()
