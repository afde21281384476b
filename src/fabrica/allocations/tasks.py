"""The worker's part: bring each award's account on its cluster to what it should be, book use, watch shares."""

from contextlib import suppress
from datetime import datetime, timedelta
from time import monotonic

from django.conf import settings

from fabrica.allocations import queries, services
from fabrica.allocations.applying import bring_about
from fabrica.allocations.models import ClusterAccount, Watch
from fabrica.allocations.outcomes import How
from fabrica.allocations.queries.invoices import drafts_due
from fabrica.allocations.services.invoices import draft_planned
from fabrica.clusters import services as clusters
from fabrica.clusters.models import Machine
from fabrica.clusters.queries import sites_to_name
from fabrica.kit.errors import Problem, Refused

BATCH = 1_000
ACCOUNTS_AT_ONCE = 10
LEASE = timedelta(minutes=5)
ACT_SECONDS = 20.0  # after which no further step is begun: other loops wait for this one, and the lease must last

NAME_EVERY = timedelta(seconds=10)
NAMES_AT_ONCE = 100
RETURNS_AT_ONCE = 50
DRAFTS_AT_ONCE = 20


def reconcile(now: datetime) -> bool:
    """Look at all due accounts of one machine, the one with the longest wait; True when there were some.

    At a site in dry run nothing is changed; what a hand changed on the machine is put right only where the site says
    so. A cluster that does not answer is asked again after a growing wait.
    """
    due = queries.accounts_due(now)
    first = due.filter(ClusterAccount.free_at(now)).first()
    if first is None:
        return False
    machine = first.award.machine
    accounts = ClusterAccount.claim_batch(due.filter(award__machine=machine), now, most=BATCH, ttl=LEASE)
    until = monotonic() + ACT_SECONDS
    how = How(
        mend=machine.site.mends_drift,
        may_act=not machine.site.is_dry_run,
        keep_going=lambda: monotonic() < until,
    )
    with suppress(Problem):  # it is noted on every account
        bring_about(machine, accounts, now, how)
    return bool(accounts)


def name_people(now: datetime) -> bool:
    """Give the people who work on one site's machines their UNIX names there; True when it was a site's turn."""
    site = sites_to_name(now - NAME_EVERY).first()
    if site is None:
        return False
    people = queries.people_without_name(site, now, NAMES_AT_ONCE)
    for person in people:
        clusters.assign_unix_name(site=site, person=person, now=now)
    if len(people) < NAMES_AT_ONCE:
        clusters.note_named(site=site, now=now)
    return True


def meter_book(now: datetime) -> bool:
    """Book what the meter found of some accounts of one machine, one after the other; True when there was something.

    The next account is looked for behind the last: what was just booked lies before it in the index, and is not passed
    again.
    """
    services.adopt_booked(now=now)
    rows = queries.usage_due(now).order_by("machine", "account").values_list("machine", "account")
    group = rows.first()
    if group is None:
        return False
    machine, done = Machine.objects.get(pk=group[0]), 0
    while group is not None and done < ACCOUNTS_AT_ONCE:
        services.book_metered(machine=machine, account=group[1], now=now)
        done += 1
        group = rows.filter(machine=machine, account__gt=group[1]).first()
    return True


def release_phases(now: datetime) -> bool:
    """Make the phases usable whose day or report has come; True when there were any."""
    found = list(queries.phases_due(now)[:RETURNS_AT_ONCE])
    for phase in found:
        with suppress(Refused):  # an officer was faster, or took the award back
            services.release_phase(award=phase.award, number=phase.number, by=None, now=now)
    return bool(found)


def return_unused(now: datetime) -> bool:
    """Give the pools back what some awards had left a day after their end; True when there were any."""
    found = list(queries.unused_due(now)[:RETURNS_AT_ONCE])
    for award in found:
        services.return_unused(award=award, now=now)
    return bool(found)


def watch(now: datetime) -> bool:
    """Look at the shares of all awards on one machine, every minute; True when there was one to look at."""
    services.make_watches(now=now)
    found = Watch.claim(queries.watches_due(now), now)
    if found is None:
        return False
    notices, grace = settings.FABRICA_USAGE_NOTICES, timedelta(hours=settings.FABRICA_USAGE_GRACE_HOURS)
    for account, gpu_seconds in queries.accounts_to_act_on(found.machine, min([*notices, services.FULL]), now):
        services.note_share(account=account, gpu_seconds=gpu_seconds, notices=notices, grace=grace, now=now)
    services.watch_again(watch=found, now=now)
    return True


def draft_invoices(now: datetime) -> bool:
    """Draw up what some awards owe, once a month; True when it was an award's turn."""
    found = list(drafts_due(now)[:DRAFTS_AT_ONCE])
    for priced in found:
        draft_planned(priced=priced, now=now)
    return bool(found)
