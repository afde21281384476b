"""What was read back of an account on a cluster."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from fabrica.allocations.engine import hours
from fabrica.allocations.models import Award, ClusterAccount
from fabrica.audit.services import record
from fabrica.kit.errors import Problem
from fabrica.notices.services import tell
from fabrica.projects.states import Role

CHECK_EVERY = timedelta(minutes=5)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=10), timedelta(minutes=15)
MAX_TRIES_COUNTED = 10  # the wait has long reached its longest; more would only overflow


@transaction.atomic
def note_read_back(*, account: ClusterAccount, drift: str, now: datetime) -> bool:
    """Keep that the account was read back as wanted; the first time, the project's leaders are told.

    `drift` tells what somebody had changed on the cluster, and was put right. False, writing nothing, where the
    worker lost its claim meanwhile.
    """
    first = account.ready_at is None
    settled = account.settle(
        gpu_seconds_applied=account.gpu_seconds_wanted, ready_at=account.ready_at or now, checked_at=now,
        next_check_at=now + CHECK_EVERY, tries=0, error=drift,
    )  # fmt: skip
    if settled and first:
        record(verb="cluster_account.ready", by=None, subject=account.award.subject, now=now)
        tell_leaders(account.award, "award_ready", "ready", now, gpu_hours=hours(account.award.gpu_seconds))
    if settled and drift:
        record(verb="cluster_account.drift", by=None, subject=account.award.subject, now=now)
    return settled


def note_trouble(*, account: ClusterAccount, problem: Problem, now: datetime) -> bool:
    """Keep why the cluster could not be brought there, and wait twice as long as the last time, at most 15 minutes."""
    wait = min(FIRST_WAIT * 2**account.tries, LONGEST_WAIT)
    tries = min(account.tries + 1, MAX_TRIES_COUNTED)
    return account.settle(error=str(problem)[:2000], tries=tries, next_check_at=now + wait)


def tell_leaders(award: Award, kind: str, event: str, now: datetime, **facts: Any) -> None:
    """Write to those who lead the project; the same event again does nothing."""
    for leader in award.project.members.select_related("person").filter(role=Role.PI):
        tell(
            person=leader.person,
            kind=kind,
            event=f"{award.subject}:{event}",
            now=now,
            path=f"/projects/{award.project.slug}/",
            award=award,
            **facts,
        )
