"""Every write about awards and hours."""

from fabrica.allocations.services.accounts import (
    intend,
    is_unchanged,
    note_applied,
    note_drift,
    note_read_back,
    note_trouble,
    note_unchanged,
    note_waiting,
    tell_of_drift,
)
from fabrica.allocations.services.awarding import award
from fabrica.allocations.services.hours import fund, hold, release, spend
from fabrica.allocations.services.transfers import KEY_MAX

__all__ = [
    "KEY_MAX",
    "award",
    "fund",
    "hold",
    "intend",
    "is_unchanged",
    "note_applied",
    "note_drift",
    "note_read_back",
    "note_trouble",
    "note_unchanged",
    "note_waiting",
    "release",
    "spend",
    "tell_of_drift",
]
