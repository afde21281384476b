"""What a worker writes: attempts begun, watched, ended and booked. Each write holds only while its claim does."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Sum

from fabrica.allocations import queries as awards
from fabrica.allocations import services as allocations
from fabrica.clusters.adapters.port import JobState, JobStatus
from fabrica.clusters.engine import Counting
from fabrica.kit.ids import new_uid
from fabrica.training.engine import (
    ENDING_OF_HOLD,
    MIN_ATTEMPT_SECONDS,
    Ending,
    Failure,
    Line,
    Progress,
    Result,
    ending,
    reason_code,
    wait_after,
)
from fabrica.training.models import Attempt, Point, Run
from fabrica.training.queries.runs import time_left
from fabrica.training.services.computing import note_compute
from fabrica.training.services.moves import locked, move
from fabrica.training.states import AttemptState, Kind, State

FREE: dict[str, Any] = {"claim_token": "", "claim_expires_at": None}
NOT_WAITING: dict[str, Any] = {"waiting_code": "", "machine_starts_at": None}
PLAIN = Counting()
REASON_LENGTH = 500


@dataclass(frozen=True)
class News:
    """What a look at the job folder found: progress, new lines, and how far metrics.jsonl is read (and skipped) now."""

    progress: Progress | None
    lines: tuple[Line, ...]
    offset: int
    last_step: int
    skipped: int


@transaction.atomic
def prepare(*, run: Run, now: datetime, counting: Counting = PLAIN) -> Attempt | None:
    """The run's open attempt, or a new one, with its token: written before the machine hears of it.

    Its limit is what the run has left, in whole steps of its machine (`counting`), so that the machine sets no more
    aside than is held. None, with the run ended, where it was cancelled meanwhile or has no time left; None also when
    the claim is lost.
    """
    row = locked(run)
    if row is None:
        return None
    if found := row.attempts.exclude(state=AttemptState.ENDED).first():
        return found
    left = time_left(row) if row.held_gpu_seconds is None else counting.whole_within(time_left(row))
    if row.cancel_requested_at:
        move(row, State.CANCELLED, by=None, now=now, **FREE)
        return None
    if left < MIN_ATTEMPT_SECONDS:
        move(row, State.FAILED, by=None, now=now, **_error(ENDING_OF_HOLD), **FREE)
        return None
    Run.objects.filter(pk=row.pk).update(metrics_offset=0, metrics_step=0, lines_skipped=0, tries=0)
    number = row.attempts.count() + 1
    token = f"{row.project.slug}-{row.number}.{number}.{new_uid()[:8]}"
    return Attempt.objects.create(run=row, number=number, token=token, time_limit_seconds=left, created_at=now)


@transaction.atomic
def record_job(*, run: Run, attempt: Attempt, job_id: str, now: datetime) -> bool:
    """Note the job that an attempt's token started. False, writing nothing, if the claim was lost meanwhile."""
    row = locked(run)
    if row is None:
        return False
    Attempt.objects.filter(pk=attempt.pk).update(job_id=job_id, state=AttemptState.SUBMITTED, submitted_at=now)
    move(
        row,
        State.SUBMITTED,
        by=None,
        now=now,
        submitted_at=now,
        next_look_at=now,
        tries=0,
        reason="",
        **NOT_WAITING,
        **FREE,
    )
    return True


def postpone(*, run: Run, why: str, now: datetime) -> bool:
    """Look again later, after a wait that grows, and show why. False if the claim was lost meanwhile."""
    tries = min(run.tries + 1, 1_000)
    return run.settle(reason=why[:REASON_LENGTH], tries=tries, next_look_at=now + wait_after(tries), **NOT_WAITING)


@transaction.atomic
def abandon(*, run: Run, told: Ending, now: datetime) -> bool:
    """End a run whose attempt never became a job: refused by the machine, or called off. Nothing is booked."""
    row = locked(run)
    if row is None:
        return False
    open_ones = row.attempts.exclude(state=AttemptState.ENDED)
    open_ones.update(state=AttemptState.ENDED, ended_at=now, ended_because=told.because[:REASON_LENGTH])
    move(row, told.state, by=None, now=now, **_error(told), **FREE)
    return True


