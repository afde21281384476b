"""Whether every sum of the ledger holds."""

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import BigIntegerField, F, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from fabrica.allocations.models import (
    AccountingYear,
    Cap,
    JobBooking,
    LedgerAccount,
    Phase,
    Transfer,
)
from fabrica.allocations.queries.awards import moved
from fabrica.allocations.queries.pools import taken_by_cap
from fabrica.allocations.states import OF_MACHINE, AccountKind, TransferKind

GIVEN_BACK: dict[str, Any] = {"kind": TransferKind.CORRECTION, "target__kind__in": OF_MACHINE}


def check_ledger() -> list[str]:
    """What is wrong with the ledger, in sentences; empty when every sum holds.

    All balances come to zero; each equals its transfers; only the supply is below zero; each award is where it should
    be; what is booked for its jobs was used; no hold gave more than it had; what is promised is what the phases say;
    each cap is kept and counts what was given under it. Each check reads one moment, so that transfers meanwhile raise
    no alarm.
    """
    accounts = _accounts()
    return [*_total(accounts), *_balances(accounts), *_awards(accounts), *_holds(), *_phases(), *_caps()]


def _accounts() -> list[dict[str, Any]]:
    rows = LedgerAccount.objects.annotate(
        into=moved("target"),
        out=moved("source"),
        written_off=moved("target", kind=TransferKind.WRITE_OFF) - moved("source", **GIVEN_BACK),
        jobs=_booked(),
    )
    named = rows.order_by("pk").values(
        "pk", "kind", "award", "award__gpu_seconds", "award__returned_gpu_seconds", "award__project__slug",
        "machine__slug", "balance_gpu_seconds", "into", "out", "written_off", "jobs",
    )  # fmt: skip
    return [dict(one) for one in named]


def _booked() -> Coalesce:
    rows = JobBooking.objects.filter(award=OuterRef("award")).order_by().values("award")
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
        if one["kind"] == AccountKind.USED and one["jobs"] > one["balance_gpu_seconds"]:
            yield f"{name} holds {one['balance_gpu_seconds']} GPU-seconds; the jobs booked on it say {one['jobs']}."


def _awards(accounts: list[dict[str, Any]]) -> Iterator[str]:
    sums: dict[str, int] = {}
    for one in accounts:
        if one["award"] and one["kind"] != AccountKind.PROMISED:
            so_far = sums.get(
                one["award__project__slug"], one["award__returned_gpu_seconds"] - one["award__gpu_seconds"]
            )
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


def _phases() -> Iterator[str]:
    waiting = Phase.objects.filter(award=OuterRef("award"), released_at=None, dropped_at=None)
    total = Subquery(waiting.order_by().values("award").annotate(total=Sum("gpu_seconds")).values("total"))
    rows = LedgerAccount.objects.filter(kind=AccountKind.PROMISED).annotate(
        told=Coalesce(total, Value(0), output_field=BigIntegerField())
    )
    wrong = rows.exclude(balance_gpu_seconds=F("told"))
    for slug, has, told in wrong.values_list("award__project__slug", "balance_gpu_seconds", "told"):
        yield f"{has} GPU-seconds are promised to {slug}; its phases say {told}."


def _caps() -> Iterator[str]:
    """Whoever changes a cap holds its year, so caps and transfers are read while nobody does."""
    with transaction.atomic():
        list(AccountingYear.objects.select_for_update(no_key=True).order_by("pk"))
        caps = list(Cap.objects.select_related("year__machine"))
        taken = taken_by_cap(caps)
    for one in caps:
        name = f"The cap '{one.name}' of {one.year}"
        if one.taken_gpu_seconds != taken[one.pk]:
            yield f"{name} counts {one.taken_gpu_seconds} GPU-seconds; the transfers say {taken[one.pk]}."
        if taken[one.pk] > one.limit_gpu_seconds:
            yield f"{name} is passed by {taken[one.pk] - one.limit_gpu_seconds} GPU-seconds."
