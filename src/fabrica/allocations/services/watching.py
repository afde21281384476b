"""What happens as an award is used up: its leaders are told, and at its end the account is closed for new jobs."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from fabrica.allocations import queries
from fabrica.allocations.engine import highest, reached
from fabrica.allocations.models import Award, ClusterAccount, Watch
from fabrica.allocations.saying import letter_hours
from fabrica.allocations.services.accounts import tell_leaders
from fabrica.audit.services import record
from fabrica.clusters.models import Machine

LOOK_EVERY = timedelta(seconds=60)
FULL = 100
# Whoever is looking at the account on the cluster meanwhile must not settle it with what it was to be before.
FREED: dict[str, Any] = {"claim_token": "", "claim_expires_at": None}


def make_watches(*, now: datetime) -> None:
    """See that every machine with awards has its watch."""
    machines = Machine.objects.filter(pk__in=Award.objects.values("machine"))
    missing = machines.exclude(pk__in=Watch.objects.values("machine"))
    rows = [Watch(machine=machine, next_look_at=now) for machine in missing]
    if rows:
        Watch.objects.bulk_create(rows, ignore_conflicts=True)


def watch_again(*, watch: Watch, now: datetime) -> bool:
    """Give a watch back until the next look."""
    return watch.settle(next_look_at=now + LOOK_EVERY)


@transaction.atomic
def note_share(
    *, account: ClusterAccount, gpu_seconds: int, notices: Sequence[int], grace: timedelta, now: datetime
) -> None:
    """Act on what an award used so far, running jobs included: tell of a share once, close at the end, open again.

    Two workers at once: each step changes the row from what it was, so only one of them takes it.
    """
    award = account.award
    percent = reached(gpu_seconds, award.gpu_seconds)
    told = highest([*notices, FULL], percent)
    rows = ClusterAccount.objects.filter(pk=account.pk)
    is_news = told > account.told_percent and rows.filter(told_percent=account.told_percent).update(told_percent=told)
    if is_news and (told < FULL or grace):
        _tell(award, told, gpu_seconds, now, grace)
    if percent < FULL:
        rows.filter(full_since__isnull=False).update(full_since=None)
        open_again(account, now=now)
        return
    rows.filter(full_since=None).update(full_since=now)
    if now - (account.full_since or now) >= grace:
        _close(account, now)


def _tell(award: Award, percent: int, gpu_seconds: int, now: datetime, grace: timedelta) -> None:
    tell_leaders(
        award, "award_used", f"used:{percent}:{_size(award)}", now,
        percent=percent, used=letter_hours(gpu_seconds), gpu_hours=letter_hours(award.gpu_seconds),
        closes_at=now + grace if percent == FULL else None,
    )  # fmt: skip


def _size(award: Award) -> str:
    """Names how large the award is now, for it may have had the same size before hours were moved."""
    last = queries.last_move(award)
    return f"{award.gpu_seconds}:{last}" if last else str(award.gpu_seconds)


def _close(account: ClusterAccount, now: datetime) -> None:
    award = account.award
    rows = ClusterAccount.objects.filter(pk=account.pk, is_open_wanted=True)
    if rows.update(is_open_wanted=False, next_check_at=now, **FREED):
        record(verb="award.stop", by=None, subject=award.subject, now=now, gpu_seconds=award.gpu_seconds)
        event = f"stopped:{_size(award)}"
        tell_leaders(award, "award_stopped", event, now, gpu_hours=letter_hours(award.gpu_seconds))


def open_again(account: ClusterAccount, *, now: datetime) -> None:
    """Let new jobs be charged to an account again, where they could not."""
    rows = ClusterAccount.objects.filter(pk=account.pk, is_open_wanted=False)
    if rows.update(is_open_wanted=True, full_since=None, next_check_at=now, **FREED):
        record(verb="award.reopen", by=None, subject=account.award.subject, now=now)
