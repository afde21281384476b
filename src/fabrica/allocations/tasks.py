"""The worker's part: bring each award's account on its cluster to what it should be, and look again now and then."""

from contextlib import suppress
from datetime import datetime, timedelta
from time import monotonic

from fabrica.allocations import queries
from fabrica.allocations.applying import bring_about
from fabrica.allocations.models import ClusterAccount
from fabrica.allocations.outcomes import How
from fabrica.kit.errors import Problem

BATCH = 1_000
LEASE = timedelta(minutes=5)
ACT_SECONDS = 20.0  # after which no further step is begun: other loops wait for this one, and the lease must last


def reconcile(now: datetime) -> bool:
    """Look at all due accounts of one machine, the one with the longest wait; True when there were some.

    At a site in dry run nothing is changed; what a hand changed on the machine is put right only where the site says
    so. A cluster that does not answer is asked again after a growing wait.
    """
    due = queries.accounts_due(now)
    first = ClusterAccount.free(due, now).first()
    if first is None:
        return False
    machine = first.award.machine
    accounts = ClusterAccount.claim_some(due.filter(award__machine=machine), now, BATCH, LEASE)
    until = monotonic() + ACT_SECONDS
    how = How(
        mend=machine.site.mends_drift,
        may_act=not machine.site.is_dry_run,
        keep_going=lambda: monotonic() < until,
    )
    with suppress(Problem):  # it is noted on every account
        bring_about(machine, accounts, now, how)
    return bool(accounts)
