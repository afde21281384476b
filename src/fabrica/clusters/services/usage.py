"""Keeping what a machine's accounting says that jobs used there."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from fabrica.clusters.adapters.port import UsageRecord
from fabrica.clusters.models import IS_OPEN, KEY_LIMIT, JobUsage, Machine, UsageMark
from fabrica.kit.bulk import upsert
from fabrica.kit.errors import Problem

READ_EVERY = timedelta(seconds=60)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=10), timedelta(minutes=2)
MAX_TRIES_COUNTED = 10
MOST_GPU_SECONDS = 10**12
MOST_DEVICES = 2**31 - 1
MOST_JOULES = 2**63 - 1
PIECE = 1_000
# What a machine may tell anew of a start of a job; the rest follows from its key.
TOLD = (
    "token", "account", "user", "devices", "submitted_at", "started_at", "ended_at", "gpu_seconds", "state",
    "energy_joules", "is_odd", "missed_at",
)  # fmt: skip
CARRIED = ("seen_at", "is_nobodys")
COLUMNS = ("machine_id", "key", "job_id", *TOLD, *CARRIED)


@dataclass
class Reading:
    """A look at a machine's accounting while it goes on: from when it reads, and the running jobs not shown as yet."""

    since: datetime
    begun_at: datetime
    unseen: set[str]
    records: int = 0
    unusable: int = 0
    changed: int = 0


def make_marks(*, now: datetime) -> None:
    """See that every machine has its mark."""
    missing = Machine.objects.exclude(pk__in=UsageMark.objects.values("machine"))
    marks = [UsageMark(machine=machine, next_read_at=now) for machine in missing]
    if marks:
        UsageMark.objects.bulk_create(marks, ignore_conflicts=True)


def begin_reading(*, mark: UsageMark, since: datetime, now: datetime) -> Reading:
    """Remember which jobs ran when it began: as many as run at once, however long the accounting is."""
    still = JobUsage.objects.filter(IS_OPEN, machine=mark.machine_id, missed_at=None)
    return Reading(since, now, set(still.values_list("key", flat=True)))


@transaction.atomic
def keep_usage(*, mark: UsageMark, reading: Reading, records: Iterable[UsageRecord], until: datetime) -> bool:
    """Keep some records of a reading and hold its claim until a moment; only rows that changed are written.

    False, writing nothing, where the worker lost its claim meanwhile.
    """
    mine = UsageMark.objects.filter(pk=mark.pk, claim_token=mark.claim_token)
    if not mark.claim_token or not mine.update(claim_expires_at=until):
        return False
    fresh: dict[str, tuple[object, ...]] = {}
    for told in records:
        reading.records += 1
        key = told.key
        row = _row(mark.machine_id, key, told, reading.begun_at)
        if row is None:
            reading.unusable += 1
        else:
            fresh[key] = row
    reading.unseen.difference_update(fresh)
    reading.changed += upsert(
        JobUsage, COLUMNS, list(fresh.values()), unique=["machine_id", "key"], compared=TOLD, carried=CARRIED,
    )  # fmt: skip
    return True


def _row(machine_id: int, key: str, told: UsageRecord, now: datetime) -> tuple[object, ...] | None:
    """A record as the values of COLUMNS; None where it makes no sense.

    What ended before it started counts nothing, and is marked.
    """
    ended, joules = told.ended_at, told.energy_joules
    is_odd = ended is not None and ended < told.started_at
    fits = bool(told.job_id) and len(key) <= KEY_LIMIT and 0 <= told.devices <= MOST_DEVICES
    if not fits or told.gpu_seconds > MOST_GPU_SECONDS or (told.gpu_seconds < 0 and not is_odd):
        return None
    return (
        machine_id, key, told.job_id,
        told.token[:128], told.account[:128], told.user[:64], told.devices, told.submitted_at, told.started_at, ended,
        0 if is_odd else told.gpu_seconds, told.state.value,
        joules if joules is not None and 0 <= joules <= MOST_JOULES else None, is_odd, None,
        now, False,
    )  # fmt: skip


@transaction.atomic
def end_reading(*, mark: UsageMark, reading: Reading) -> bool:
    """Move the watermark after a look that came to its end. False, writing nothing, where the claim was lost.

    A running job that it should have shown and did not is marked. One that started before it reached is looked for
    from its start on, at once: its end may have become known late.
    """
    now = reading.begun_at
    is_full = reading.since <= now - timedelta(days=settings.FABRICA_USAGE_FULL_DAYS)
    rest = [] if is_full else [at for at in _starts(mark, reading.unseen) if at < reading.since]
    settled = mark.settle(
        read_until=now, full_look_at=now if is_full else mark.full_look_at, look_back_to=min(rest, default=None),
        next_read_at=now if rest else now + READ_EVERY, records=reading.records, unusable=reading.unusable,
        tries=0, error="",
    )  # fmt: skip
    if settled:
        for keys in _pieces(reading.unseen):
            rows = JobUsage.objects.filter(IS_OPEN, machine=mark.machine_id, key__in=keys)
            (rows if is_full else rows.filter(started_at__gte=reading.since)).update(missed_at=now)
    return settled


def _starts(mark: UsageMark, keys: Iterable[str]) -> list[datetime]:
    rows = JobUsage.objects.filter(IS_OPEN, machine=mark.machine_id)
    return [at for some in _pieces(keys) for at in rows.filter(key__in=some).values_list("started_at", flat=True)]


def _pieces(keys: Iterable[str]) -> Iterable[list[str]]:
    ordered = sorted(keys)
    return (ordered[at : at + PIECE] for at in range(0, len(ordered), PIECE))


def break_off_reading(*, mark: UsageMark, problem: Problem, now: datetime) -> bool:
    """Keep why a look did not come to its end: what it brought stays, the watermark too; it is begun again soon."""
    wait = min(FIRST_WAIT * 2**mark.tries, LONGEST_WAIT)
    tries = min(mark.tries + 1, MAX_TRIES_COUNTED)
    return mark.settle(error=str(problem)[:2000], tries=tries, next_read_at=now + wait)
