"""Following runs on their machine, all those of one machine with one question."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import QuerySet

from fabrica.clusters.adapters.port import Cluster, JobState, JobStatus
from fabrica.clusters.queries import cluster_of
from fabrica.kit.database import trouble_of
from fabrica.kit.errors import Problem
from fabrica.kit.logs import carrying
from fabrica.training import queries, services
from fabrica.training.engine import read_failure, read_result
from fabrica.training.models import Attempt, Run
from fabrica.training.states import AttemptState
from fabrica.training.tasks.news import read_file, read_news
from fabrica.training.tasks.using import Start, Starts, has_waited, is_complete, starts_of, used_by

log = logging.getLogger(__name__)
TTL = timedelta(seconds=60)
EVERY = timedelta(seconds=1)
ASK_ACCOUNTING_EVERY = timedelta(seconds=5)
UNKNOWN_GRACE = timedelta(seconds=60)
BATCH = 50


@dataclass(frozen=True)
class Look:
    """One look at one attempt: what its machine says of the job, and what its starts used so far as it tells."""

    run: Run
    attempt: Attempt
    status: JobStatus
    starts: dict[str, Start]
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
        starts = _usage(batch[0], cluster, attempts, statuses)
    except Problem as problem:
        for run in batch:
            services.postpone(run=run, why=str(problem), now=now)
        return True
    for run in batch:
        attempt = attempts[run.pk]
        with carrying(run=run.uid, job=attempt.job_id):
            _follow(Look(run, attempt, statuses[attempt.job_id], starts.get(attempt.token, {}), now), cluster)
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
    rows = Attempt.objects.select_related("run__project").filter(run__in=batch).exclude(state=AttemptState.ENDED)
    return {one.run_id: one for one in rows}


def _usage(run: Run, cluster: Cluster, attempts: dict[int, Attempt], statuses: dict[str, JobStatus]) -> Starts:
    """What the ended or forgotten jobs used, by token; one question, and none while all still run."""
    tokens = {one.token: one for one in attempts.values()}
    told = {token: statuses[one.job_id] for token, one in tokens.items()}
    ended = {token: one for token, one in told.items() if one.state.ended or one.state is JobState.UNKNOWN}
    return starts_of(run, ended, tokens, cluster)


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
    run, attempt, now = look.run, look.attempt, look.now
    if not is_complete(look.status, look.starts) and not has_waited(attempt, now):
        services.await_accounting(run=run, attempt=attempt, now=now, next_look_at=now + ASK_ACCOUNTING_EVERY)
        return
    services.end(
        run=run,
        attempt=attempt,
        status=look.status,
        result=read_result(read_file(run, cluster, "result.json"), run.uid),
        failure=read_failure(read_file(run, cluster, "failure.json")),
        used=used_by(run, attempt, look.status, look.starts),
        news=read_news(run, cluster, to_the_end=True),
        now=now,
    )
