"""Every write about calls and modes."""

from fabrica.calls.services.calls import open_call, set_state
from fabrica.calls.services.forms import form_for, keep_form
from fabrica.calls.services.modes import NOTE_LIMIT, SavedMeanwhile, check_mode, keep_mode, retire_mode

__all__ = [
    "NOTE_LIMIT",
    "SavedMeanwhile",
    "check_mode",
    "form_for",
    "keep_form",
    "keep_mode",
    "open_call",
    "retire_mode",
    "set_state",
]
