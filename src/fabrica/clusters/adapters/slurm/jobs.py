"""One status for one job, from all that Slurm says of it: tasks in the queue, and starts that were accounted. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from fabrica.clusters.adapters.port import JobState, JobStatus
from fabrica.clusters.adapters.slurm.answers import Accounted, Queued
from fabrica.clusters.adapters.slurm.states import ended_because

# An end that the queue knows and the accounting does not yet: after this long it will not come by itself.
ACCOUNTING_GRACE = timedelta(minutes=10)


def status_of(job_id: str, queued: Sequence[Queued], starts: Sequence[Accounted], now: datetime) -> JobStatus:
    """The job as a whole: running while any task runs, waiting while any waits, else as its last start ended."""
    for state in (JobState.RUNNING, JobState.PENDING):
        if tasks := [one for one in queued if one.state is state]:
            return _active(job_id, tasks[0], queued, now)
    if not starts and not queued:
        return JobStatus(job_id, JobState.UNKNOWN)
    if any(not one.state.ended for one in _last_starts(starts)) or _are_missing(queued, starts):
        return _not_accounted_yet(job_id, queued, starts, now)
    return _ended(job_id, starts)


def _last_starts(starts: Sequence[Accounted]) -> list[Accounted]:
    """The last start of the job, or of each of its tasks: one that was put back into the queue is not the end."""
    in_order = sorted(starts, key=lambda one: (_seconds(one.submitted_at), _seconds(one.started_at)))
    return list({one.usage.job_id if one.usage else one.base_id: one for one in in_order}.values())


def _seconds(at: datetime | None) -> float:
    return at.timestamp() if at else 0.0


def _are_missing(queued: Sequence[Queued], starts: Sequence[Accounted]) -> bool:
    """Whether the queue still remembers more tasks that ran to an end than the accounting has heard of."""
    ran = [one for one in queued if one.state.ended and one.state is not JobState.CANCELLED]
    return not starts or len(ran) > len({one.usage.job_id for one in starts if one.usage})


def _active(job_id: str, task: Queued, queued: Sequence[Queued], now: datetime) -> JobStatus:
    submitted = [one.submitted_at for one in queued if one.submitted_at]
    is_running = task.state is JobState.RUNNING
    expected = task.starts_at if not is_running and task.starts_at and task.starts_at > now else None
    return JobStatus(
        job_id,
        task.state,
        submitted_at=min(submitted, default=None),
        started_at=task.starts_at if is_running else None,
        reason="" if is_running else f"It waits: {task.reason}.",
        reason_code="" if is_running else task.reason,
        starts_at=expected,
        restarts=max(one.restarts for one in queued),
    )


def _not_accounted_yet(job_id: str, queued: Sequence[Queued], starts: Sequence[Accounted], now: datetime) -> JobStatus:
    """The queue says that it ended, or nothing; the accounting says that it runs. Wait for it, but not for ever."""
    seen = [at for at in (*(one.submitted_at for one in queued), *(one.submitted_at for one in starts)) if at]
    started = [one.started_at for one in starts if one.started_at]
    if not queued and all(now - one >= ACCOUNTING_GRACE for one in started or seen):
        reason = "Slurm's queue no longer knows it, and its accounting never heard of its end."
        return JobStatus(job_id, JobState.LOST, min(seen, default=None), min(started, default=None), reason=reason)
    state = JobState.RUNNING if started or queued else JobState.PENDING
    waits = "It has left the machine's queue; the accounting is awaited."
    return JobStatus(job_id, state, min(seen, default=None), max(started, default=None), reason=waits)


def _ended(job_id: str, starts: Sequence[Accounted]) -> JobStatus:
    ran = [one for one in starts if one.started_at and one.ended_at]
    lasts = _last_starts(starts)
    ends = [one for one in lasts if one.started_at and one.ended_at]
    last = max(ends, key=lambda one: (one.ended_at, one.started_at)) if ends else lasts[-1]
    return JobStatus(
        job_id,
        JobState.LOST if last.state is JobState.PENDING else last.state,
        submitted_at=min((one.submitted_at for one in starts if one.submitted_at), default=None),
        started_at=min((one.started_at for one in ran if one.started_at), default=None),
        ended_at=last.ended_at,
        exit_code=last.exit_code,
        signal=last.signal,
        reason=ended_because(last.word, last.exit_code, last.signal),
        restarts=max(0, len(ran) - 1),
    )
