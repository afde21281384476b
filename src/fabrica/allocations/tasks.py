"""The worker's part: bring each award's account on its cluster to what it should be, book use, watch shares."""

from datetime import datetime, timedelta

from django.conf import settings

from fabrica.allocations import queries, services
from fabrica.allocations.engine import hours
from fabrica.allocations.models import Award, ClusterAccount, Watch
from fabrica.clusters import services as clusters
from fabrica.clusters.adapters.port import AccountSpec
from fabrica.clusters.models import Machine
from fabrica.clusters.queries import cluster_of, sites_to_name
from fabrica.kit.errors import Problem, Refused, Unreachable

NAME_EVERY = timedelta(seconds=10)
NAMES_AT_ONCE = 100


def reconcile(now: datetime) -> bool:
    """Bring one account there and read it back; True when there was one to look at.

    A cluster that does not answer is asked again after a growing wait; what is as it should be is left alone.
    """
    account = ClusterAccount.claim(queries.accounts_due(now), now)
    if account is None:
        return False
    try:
        drift = _bring_about(account)
    except Problem as problem:
        services.note_trouble(account=account, problem=problem, now=now)
    else:
        services.note_read_back(account=account, drift=drift, now=now)
    return True


def _bring_about(account: ClusterAccount) -> str:
    """Apply and read back; returns what somebody had changed by hand, empty for nothing. Raises Problem.

    Only the limit is ours. A description that a site added to stays, and an account that is not ours is left alone.
    """
    award, wanted = account.award, account.gpu_seconds_wanted
    cluster = cluster_of(award.machine)
    found = cluster.account(award.account_name)
    if found is not None and not _is_ours(found, award):
        raise Refused(
            f"{award.machine} has an account {award.account_name} that belongs to something else.",
            why=f"Its description does not name {award.application.code}.",
            todo="Remove or rename it on the machine; it is tried again by itself.",
        )
    if found is not None and found.gpu_seconds_limit == wanted:
        return ""
    description = found.description if found else f"Fabrica award {award.application.code}"
    cluster.put_account(AccountSpec(award.account_name, description, wanted))
    back = cluster.account(award.account_name)
    if back is None or back.gpu_seconds_limit != wanted:
        raise Unreachable(
            f"{award.machine} accepted the account {award.account_name} but does not show it as wanted.",
            todo="Look at the account on the machine; it is tried again by itself.",
        )
    return _drift(account, found)


def _is_ours(found: AccountSpec, award: Award) -> bool:
    return award.application.code.lower() in found.description.lower()


def _drift(account: ClusterAccount, found: AccountSpec | None) -> str:
    if account.gpu_seconds_applied != account.gpu_seconds_wanted:
        return ""  # the first time, or the award changed: nobody interfered
    name = account.award.account_name
    if found is None:
        return f"The account {name} had been removed on {account.award.machine}; it was made again."
    limit = "none" if found.gpu_seconds_limit is None else f"{hours(found.gpu_seconds_limit)} GPU-hours"
    wanted = hours(account.gpu_seconds_wanted)
    return f"The limit of {name} had been changed on {account.award.machine} to {limit}; it is {wanted} again."


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
    """Book what the meter found of one account; True when there was something."""
    services.adopt_booked(now=now)
    group = queries.usage_due(now).order_by("machine", "account").values_list("machine", "account").first()
    if group is None:
        return False
    machine, account = group
    return bool(services.book_metered(machine=Machine.objects.get(pk=machine), account=account, now=now))


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
