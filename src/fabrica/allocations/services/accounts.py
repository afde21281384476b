"""What was read back of an account on a cluster."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from fabrica.allocations.models import Award, ClusterAccount
from fabrica.allocations.saying import letter_hours
from fabrica.allocations.steps import Action, Disowned
from fabrica.audit.services import record
from fabrica.clusters.adapters.port import AccountSpec
from fabrica.clusters.models import Machine
from fabrica.kit.errors import Problem
from fabrica.notices.queries import about_project
from fabrica.notices.services import tell
from fabrica.people.queries import with_role
from fabrica.people.states import Role as SiteRole
from fabrica.projects.states import Role

CHECK_EVERY, CHECK_ENDED_EVERY = timedelta(minutes=5), timedelta(days=1)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=10), timedelta(minutes=15)
MAX_TRIES_COUNTED = 10  # the wait has long reached its longest; more would only overflow
MOST_TOLD = 20  # changes in one letter


def intend(*, account: ClusterAccount, known: Iterable[AccountSpec]) -> bool:
    """Keep what is about to be put on the machine, before it is; False where the claim was lost: then do nothing."""
    mine = ClusterAccount.objects.filter(pk=account.pk, claim_token=account.claim_token)
    return bool(account.claim_token and mine.update(known=[_kept(one) for one in known]))


@transaction.atomic
def note_read_back(
    *, account: ClusterAccount, spec: AccountSpec, back: AccountSpec | None, drift: str, now: datetime
) -> bool:
    """Keep that the account was read back as wanted; the first time it is open, the project's leaders are told.

    `drift` tells what somebody had changed on the cluster, and was put right; it is shown until the next clean check.
    False, writing nothing, where the worker lost its claim meanwhile.
    """
    first = account.ready_at is None and back is not None and spec.is_open
    new_drift = bool(drift) and account.drifted_at is None
    settled = account.settle(
        **_clean(spec, back, now), ready_at=now if first else account.ready_at,
        next_check_at=_next(account, now), error=drift[:2000],
    )  # fmt: skip
    if settled and first:
        record(verb="cluster_account.ready", by=None, subject=account.award.subject, now=now)
        tell_leaders(account.award, "award_ready", "ready", now, gpu_hours=letter_hours(account.award.gpu_seconds))
    if settled and new_drift:
        record(verb="cluster_account.drift", by=None, subject=account.award.subject, now=now)
    return settled


def note_unchanged(*, accounts: Sequence[ClusterAccount], now: datetime) -> int:
    """Keep in one statement that accounts were read back once more as they already were known to be."""
    keys, tokens = [one.pk for one in accounts], {one.claim_token for one in accounts} - {""}
    ended = [one.pk for one in accounts if one.award.ends_at <= now]
    mine = ClusterAccount.objects.filter(claim_token__in=tokens)
    free = {"checked_at": now, "claim_token": "", "claim_expires_at": None}
    count = mine.filter(pk__in=ended).update(next_check_at=now + CHECK_ENDED_EVERY, **free) if ended else 0
    return count + mine.filter(pk__in=keys).update(next_check_at=now + CHECK_EVERY, **free)


@transaction.atomic
def note_drift(
    *,
    account: ClusterAccount,
    spec: AccountSpec | None,
    back: AccountSpec | None,
    drift: str,
    waiting: int,
    soon: bool,
    now: datetime,
) -> bool:
    """Keep that somebody changed the account by hand: it is not ready until that is put right. Audited once.

    `spec` is None while changes of our own wait beside it: what we know that we put there is then kept as it is.
    """
    known = {} if spec is None else {"known": [_kept(spec)]}
    settled = account.settle(
        **known, gpu_seconds_applied=back.gpu_seconds_limit if back else None, checked_at=now, tries=0,
        drifted_at=account.drifted_at or now, changes_waiting=waiting, error=drift[:2000],
        next_check_at=_next(account, now, soon=soon),
    )  # fmt: skip
    if settled and account.drifted_at is None:
        record(verb="cluster_account.drift", by=None, subject=account.award.subject, now=now)
    return settled


def note_waiting(*, account: ClusterAccount, waiting: int, why: str, soon: bool, now: datetime) -> bool:
    """Keep that changes wait: for an operator, because the site is in dry run; or `soon`, for the next pass."""
    return account.settle(
        changes_waiting=waiting, error=why[:2000], tries=0, checked_at=now, drifted_at=None,
        next_check_at=_next(account, now, soon=soon),
    )  # fmt: skip


def note_trouble(*, account: ClusterAccount, problem: Problem, now: datetime) -> bool:
    """Keep why the cluster could not be brought there, and wait twice as long as the last time, at most 15 minutes."""
    wait = min(FIRST_WAIT * 2**account.tries, LONGEST_WAIT)
    tries = min(account.tries + 1, MAX_TRIES_COUNTED)
    return account.settle(error=str(problem)[:2000], tries=tries, next_check_at=now + wait)


def note_applied(*, machine: Machine, done: int, failed: int, by: Any, now: datetime) -> None:
    """Keep that an operator applied a plan to a machine."""
    record(verb="cluster.apply", by=by, subject=f"machine:{machine.slug}", now=now, done=done, failed=failed)


def tell_of_drift(*, machine: Machine, drifted: Sequence[Action | Disowned], mended: bool, now: datetime) -> None:
    """Tell the operators, in one letter, what somebody changed by hand on a machine."""
    told, kind = drifted[:MOST_TOLD], "mended" if mended else "drift"
    for operator in with_role(SiteRole.OPERATOR) if told else ():
        tell(
            person=operator, kind="account_drift", event=f"machine:{machine.slug}:{kind}:{now.isoformat()}", now=now,
            machine=machine, drifted=told, more=len(drifted) - len(told), mended=mended,
        )  # fmt: skip


def is_unchanged(*, account: ClusterAccount, spec: AccountSpec, back: AccountSpec | None) -> bool:
    """Whether all that a look could teach is known already, for an account that stands as wanted."""
    limit = back.gpu_seconds_limit if back else None
    is_clean = not (account.error or account.tries or account.drifted_at or account.changes_waiting)
    was_told = account.ready_at is not None or back is None or not spec.is_open
    return is_clean and was_told and account.gpu_seconds_applied == limit and account.known == [_kept(spec)]


def _clean(spec: AccountSpec, back: AccountSpec | None, now: datetime) -> dict[str, Any]:
    limit = back.gpu_seconds_limit if back else None
    return {
        "gpu_seconds_applied": limit, "checked_at": now, "tries": 0, "drifted_at": None, "changes_waiting": 0,
        "known": [_kept(spec)],
    }  # fmt: skip


def _kept(spec: AccountSpec) -> dict[str, Any]:
    """A spec as the row keeps it: without name and description, which the award tells, as JSON would hold it."""
    kept = asdict(spec) | {"members": list(spec.members)}
    return {name: value for name, value in kept.items() if name not in ("name", "description")}


def _next(account: ClusterAccount, now: datetime, *, soon: bool = False) -> datetime:
    if soon:
        return now
    return now + (CHECK_EVERY if now < account.award.ends_at else CHECK_ENDED_EVERY)


def tell_leaders(award: Award, kind: str, event: str, now: datetime, **facts: Any) -> None:
    """Write to those who lead the project; the same event again does nothing."""
    for leader in award.project.members.select_related("person").filter(role=Role.PI):
        tell(
            person=leader.person,
            kind=kind,
            event=f"{award.subject}:{event}",
            now=now,
            path=f"/projects/{award.project.slug}/",
            about=about_project(award.project.slug),
            award=award,
            **facts,
        )
