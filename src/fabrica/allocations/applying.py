"""Bringing a machine's accounts to what they should be: read, compare, take the steps, read back, note.

Both the worker and an operator's command go this way. It may be cut off after any call: what is about to be sent is
kept first, so that the next time goes on where this one stopped.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from fabrica.allocations import desired, queries, services
from fabrica.allocations.desired import Plan, Standing
from fabrica.allocations.models import ClusterAccount
from fabrica.allocations.outcomes import How, Look, Outcome, add_steps, note
from fabrica.allocations.steps import Action
from fabrica.clusters.adapters.port import AccountSpec, Cluster
from fabrica.clusters.models import Machine
from fabrica.clusters.queries import cluster_of
from fabrica.kit.errors import NotAllowed, Problem, Unreachable
from fabrica.people.models import Person
from fabrica.people.rules import has_role
from fabrica.people.states import Role

MOST_SILENT = 3  # answers missing in a row, after which no further step is tried
BATCH, LEASE = 100, timedelta(minutes=10)  # of an operator's command
Found = Mapping[str, AccountSpec]


def plan_for(machine: Machine, now: datetime) -> Plan:
    """All that an operator would have to apply to a machine, strays included. Changes nothing. Raises Problem."""
    found = cluster_of(machine).accounts()
    standings = queries.standing(machine, now).values()
    plan = desired.compare(standings, found, mend=True)
    closed = desired.strays(frozenset(one.spec.name for one in standings), found)
    return replace(plan, actions=plan.actions + closed, drifts=plan.drifts + closed)


def apply_plan(machine: Machine, shown: Plan, by: Person, now: datetime) -> list[Outcome]:
    """Take the steps that an operator was shown, some accounts at a time; says what became of each.

    A step that is no longer the same, because the machine or an award changed meanwhile, is not tried, nor is one on an
    account that a worker has in hand. Raises NotAllowed.
    """
    if not has_role(by, Role.OPERATOR):
        raise NotAllowed(_("Only an operator applies a plan."))
    names = list(dict.fromkeys(one.account for one in shown.actions))
    outcomes: dict[Action, Outcome] = {}
    try:
        for start in range(0, len(names), BATCH):
            due = queries.accounts_on(machine).filter(award__project__slug__in=names[start : start + BATCH])
            accounts = ClusterAccount.claim_batch(queries.with_facts(due), now, most=BATCH, ttl=LEASE)
            outcomes |= _apply_to(machine, accounts, shown, now)
        outcomes |= {one.action: one for one in _close_strays(machine, shown, now)}
    finally:
        done = sum(one.is_done for one in outcomes.values())
        services.note_applied(machine=machine, done=done, failed=len(shown.actions) - done, by=by, now=now)
    return [outcomes.get(one, Outcome(one, is_tried=False)) for one in shown.actions]


def _apply_to(
    machine: Machine, accounts: Sequence[ClusterAccount], shown: Plan, now: datetime
) -> dict[Action, Outcome]:
    how = How(mend=True, only=frozenset(shown.actions))
    names = {one.award.account_name for one in accounts}
    try:
        return {one.action: one for one in bring_about(machine, accounts, now, how)}
    except Problem as problem:
        lost = [one for one in shown.actions if one.account in names]
        return {one: Outcome(one, is_tried=False, problem=problem) for one in lost}


def _close_strays(machine: Machine, shown: Plan, now: datetime) -> list[Outcome]:
    names = frozenset(one.name for one in queries.wanted(machine, now))
    wished = [one for one in shown.actions if one.account not in names]
    if not wished:
        return []
    try:
        cluster = cluster_of(machine)
        still = desired.strays(names, cluster.accounts())
    except Problem as problem:
        return [Outcome(one, is_tried=False, problem=problem) for one in wished]
    return take(cluster, [one for one in still if one in wished], lambda: True)


def bring_about(machine: Machine, accounts: Sequence[ClusterAccount], now: datetime, how: How) -> list[Outcome]:
    """Bring claimed accounts of one machine there and note what was read back; says what became of each step.

    Two readings of the machine at most, one where nothing is to do. Raises Problem, after noting it, where the machine
    cannot be read.
    """
    if not accounts:
        return []
    try:
        return _bring_about(machine, accounts, now, how)
    except Problem as problem:
        with transaction.atomic():
            for one in accounts:
                services.note_trouble(account=one, problem=problem, now=now)
        raise


def _bring_about(machine: Machine, accounts: Sequence[ClusterAccount], now: datetime, how: How) -> list[Outcome]:
    cluster = cluster_of(machine)
    standings = queries.standing(machine, now, [one.pk for one in accounts])
    found = cluster.accounts()
    plan = desired.compare(standings.values(), found, mend=how.mend)
    wished = how.chosen(plan.actions)
    able = _intend(accounts, standings, found, {one.account for one in wished})
    outcomes = take(cluster, [one for one in wished if one.account in able], how.keep_going)
    back = cluster.accounts() if outcomes else found
    looks = [Look(one, machine, standings[one.pk], back.get(one.award.account_name), how) for one in accounts]
    add_steps(looks, plan, outcomes)
    note(machine, looks, now)
    return outcomes


def _intend(
    accounts: Iterable[ClusterAccount], standings: Mapping[int, Standing], found: Found, names: set[str]
) -> set[str]:
    """Keep what is about to be sent; returns the accounts for which we still hold the claim."""
    able = set()
    with transaction.atomic():
        for account in accounts:
            one = standings[account.pk]
            name = one.spec.name
            if name in names and services.intend(account=account, known=desired.intended(one, found.get(name))):
                able.add(name)
    return able


def take(cluster: Cluster, actions: Iterable[Action], keep_going: Callable[[], bool]) -> list[Outcome]:
    """Take the steps one by one. Where one fails, the later ones of its account are not tried; all others are."""
    outcomes: list[Outcome] = []
    given_up: set[str] = set()
    silent = 0
    for action in actions:
        if action.account in given_up or silent >= MOST_SILENT or not keep_going():
            given_up.add(action.account)
            outcomes.append(Outcome(action, is_tried=False, problem=_silence() if silent >= MOST_SILENT else None))
            continue
        problem = _put(cluster, action)
        silent = silent + 1 if isinstance(problem, Unreachable) else 0
        if problem is not None:
            given_up.add(action.account)
        outcomes.append(Outcome(action, problem=problem))
    return outcomes


def _silence() -> Unreachable:
    return Unreachable(f"The machine did not answer {MOST_SILENT} times in a row; this was not tried.")


def _put(cluster: Cluster, action: Action) -> Problem | None:
    try:
        cluster.put_account(action.after)
    except Problem as problem:
        return problem
    return None
