"""What a machine should look like, compared with what it looks like: a plan of small steps. Pure functions.

Words: *known* is what we last put on the machine, the newest last: one spec once it was read back, several while an
answer is missing, none before the first time. A difference that neither an award nor the ledger explains was made *by
hand* on the machine; it is reported, and put right only where somebody said so.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from fabrica.allocations.steps import Action, Kind, limit_fits, steps
from fabrica.clusters.adapters.port import AccountSpec

T = TypeVar("T")
MARK = "Fabrica award "
MOST_KNOWN = 12  # of what was sent and never read back; the machine has then been silent for long


@dataclass(frozen=True)
class Standing:
    """An account as it should be, and what we know that we put there before."""

    spec: AccountSpec
    known: tuple[AccountSpec, ...] = ()
    was_read_back: bool = False

    @property
    def mark(self) -> str:
        """What the description of the account names, so that we know it as ours: the application's code."""
        return self.spec.description.removeprefix(MARK)


@dataclass(frozen=True)
class Plan:
    """What to do in this order; what was changed by hand; the accounts whose names belong to somebody else.

    `drifts` are the steps that would put right what was changed by hand, whether or not `actions` holds them too.
    """

    actions: tuple[Action, ...] = ()
    drifts: tuple[Action, ...] = ()
    foreign: tuple[Standing, ...] = ()


def compare(standings: Iterable[Standing], found: Mapping[str, AccountSpec], *, mend: bool) -> Plan:
    """The plan for these accounts; with `mend`, what was changed by hand is put right too.

    Nothing is ever done to an account that is not ours. An account that shall be closed and is not there is not made.
    """
    actions: list[Action] = []
    drifts: list[Action] = []
    foreign = []
    for one in standings:
        there = found.get(one.spec.name)
        if there is not None and not is_ours(there, one):
            foreign.append(one)
            continue
        goal, of_our_own = wanted_there(one.spec, there), _of_our_own(one, there)
        actions += steps(there, goal if mend else of_our_own)
        drifts += steps(of_our_own, goal)
    return Plan(_ordered(actions), _ordered(drifts), tuple(foreign))


def strays(names: frozenset[str], found: Mapping[str, AccountSpec]) -> tuple[Action, ...]:
    """Close each open account that bears our mark and that no award (`names`) wants; none is ever removed."""
    unwanted = [one for one in found.values() if one.name not in names and one.is_open and bears_mark(one)]
    return _ordered(step for one in unwanted for step in steps(one, replace(one, is_open=False)))


def is_ours(there: AccountSpec, one: Standing) -> bool:
    """Whether an account on the machine is the one of this award: its description names the application.

    A site may add words of its own to it.
    """
    mark = re.escape(one.mark)
    return bool(mark) and re.search(rf"(?<![\w-]){mark}(?![\w-])", there.description, re.IGNORECASE) is not None


def bears_mark(there: AccountSpec) -> bool:
    """Whether an account says of itself that it was made for an award of Fabrica."""
    return there.description.lower().startswith(MARK.lower())


def wanted_there(spec: AccountSpec, there: AccountSpec | None) -> AccountSpec | None:
    """What should stand there: words that the site added stay, and no account is made only to be closed."""
    if there is None:
        return spec if spec.is_open else None
    return replace(spec, description=there.description)


def intended(one: Standing, there: AccountSpec | None) -> tuple[AccountSpec, ...]:
    """What to know before the first step is taken, so that a plan after a crash tells our steps from a hand's.

    That is what we know already, what we are about to change, and what it shall become.
    """
    own = _of_our_own(one, there)
    if there is None or own is None:
        return (*one.known, one.spec)[-MOST_KNOWN:]
    hand_added, hand_removed = set(own.members) - set(one.spec.members), set(one.spec.members) - set(own.members)
    start = replace(
        one.spec,
        gpu_seconds_limit=_unless_kept(there.gpu_seconds_limit, own.gpu_seconds_limit, one.spec.gpu_seconds_limit),
        programme=_unless_kept(there.programme, own.programme, one.spec.programme),
        members=tuple(sorted((set(there.members) - hand_added) | hand_removed)),
        is_open=_unless_kept(there.is_open, own.is_open, one.spec.is_open),
    )
    known = [spec for spec in one.known if spec not in (start, one.spec)]
    return (*known, start, one.spec)[-MOST_KNOWN:]


def _unless_kept(there: T, own: T, wanted: T) -> T:
    """What stands there, but what we want where a hand changed it and we leave it so."""
    return wanted if own == there else there


def _of_our_own(one: Standing, there: AccountSpec | None) -> AccountSpec | None:
    """What we make of the account of our own accord: all that differs but what was changed by hand."""
    goal = wanted_there(one.spec, there)
    if goal is None or not one.was_read_back or not one.known:
        return goal
    if there is None:
        return None
    last, known = one.known[-1], one.known
    limits = [spec.gpu_seconds_limit for spec in known]
    by_hand = limit_fits(limits[-1], goal.gpu_seconds_limit) and not any(
        limit_fits(there.gpu_seconds_limit, limit) for limit in limits
    )
    return replace(
        goal,
        gpu_seconds_limit=there.gpu_seconds_limit if by_hand else goal.gpu_seconds_limit,
        programme=_settle(there.programme, goal.programme, last.programme, {spec.programme for spec in known}),
        members=_members(one, there),
        is_open=_settle(there.is_open, goal.is_open, last.is_open, {spec.is_open for spec in known}),
    )


def _settle(there: T, goal: T, last: T, known: set[T]) -> T:
    """What we want where we changed it or have put it there ourselves; what stands there where a hand did."""
    return there if goal == last and there not in known else goal


def _members(one: Standing, there: AccountSpec) -> tuple[str, ...]:
    wanted, present = set(one.spec.members), set(there.members)
    sets = [set(spec.members) for spec in one.known]
    removed_by_hand = {name for name in wanted - present if all(name in members for members in sets)}
    added_by_hand = {name for name in present - wanted if not any(name in members for members in sets)}
    return tuple(sorted((wanted - removed_by_hand) | added_by_hand))


def _ordered(actions: Iterable[Action]) -> tuple[Action, ...]:
    """Room before restrictions: a job that may run with either is not refused half-way."""
    order = list(Kind)
    return tuple(sorted(actions, key=lambda one: (order.index(one.kind), one.account)))


def of_account(actions: Iterable[Action], name: str) -> Iterator[Action]:
    """Those of one account, in their order."""
    return (one for one in actions if one.account == name)