def _error(told: Ending) -> dict[str, str]:
    return {"error_what": told.what[:500], "error_why": told.why[:1000], "error_todo": told.todo[:1000]}


@transaction.atomic
def note(
    *, run: Run, attempt: Attempt, status: JobStatus, news: News | None, now: datetime, next_look_at: datetime
) -> bool:
    """Keep what a job that has not ended shows of itself. False if the claim was lost meanwhile."""
    row = locked(run)
    if row is None:
        return False
    unknown_since = (attempt.unknown_since or now) if status.state is JobState.UNKNOWN else None
    is_running = status.state is JobState.RUNNING
    is_back = status.state is JobState.PENDING and status.restarts > 0
    state = AttemptState.RUNNING if is_running else AttemptState.SUBMITTED if is_back else attempt.state
    Attempt.objects.filter(pk=attempt.pk).update(
        state=state, started_at=status.started_at, unknown_since=unknown_since, restarts=_restarts(attempt, status),
    )  # fmt: skip
    fields = {
        **_news(row, news),
        **FREE,
        "tries": 0,
        **_waiting(status),
        "reason": (_put_back(status) if is_back else status.reason)[:REASON_LENGTH],
        "next_look_at": next_look_at,
        "started_at": row.started_at or status.started_at,
    }
    after = _state_shown(row) if is_running else State.SUBMITTED if is_back else State(row.state)
    if after is State(row.state):
        Run.objects.filter(pk=row.pk).update(**fields)
    else:
        move(row, after, by=None, now=now, **fields)
    return True


def _waiting(status: JobStatus) -> dict[str, Any]:
    """The machine's word for why a job waits, and its estimate of the start; neither for one that does not wait."""
    if status.state is not JobState.PENDING:
        return NOT_WAITING
    return {"waiting_code": reason_code(status.reason_code), "machine_starts_at": status.starts_at}


def _put_back(status: JobStatus) -> str:
    return (
        f"It was put back into the queue by its machine and goes on from its last checkpoint. {status.reason}".strip()
    )


def _state_shown(row: Run) -> State:
    is_last = row.kind != Kind.EVALUATE and row.phase in ("evaluate", "package", "battery")
    return State.FINISHING if is_last else State.RUNNING


def _news(row: Run, news: News | None) -> dict[str, Any]:
    """The fields that news change; its lines become points. `row` gets the new phase."""
    if news is None:
        return {}
    points = [Point(run=row, **vars(line)) for line in news.lines]
    changes = ["loss", "tokens_per_second", "elapsed_seconds"]
    Point.objects.bulk_create(points, 500, update_conflicts=True, unique_fields=["run", "step"], update_fields=changes)
    fields: dict[str, Any] = {
        "metrics_offset": news.offset,
        "metrics_step": news.last_step,
        "lines_skipped": news.skipped,
    }
    if news.lines:
        fields |= {"loss": news.lines[-1].loss, "tokens_per_second": news.lines[-1].tokens_per_second}
    if news.progress:
        row.phase = news.progress.phase
        fields |= _shown(news.progress, "battery" if row.kind == Kind.EVALUATE else "train")
    return fields


def _shown(progress: Progress, main: str) -> dict[str, Any]:
    """What a page shows of progress; the steps of other phases than the main one are not the run's."""
    fields: dict[str, Any] = {"phase": progress.phase, "seconds_left": progress.seconds_left}
    if progress.phase == main:
        fields |= {"step": progress.step, "steps": progress.steps}
        told = {"loss": progress.loss, "tokens_per_second": progress.tokens_per_second}
        fields |= {name: value for name, value in told.items() if value is not None}
    return fields


