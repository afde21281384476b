"""Handing a queued run to its machine."""

import sys
from datetime import datetime, timedelta
from pathlib import Path

from fabrica.allocations.queries import charged_as
from fabrica.clusters.adapters.port import Cluster, JobRequest
from fabrica.clusters.queries import cluster_of
from fabrica.kit.errors import Problem, Refused
from fabrica.kit.logs import carrying
from fabrica.training import queries, services
from fabrica.training.engine import Ending
from fabrica.training.models import Attempt, Run
from fabrica.training.states import AttemptState, State
from fabrica.training.tasks.job_file import NAME, processes_of, write_job

TTL = timedelta(seconds=60)


def submit(now: datetime) -> bool:
    """Hand one queued run to its machine; True when there was one."""
    run = Run.claim(queries.due_to_submit(now), now, TTL)
    if run is None:
        return False
    with carrying(run=run.uid):
        try:
            cluster = cluster_of(run.machine)
            _submit(run, cluster, now)
        except Problem as problem:
            services.postpone(run=run, why=str(problem), now=now)
        except OSError as error:
            why = f"The run's folder cannot be written: {error.strerror or error}."
            services.postpone(run=run, why=why, now=now)
    return True


def _submit(run: Run, cluster: Cluster, now: datetime) -> None:
    attempt = services.prepare(run=run, now=now, counting=cluster.counting)
    if attempt is None:
        return
    try:
        job_id = _job(run, attempt, cluster)
    except Refused as problem:
        told = Ending(State.FAILED, problem.what, problem.what, problem.why, problem.todo)
        services.abandon(run=run, told=told, now=now)
        return
    if job_id is None:
        services.abandon(run=run, told=Ending(State.CANCELLED, "It was cancelled before it started."), now=now)
    elif not services.record_job(run=run, attempt=attempt, job_id=job_id, now=now):
        _stop_what_nobody_follows(attempt, job_id, cluster)


def _job(run: Run, attempt: Attempt, cluster: Cluster) -> str | None:
    """The id of the attempt's job; None where it was cancelled and none was started. Raises Problem, OSError."""
    if run.cancel_requested_at:
        return cluster.find(attempt.token)
    write_job(run, attempt)
    return cluster.submit(request(run, attempt))


def _stop_what_nobody_follows(attempt: Attempt, job_id: str, cluster: Cluster) -> None:
    """Stop a job that this worker started so late that another had called the attempt off meanwhile."""
    if Attempt.objects.filter(pk=attempt.pk, state=AttemptState.ENDED).exists():
        cluster.cancel(job_id)


def request(run: Run, attempt: Attempt) -> JobRequest:
    """What the machine is asked to run: the runner on the run's job file, as the project's own UNIX account."""
    programme, run_as = charged_as(run.award)
    reads = [row.staging.path for row in run.data.select_related("staging__version__dataset")]
    if run.evaluation:
        reads.append(Path(run.evaluation["path"]))
    return JobRequest(
        token=attempt.token,
        name=f"{run.project.slug}-{run.number}",
        account=run.project.slug,
        argv=(sys.executable, "-m", "fabrica.runner", str(run.folder / NAME)),
        folder=run.folder,
        devices=run.devices,
        nodes=run.nodes,
        time_limit_seconds=attempt.time_limit_seconds,
        env={"PYTHONUNBUFFERED": "1"},
        programme=programme,
        run_as=run_as,
        tasks=processes_of(run),
        reads=tuple(reads),
    )
