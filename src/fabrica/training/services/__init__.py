"""Every write about runs. A state changes in `moves.move` and nowhere else."""

from fabrica.training.services.attempts import (
    News,
    abandon,
    await_accounting,
    end,
    follow_bookings,
    note,
    postpone,
    prepare,
    record_job,
)
from fabrica.training.services.cancelling import cancel
from fabrica.training.services.launching import launch

__all__ = [
    "News",
    "abandon",
    "await_accounting",
    "cancel",
    "end",
    "follow_bookings",
    "launch",
    "note",
    "postpone",
    "prepare",
    "record_job",
]