@transaction.atomic
def await_accounting(*, run: Run, attempt: Attempt, now: datetime, next_look_at: datetime) -> bool:
    """Note that a job has ended whose use its machine does not tell yet. False if the claim was lost meanwhile."""
    row = locked(run)
    if row is None:
        return False
    Attempt.objects.filter(pk=attempt.pk, end_seen_at=None).update(end_seen_at=now)
    reason = "It has ended and waits for the machine's accounting."
    Run.objects.filter(pk=row.pk).update(reason=reason, tries=0, next_look_at=next_look_at, **FREE)
    return True


@transaction.atomic
def end(
    *,
    run: Run,
    attempt: Attempt,
    status: JobStatus,
    result: Result,
    failure: Failure | None,
    used: Mapping[str, int],
    news: News | None,
    now: datetime,
) -> bool:
    """Book what an ended job used, and decide what follows: done, failed, cancelled, or another attempt.

    `used` has the GPU-seconds of each of its starts by UsageRecord.key. All in one transaction, and once: a booking
    states a total. False if the claim was lost meanwhile.
    """
    row = locked(run)
    if row is None:
        return False
    for key, gpu_seconds in used.items():
        allocations.book(
            award=row.award, machine=row.machine, key=key, gpu_seconds=gpu_seconds, hold_key=row.uid, now=now,
            token=attempt.token,
        )  # fmt: skip
    attempt.gpu_seconds = sum(used.values())
    _end_attempt(attempt, status, now)
    total = row.attempts.aggregate(sum=Sum("gpu_seconds"))["sum"]
    Run.objects.filter(pk=row.pk).update(used_gpu_seconds=total)
    row.used_gpu_seconds = total
    told = ending(
        status,
        result,
        failure,
        is_cancelled=row.cancel_requested_at is not None,
        attempts=attempt.number,
        seconds_left=time_left(row),
    )
    Attempt.objects.filter(pk=attempt.pk).update(ended_because=told.because[:REASON_LENGTH])
    fields = {**_news(row, news), **_error(told), **NOT_WAITING, **FREE, "tries": 0}
    fields["started_at"] = row.started_at or status.started_at
    _after_end(row, told, result, fields, now)
    note_compute(run=row, now=now)
    return True


def _end_attempt(attempt: Attempt, status: JobStatus, now: datetime) -> None:
    attempt.state = AttemptState.ENDED
    attempt.started_at = status.started_at or attempt.started_at
    attempt.ended_at = status.ended_at or now
    attempt.exit_code = status.exit_code
    attempt.restarts = _restarts(attempt, status)
    attempt.save(update_fields=["state", "started_at", "ended_at", "exit_code", "gpu_seconds", "restarts"])


def _restarts(attempt: Attempt, status: JobStatus) -> int:
    """What the machine tells, never less than it told before: one that forgot the job tells none."""
    return max(attempt.restarts, status.restarts)


@transaction.atomic
def follow_bookings(*, attempt: Attempt, now: datetime) -> None:
    """Let an ended attempt and its run show what the ledger has of them, also where it was corrected since."""
    runs = Run.objects.select_for_update(of=("self",), no_key=True).select_related("project", "award", "machine__site")
    run = runs.get(pk=attempt.run_id)
    booked = awards.booked_for(run.award, attempt.token)
    Attempt.objects.filter(pk=attempt.pk).update(gpu_seconds=sum(booked.values()))
    total = run.attempts.aggregate(sum=Sum("gpu_seconds"))["sum"]
    Run.objects.filter(pk=run.pk).update(used_gpu_seconds=total)
    run.used_gpu_seconds = total
    allocations.note_told(told=list(booked.items()))  # bookings before compute, as the meter holds them
    note_compute(run=run, now=now)


def _after_end(row: Run, told: Ending, result: Result, fields: dict[str, Any], now: datetime) -> None:
    if told.state is State.QUEUED:
        number = row.attempts.count()
        wait = wait_after(number - 1) if number > 1 else now - now
        fields |= {"reason": told.because[:REASON_LENGTH], "next_look_at": now + wait, "seconds_left": None}
    if told.state is State.SUCCEEDED:
        fields |= {"result": result.values, "step": row.steps}
    move(row, told.state, by=None, now=now, **fields)
