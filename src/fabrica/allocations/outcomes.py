"""What became of a machine's accounts in one pass, told in sentences and noted on their rows."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from fabrica.allocations import desired, services
from fabrica.allocations.desired import Plan, Standing
from fabrica.allocations.models import ClusterAccount
from fabrica.allocations.steps import Action, Disowned, steps
from fabrica.clusters.adapters.port import AccountSpec
from fabrica.clusters.models import Machine
from fabrica.kit.errors import Problem, Refused, Unreachable


@dataclass(frozen=True)
class Outcome:
    """What became of one step: done, failed with a problem, or not tried at all."""

    action: Action
    is_tried: bool = True
    problem: Problem | None = None

    @property
    def is_done(self) -> bool:
        """Whether the machine accepted it."""
        return self.is_tried and self.problem is None


@dataclass(frozen=True)
class How:
    """How far to go: `mend` what hands changed; take steps at all, only some of them, only while there is time."""

    mend: bool = False
    may_act: bool = True
    only: frozenset[Action] | None = None
    keep_going: Callable[[], bool] = lambda: True

    def chosen(self, actions: Iterable[Action]) -> list[Action]:
        """Those of the steps that are to be taken."""
        return [one for one in actions if self.may_act and (self.only is None or one in self.only)]


@dataclass
class Look:
    """One account after a pass: how it should be, how it was read back, what was planned and what became of that."""

    account: ClusterAccount
    machine: Machine
    standing: Standing
    back: AccountSpec | None
    how: How
    is_foreign: bool = False
    actions: list[Action] = field(default_factory=list)
    drifts: list[Action] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def spec(self) -> AccountSpec:
        """The account as it should be."""
        return self.standing.spec

    @property
    def left(self) -> list[Action]:
        """What is still to do."""
        return list(steps(self.back, desired.wanted_there(self.spec, self.back)))

    @property
    def is_our_part_done(self) -> bool:
        """Whether all that is left is what hands changed and we leave so."""
        return len(self.left) == (0 if self.how.mend else len(self.drifts))

    @property
    def is_same(self) -> bool:
        """Whether nothing was to do and nothing new was learnt."""
        quiet = not (self.is_foreign or self.actions or self.drifts)
        return quiet and services.is_unchanged(account=self.account, spec=self.spec, back=self.back)


def add_steps(looks: Iterable[Look], plan: Plan, outcomes: Iterable[Outcome]) -> None:
    """Give each account its part of the plan, and what became of it."""
    by_name = {one.spec.name: one for one in looks}
    for standing in plan.foreign:
        by_name[standing.spec.name].is_foreign = True
    for action in plan.actions:
        by_name[action.account].actions.append(action)
    for action in plan.drifts:
        by_name[action.account].drifts.append(action)
    for outcome in outcomes:
        by_name[outcome.action.account].outcomes.append(outcome)


def note(machine: Machine, looks: Sequence[Look], now: datetime) -> None:
    """Note each account; those found as they were in one statement. Operators hear once of what a hand changed."""
    same = [one.account for one in looks if one.is_same]
    news: list[Action | Disowned] = []
    with transaction.atomic():
        if same:
            services.note_unchanged(accounts=same, now=now)
        for look in looks:
            if not look.is_same:
                news += _note(look, now)
        mended = any(one.how.mend for one in looks)
        left = [one for one in news if not mended or isinstance(one, Disowned)]
        services.tell_of_drift(machine=machine, drifted=left, mended=False, now=now)
        services.tell_of_drift(machine=machine, drifted=[one for one in news if one not in left], mended=True, now=now)


def _note(look: Look, now: datetime) -> Sequence[Action | Disowned]:
    """Note one account; returns what a hand changed on it where nobody heard of that before."""
    account, left = look.account, len(look.left)
    if look.is_foreign and account.ready_at is None:
        services.note_trouble(account=account, problem=_belongs_to_others(look), now=now)
        return []
    if not look.is_foreign and (problem := _problem(look)):
        services.note_trouble(account=account, problem=problem, now=now)
        return []
    soon = look.how.may_act and not look.is_our_part_done
    if look.is_foreign or (look.drifts and left):
        told = str(_was_disowned(look)) if look.is_foreign else _drift(look)
        settled = services.note_drift(
            account=account, spec=look.spec if look.is_our_part_done else None, back=look.back, drift=told,
            waiting=left, soon=soon, now=now,
        )  # fmt: skip
    elif left:
        services.note_waiting(account=account, waiting=left, why=_waits(look), soon=soon, now=now)
        return []
    else:
        told = _mended(look) if look.drifts else ""
        settled = services.note_read_back(account=account, spec=look.spec, back=look.back, drift=told, now=now)
    if not settled or account.drifted_at is not None:
        return []
    return [Disowned(look.spec.name, look.standing.mark)] if look.is_foreign else look.drifts


def _problem(look: Look) -> Problem | None:
    failed = [one.problem for one in look.outcomes if one.problem]
    if failed:
        return failed[0]
    if look.outcomes and all(one.is_done for one in look.outcomes) and not look.is_our_part_done:
        if look.how.only is not None and len(look.outcomes) < len(look.actions):
            return None
        return Unreachable(
            f"{look.machine} accepted the account {look.spec.name} but does not show it as wanted.",
            todo="Look at the account on the machine; it is tried again by itself.",
        )
    return None


def _drift(look: Look) -> str:
    was = "removed" if look.back is None else "changed"
    return (
        f"Somebody {was} the account {look.spec.name} on {look.machine} by hand. To put it right: "
        f"{_told(look.left)} An operator undoes it there or runs `fabrica-site clusters apply "
        f"{look.machine.site.slug}`."
    )


def _mended(look: Look) -> str:
    told = f"Somebody had changed the account {look.spec.name} on {look.machine} by hand; this put it right:"
    return f"{told} {_told(look.drifts)}"


def _waits(look: Look) -> str:
    if look.how.may_act:
        return f"The machine took long; the rest of the account {look.spec.name} follows: {_told(look.left)}"
    return (
        f"Dry run: the account {look.spec.name} is not as wanted yet. {_told(look.left)} An operator "
        f"runs `fabrica-site clusters apply {look.machine.site.slug}`."
    )


def _told(actions: Iterable[Action]) -> str:
    return " ".join(one.sentence for one in actions)


def _belongs_to_others(look: Look) -> Refused:
    return Refused(
        f"{look.machine} has an account {look.spec.name} that belongs to something else.",
        why=f"Its description does not name {look.account.award.application.code}.",
        todo="Remove or rename it on the machine; it is tried again by itself.",
    )


def _was_disowned(look: Look) -> Refused:
    return Refused(
        f"Somebody rewrote the description of the account {look.spec.name} on {look.machine} by hand.",
        why=f"It no longer names {look.standing.mark}, so nothing is done to it.",
        todo=f"An operator writes {look.standing.mark} back into it there.",
    )
