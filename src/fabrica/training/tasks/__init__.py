"""The worker's part: hand runs to their machines, and follow them to their end.

Each loop claims rows, talks to the machine with no transaction open, and applies what it learnt only while its claim
holds. A worker may be killed at any instant: an attempt's token is written before its job is submitted, so the same
attempt submitted again is the same job; hours are booked in the transaction that ends the attempt, and what the ledger
corrects later is shown on the run.
"""

from fabrica.training.tasks.correcting import correct
from fabrica.training.tasks.following import follow
from fabrica.training.tasks.submitting import submit

__all__ = ["correct", "follow", "submit"]
