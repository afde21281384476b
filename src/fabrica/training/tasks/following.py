"""Following runs on their machine, all those of one machine with one question."""

import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import QuerySet

from fabrica.clusters.adapters.port import Cluster, JobState, JobStatus, UsageRecord
from fabrica.clusters.queries import cluster_of
from fabrica.kit.database import trouble_of
from fabrica.kit.errors import Problem
from fabrica.kit.logs import carrying
from fabrica.training import queries, services
from fabrica.training.engine import read_failure, read_result
from fabrica.training.models import Attempt, Run
from fabrica.training.states import AttemptState
from fabrica.training.tasks.news import read_file, read_news

log = logging.getLogger(__name__)
TTL = timedelta(seconds=60)
EVERY = timedelta(seconds=1)
UNKNOWN_GRACE = timedelta(seconds=60)
BATCH = 50


@dataclass(frozen=True)
class Look:
    """One look at one attempt: what its machine says of the job, and what it used so far as the machine tells."""

    run: Run
    attempt: Attempt
    status: JobStatus
    used: UsageRecord | None
    now: datetime


def follow(now: datetime) -> bool:
    """Look after the due runs of one machine; True when there were any."""
    batch = _claim(now)
    if not batch:
        return False
    attempts = _open_attempts(batch)
    try:
        cluster = cluster_of(batch[0].machine)
        statuses = cluster.states([one.job_id for one in attempts.values()])
        used = _usage(cluster, attempts, statuses)
    except Problem as problem:
        for run in batch:
            services.postpone(run=run, why=str(problem), now=now)
        return True
    for run in batch:
        attempt = attempts[run.pk]
        with carrying(run=run.uid, job=attempt.job_id):
            _follow(Look(run, attempt, statuses[attempt.job_id], used.get(attempt.job_id), now), cluster)
    return True


def _claim(now: datetime) -> list[Run]:
    """Claim the due runs of the machine whose turn it is; of the next one where another worker was faster."""
    due = queries.due_on_machine(now)
    free = due.filter(Run.free_at(now))
    for machine in _machines(free):
        claimed = Run.claim_batch(due.filter(machine=machine), now, most=BATCH, ttl=TTL)
        if claimed:
            rows = Run.objects.filter(pk__in=[run.pk for run in claimed], claim_token=claimed[0].claim_token)
            return list(rows.select_related("project", "machine", "award").order_by("pk"))
    return []


def _machines(free: QuerySet[Run]) -> Iterator[int]:
    """The machines that have runs to look after, longest unseen first, each once."""
    seen: list[int] = []
    while first := free.exclude(machine__in=seen).first():
        seen.append(first.machine_id)
        yield first.machine_id


def _open_attempts(batch: Sequence[Run]) -> dict[int, Attempt]:
    """The open attempt of each run: a run on the machine always has one, with its job."""
    rows = Attempt.objects.filter(run__in=batch).exclude(state=AttemptState.ENDED)
    return {one.run_id: one for one in rows}


def _usage(cluster: Cluster, attempts: dict[int, Attempt], statuses: dict[str, JobStatus]) -> dict[str, UsageRecord]:
    """What the ended jobs used, by job; one question, and none while all still run."""
    ended = [status for status in statuses.values() if status.state.ended]
    if not ended:
        return {}
    since = min(one.ended_at or one.submitted_at or _since(attempts) for one in ended)
    return {one.job_id: one for one in cluster.usage(since)}


def _since(attempts: dict[int, Attempt]) -> datetime:
    """When the oldest of the attempts was made."""
    return min(one.created_at for one in attempts.values())


def _follow(look: Look, cluster: Cluster) -> None:
    """Apply what one job shows. A machine that stops answering in the middle is asked again later.

    So is a run that nobody foresaw: the others of its machine are followed all the same.
    """
    run, attempt, status, now = look.run, look.attempt, look.status, look.now
    try:
        if _is_forgotten(look):
            status = JobStatus(attempt.job_id, JobState.LOST, reason="The machine no longer knows this job.")
        if status.state.ended:
            _end(replace(look, status=status), cluster)
            return
        if run.cancel_requested_at and status.state is not JobState.UNKNOWN:
            cluster.cancel(attempt.job_id)
        news = read_news(run, cluster) if status.state is JobState.RUNNING else None
        services.note(run=run, attempt=attempt, status=status, news=news, now=now, next_look_at=now + EVERY)
    except Problem as problem:
        services.postpone(run=run, why=str(problem), now=now)
    except Exception as error:
        if trouble_of(error):
            raise  # the database is away: nothing can be noted of this run, nor of the others
        log.exception("%s cannot be followed", run)
        services.postpone(run=run, why="The worker failed on this run. The operator finds why in its log.", now=now)


def _is_forgotten(look: Look) -> bool:
    since = look.attempt.unknown_since
    return look.status.state is JobState.UNKNOWN and since is not None and look.now - since >= UNKNOWN_GRACE


def _end(look: Look, cluster: Cluster) -> None:
    run = look.run
    services.end(
        run=run,
        attempt=look.attempt,
        status=look.status,
        result=read_result(read_file(run, cluster, "result.json"), run.uid),
        failure=read_failure(read_file(run, cluster, "failure.json")),
        gpu_seconds=gpu_seconds_of(look),
        news=read_news(run, cluster, to_the_end=True),
        now=look.now,
    )


def gpu_seconds_of(look: Look) -> int:
    """What an ended job is charged: the machine's record, else devices x its times, else nothing.

    Never more than devices x the attempt's time limit.
    """
    run, status = look.run, look.status
    most = run.devices * look.attempt.time_limit_seconds
    if look.used is not None:
        return min(look.used.gpu_seconds, most)
    if status.started_at is None or status.ended_at is None:
        return 0
    seconds = (status.ended_at - status.started_at).total_seconds()
    return min(max(0, math.ceil(run.devices * seconds)), most)
