"""What an ended job used, as its machine tells: each of its starts by itself, found by the attempt's token."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import chain

from fabrica.clusters.adapters.port import Cluster, JobStatus, UsageRecord
from fabrica.clusters.models import JobUsage
from fabrica.clusters.queries import usage_of_tokens
from fabrica.training.models import Attempt, Run

MICROSECOND = timedelta(microseconds=1)
ACCOUNTING_GRACE = timedelta(minutes=5)


@dataclass(frozen=True)
class Start:
    """One start of a job: what it used so far, or for good."""

    key: str
    gpu_seconds: int
    has_ended: bool


Starts = dict[str, dict[str, Start]]


def starts_of(run: Run, ended: Mapping[str, JobStatus], tokens: Mapping[str, Attempt], cluster: Cluster) -> Starts:
    """The starts of these ended jobs by token: what the meter has read, and over it what the machine tells now.

    A job of another account that bears the same name is none of ours.

    The machine is asked from the first of their ends on; from its submission for a job that was started more than once
    or tells no end. What lies before that the meter has read. Raises Unreachable.
    """
    if not ended:
        return {}
    found: Starts = {token: {} for token in ended}
    since = min(_asked_from(status, tokens[token]) for token, status in ended.items())
    accounts = {token: tokens[token].run.project.slug for token in ended}
    told: Iterable[JobUsage | UsageRecord] = chain(usage_of_tokens(run.machine, ended), cluster.usage(since))
    for one in told:
        if accounts.get(one.token) == one.account:
            found[one.token][one.key] = Start(one.key, max(0, one.gpu_seconds), one.ended_at is not None)
    return found


def _asked_from(status: JobStatus, attempt: Attempt) -> datetime:
    if status.ended_at is not None and not status.restarts:
        return status.ended_at
    return status.submitted_at or attempt.created_at


def is_complete(status: JobStatus, starts: Mapping[str, Start]) -> bool:
    """Whether the machine's accounting has caught up: a record with an end for each time the job was started."""
    expected = status.restarts + (status.started_at is not None)
    return len(starts) >= expected and all(one.has_ended for one in starts.values())


def has_waited(attempt: Attempt, now: datetime) -> bool:
    """Whether the accounting was waited for as long as it is worth."""
    return attempt.end_seen_at is not None and now - attempt.end_seen_at >= ACCOUNTING_GRACE


def used_by(run: Run, attempt: Attempt, status: JobStatus, starts: Mapping[str, Start]) -> dict[str, int]:
    """What to book for an ended job, by start: what the machine tells, whatever it comes to.

    Where it does not tell the last start, or not its end, the status' times stand in for it, at most the attempt's time
    limit; the meter puts that right when the record comes.
    """
    used = {one.key: one.gpu_seconds for one in starts.values()}
    if is_complete(status, starts) or status.started_at is None or status.ended_at is None:
        return used
    key = UsageRecord(
        attempt.job_id, attempt.token, "", run.devices, status.started_at, status.ended_at, 0, status.state
    ).key
    if key not in starts or not starts[key].has_ended:
        lasted = Fraction((status.ended_at - status.started_at) // MICROSECOND, 1_000_000)
        used[key] = run.gpu_seconds_of(min(max(Fraction(0), lasted), Fraction(attempt.time_limit_seconds)))
    return used
