"""Whether every sum of the ledger holds."""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db import transaction
from django.db.models import BigIntegerField, Case, F, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from fabrica.allocations.models import (
    AccountingYear,
    Cap,
    JobBooking,
    LedgerAccount,
    Offer,
    Phase,
    Transfer,
)
from fabrica.allocations.queries.awards import moved
from fabrica.allocations.queries.pools import taken_by_cap
from fabrica.allocations.states import OF_MACHINE, AccountKind, Answer, TransferKind

GIVEN_BACK: dict[str, Any] = {"kind": TransferKind.CORRECTION, "target__kind__in": OF_MACHINE}
AT_ONCE = 500  # accounts read at once


def check_ledger() -> list[str]:
    """What is wrong with the ledger, in sentences; empty when every sum holds.

    All balances come to zero; each equals its transfers; only the supply is below zero; each award is where it should
    be; what is booked for its jobs was used; no hold gave more than it had; what is promised is what the phases say;
    what is set aside is what waits for an answer; each cap is kept and counts what was given under it. Each check reads
    one moment, so that transfers meanwhile raise no alarm, and one award at a time.
    """
    return [*_accounts_hold(), *_holds(), *_phases(), *_offers(), *_caps()]


def _accounts_hold() -> Iterator[str]:
    total = 0
    for award, of_award in groupby(_accounts(), itemgetter("award")):
        accounts = list(of_award)
        total += sum(one["balance_gpu_seconds"] for one in accounts)
        for one in accounts:
            yield from _balance(one)
        if award:
            yield from _award(accounts)
    if total:
        yield f"All balances together are {total} GPU-seconds instead of 0."


def _accounts() -> Iterator[dict[str, Any]]:
    """Every account with what was moved and booked, those of one award together."""
    rows = LedgerAccount.objects.annotate(
        into=moved("target"),
        out=moved("source"),
        written_off=moved("target", kind=TransferKind.WRITE_OFF) - moved("source", **GIVEN_BACK),
        jobs=_booked(),
    )
    named = rows.order_by("award", "pk").values(
        "pk", "kind", "award", "award__gpu_seconds", "award__returned_gpu_seconds", "award__project__slug",
        "machine__slug", "balance_gpu_seconds", "into", "out", "written_off", "jobs",
    )  # fmt: skip
    yield from map(dict, named.iterator(AT_ONCE))


def _booked() -> Coalesce:
    rows = JobBooking.objects.filter(award=OuterRef("award")).order_by().values("award")
    total = Subquery(rows.annotate(total=Sum("gpu_seconds")).values("total"))
    return Coalesce(total, Value(0), output_field=BigIntegerField())


def _balance(one: dict[str, Any]) -> Iterator[str]:
    name = f"The account '{one['kind']}' of {one['award__project__slug'] or one['machine__slug']}"
    told = one["into"] - one["out"]
    if one["balance_gpu_seconds"] != told:
        yield f"{name} holds {one['balance_gpu_seconds']} GPU-seconds; its transfers say {told}."
    if one["balance_gpu_seconds"] < 0 and one["kind"] != AccountKind.SUPPLY:
        yield f"{name} is below zero."
    if one["kind"] == AccountKind.USED and one["jobs"] > one["balance_gpu_seconds"]:
        yield f"{name} holds {one['balance_gpu_seconds']} GPU-seconds; the jobs booked on it say {one['jobs']}."


def _award(accounts: list[dict[str, Any]]) -> Iterator[str]:
    award = accounts[0]
    there = sum(
        one["balance_gpu_seconds"] - one["written_off"] for one in accounts if one["kind"] != AccountKind.PROMISED
    )
    difference = award["award__returned_gpu_seconds"] - award["award__gpu_seconds"] + there
    if difference:
        yield f"The accounts of {award['award__project__slug']} differ from its award by {difference} GPU-seconds."


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


def _offers() -> Iterator[str]:
    told = Case(When(answer=Answer.WAITING, then=F("gpu_seconds")), default=Value(0), output_field=BigIntegerField())
    wrong = Offer.objects.annotate(told=told).exclude(account__balance_gpu_seconds=F("told"))
    for code, has, said in wrong.values_list("application__code", "account__balance_gpu_seconds", "told"):
        yield f"{has} GPU-seconds are set aside for an offer to {code}; the offer says {said}."


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
