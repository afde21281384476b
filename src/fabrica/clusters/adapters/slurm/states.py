"""Slurm's states in ours. Pure; the names are those of `man squeue` and `man sacct`, 22.05 to 25.05."""

from fabrica.clusters.adapters.port import JobState

_STATES = {
    "PENDING": JobState.PENDING,
    "REQUEUED": JobState.PENDING,
    "REQUEUE_FED": JobState.PENDING,
    "REQUEUE_HOLD": JobState.PENDING,
    "SPECIAL_EXIT": JobState.PENDING,
    "RESV_DEL_HOLD": JobState.PENDING,
    "RUNNING": JobState.RUNNING,
    "CONFIGURING": JobState.RUNNING,
    "COMPLETING": JobState.RUNNING,
    "SUSPENDED": JobState.RUNNING,
    "STOPPED": JobState.RUNNING,
    "SIGNALING": JobState.RUNNING,
    "STAGE_OUT": JobState.RUNNING,
    "RESIZING": JobState.RUNNING,
    "COMPLETED": JobState.COMPLETED,
    "FAILED": JobState.FAILED,
    "OUT_OF_MEMORY": JobState.FAILED,
    "LAUNCH_FAILED": JobState.LOST,
    "CANCELLED": JobState.CANCELLED,
    "REVOKED": JobState.CANCELLED,
    "TIMEOUT": JobState.TIMEOUT,
    "DEADLINE": JobState.TIMEOUT,
    "NODE_FAIL": JobState.LOST,
    "BOOT_FAIL": JobState.LOST,
    "PREEMPTED": JobState.LOST,
}
_REASONS = {
    "OUT_OF_MEMORY": "It needed more memory than it was given.",
    "CANCELLED": "It was cancelled.",
    "TIMEOUT": "It reached its time limit.",
    "DEADLINE": "It could not end before its deadline.",
    "NODE_FAIL": "A node it ran on failed.",
    "BOOT_FAIL": "A node it should run on did not start.",
    "LAUNCH_FAILED": "A node could not start it.",
    "PREEMPTED": "A job of higher precedence took its place.",
}


def state_of(word: str) -> JobState:
    """Our state for Slurm's word, such as `RUNNING` or `CANCELLED by 1000`; UNKNOWN for one nobody knows."""
    return _STATES.get(word.partition(" ")[0].rstrip("+").upper(), JobState.UNKNOWN)


def ended_because(word: str, exit_code: int | None, signal: int | None) -> str:
    """How a job ended, in a sentence; empty where it ended well."""
    plain = word.partition(" ")[0].rstrip("+").upper()
    if plain in _REASONS:
        return _REASONS[plain]
    if plain == "FAILED":
        return f"It was ended by signal {signal}." if signal else f"It ended with exit code {exit_code}."
    return ""
