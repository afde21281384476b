"""What it means for a run that its attempt has ended."""

from dataclasses import dataclass

from fabrica.clusters.adapters.port import JobState, JobStatus
from fabrica.training.engine.limits import MAX_ATTEMPTS, MIN_ATTEMPT_SECONDS
from fabrica.training.engine.reading import Failure, Result
from fabrica.training.states import State

FAILED_FOR_GOOD = 3
LOG = "Look at the end of the log."


@dataclass(frozen=True)
class Ending:
    """What becomes of the run: a final state, or `queued` for another attempt. `because` is the attempt's sentence."""

    state: State
    because: str
    what: str = ""
    why: str = ""
    todo: str = ""


ENDING_OF_HOLD = Ending(
    State.FAILED,
    "",
    "The run used up its time limit.",
    "Its attempts together took all the time that was held for it.",
    "Launch it again with more time, or with fewer steps.",
)


def ending(
    status: JobStatus,
    result: Result,
    failure: Failure | None,
    *,
    is_cancelled: bool,
    attempts: int,
    seconds_left: int,
) -> Ending:
    """What the end of an attempt means. `attempts` counts this one; `seconds_left` is what the run's limit still has.

    A valid result means success however the job ended: it is written last of all.
    """
    because = status.reason or _words(status)
    if result.values is not None:
        return Ending(State.SUCCEEDED, "Done.")
    if is_cancelled or status.state is JobState.CANCELLED:
        return Ending(State.CANCELLED, because)
    if status.state is JobState.COMPLETED:
        why = result.trouble or "There is no result.json in its folder."
        return Ending(State.FAILED, because, "The run ended but left no usable result.", why, LOG)
    if status.state is JobState.TIMEOUT:
        todo = "Launch it again with more time, or with fewer steps."
        return Ending(State.FAILED, because, "The run reached its time limit.", because, todo)
    if status.exit_code == FAILED_FOR_GOOD:
        told = failure or Failure("The run failed and could not say why.", because, LOG)
        return Ending(State.FAILED, because, told.what, told.why, told.todo)
    return _interrupted(because, attempts, seconds_left)


def _interrupted(because: str, attempts: int, seconds_left: int) -> Ending:
    if attempts >= MAX_ATTEMPTS:
        what = f"The run was interrupted {attempts} times."
        return Ending(State.FAILED, because, what, because, "Look at the reasons of its attempts and at the log.")
    if seconds_left < MIN_ATTEMPT_SECONDS:
        hold = ENDING_OF_HOLD
        return Ending(State.FAILED, because, hold.what, hold.why, hold.todo)
    return Ending(State.QUEUED, because)


def _words(status: JobStatus) -> str:
    if status.signal is not None:
        return f"It was ended by signal {status.signal}."
    if status.exit_code is not None:
        return f"It ended with exit code {status.exit_code}."
    return f"The machine says: {status.state.value.lower()}."
