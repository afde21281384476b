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
from fabrica.allocations.services.booking import adopt_booked, book, book_metered, note_told
from fabrica.allocations.services.ending import check_revoke, return_unused, revoke
from fabrica.allocations.services.extending import check_extend, extend
from fabrica.allocations.services.hours import fund, hold, release, spend
from fabrica.allocations.services.moving import check_move, move
from fabrica.allocations.services.offering import accept, decline, grant, offer, withdraw_offer
from fabrica.allocations.services.phasing import MOST_PHASES, Later, drop_phase, release_phase
from fabrica.allocations.services.topping_up import check_top_up, top_up
from fabrica.allocations.services.transfers import KEY_MAX
from fabrica.allocations.services.watching import FULL, make_watches, note_share, watch_again
from fabrica.allocations.services.years import set_year

__all__ = [
    "FULL",
    "KEY_MAX",
    "MOST_PHASES",
    "Later",
    "accept",
    "adopt_booked",
    "award",
    "book",
    "book_metered",
    "check_extend",
    "check_move",
    "check_revoke",
    "check_top_up",
    "decline",
    "drop_phase",
    "extend",
    "fund",
    "grant",
    "hold",
    "intend",
    "is_unchanged",
    "make_watches",
    "move",
    "note_applied",
    "note_drift",
    "note_read_back",
    "note_share",
    "note_told",
    "note_trouble",
    "note_unchanged",
    "note_waiting",
    "offer",
    "release",
    "release_phase",
    "return_unused",
    "revoke",
    "set_year",
    "spend",
    "tell_of_drift",
    "top_up",
    "watch_again",
    "withdraw_offer",
]
