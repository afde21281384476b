"""The steps that lead from an account as it is to what it should be: each small, typed, and told in a sentence."""

import enum
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from fabrica.allocations.saying import told_hours
from fabrica.clusters.adapters.port import AccountSpec

MINUTE_SECONDS = 60
MOST_NAMES = 5  # of members in one sentence


class Kind(enum.StrEnum):
    """What a step does, in the order in which steps are safe."""

    MAKE = "make"
    PROGRAMME = "set programme"
    RAISE = "raise limit"
    LOWER = "lower limit"
    ADD = "add members"
    REMOVE = "remove members"
    OPEN = "open"
    CLOSE = "close"


@dataclass(frozen=True)
class Action:
    """One step on one account: the machine shows `before` and shall show `after`."""

    kind: Kind
    before: AccountSpec | None
    after: AccountSpec

    @property
    def account(self) -> str:
        """The name of the account."""
        return self.after.name

    @property
    def sentence(self) -> str:
        """What the step does, with before and after, in the reader's language."""
        return _tell(self)

    def as_dict(self) -> dict[str, Any]:
        """The step as `--json` prints it."""
        before = asdict(self.before) if self.before else None
        told = {"kind": self.kind.value, "account": self.account, "sentence": self.sentence}
        return {**told, "before": before, "after": asdict(self.after)}


@dataclass(frozen=True)
class Disowned:
    """An account of ours whose description a hand rewrote, so that it no longer names its award: it is left alone."""

    account: str
    code: str

    @property
    def sentence(self) -> str:
        """What puts it right, in the reader's language."""
        told = _(
            "Write %(code)s back into the description of the account %(name)s on the machine: it no longer names its "
            "award, so nothing is done to it."
        )
        return told % {"code": self.code, "name": self.account}


def limit_fits(there: int | None, wanted: int | None) -> bool:
    """Whether a limit on a machine is the one wanted; a machine that counts whole minutes keeps those below it."""
    if there is None or wanted is None:
        return there is wanted
    return there in (wanted, wanted - wanted % MINUTE_SECONDS)


def steps(before: AccountSpec | None, wanted: AccountSpec | None) -> Iterator[Action]:
    """The steps from one to the other, each from where the last one ended; none where it fits already."""
    if wanted is None:
        return
    if before is None:
        yield Action(Kind.MAKE, None, wanted)
        return
    for kind, changes in _changes(before, wanted):
        after = replace(before, **changes)
        yield Action(kind, before, after)
        before = after


def _changes(before: AccountSpec, wanted: AccountSpec) -> Iterator[tuple[Kind, dict[str, Any]]]:
    if before.programme != wanted.programme:
        yield Kind.PROGRAMME, {"programme": wanted.programme}
    if not limit_fits(before.gpu_seconds_limit, wanted.gpu_seconds_limit):
        raised = _most(wanted.gpu_seconds_limit) > _most(before.gpu_seconds_limit)
        yield Kind.RAISE if raised else Kind.LOWER, {"gpu_seconds_limit": wanted.gpu_seconds_limit}
    both = tuple(sorted({*before.members, *wanted.members}))
    if set(both) > set(before.members):
        yield Kind.ADD, {"members": both}
    if set(both) > set(wanted.members):
        yield Kind.REMOVE, {"members": tuple(sorted(set(wanted.members)))}
    if before.is_open != wanted.is_open:
        yield Kind.OPEN if wanted.is_open else Kind.CLOSE, {"is_open": wanted.is_open}


def _most(limit: int | None) -> float:
    return float("inf") if limit is None else limit


def _tell(step: Action) -> str:
    if step.before is None:
        facts = {"name": step.account, "limit": _limit(step.after.gpu_seconds_limit)}
        return _("Make the account %(name)s with %(limit)s.") % facts
    if step.kind in (Kind.ADD, Kind.REMOVE):
        return _tell_members(step, step.before)
    return _tell_change(step, step.before)


def _tell_change(step: Action, before: AccountSpec) -> str:
    name, after = step.account, step.after
    if step.kind == Kind.PROGRAMME:
        facts = {"name": name, "before": before.programme or "–", "after": after.programme or "–"}
        return _("Move the account %(name)s from the programme %(before)s to %(after)s.") % facts
    if step.kind in (Kind.RAISE, Kind.LOWER):
        facts = {"name": name, "before": _limit(before.gpu_seconds_limit), "after": _limit(after.gpu_seconds_limit)}
        if step.kind == Kind.RAISE:
            return _("Raise the limit of %(name)s from %(before)s to %(after)s.") % facts
        return _("Lower the limit of %(name)s from %(before)s to %(after)s.") % facts
    if step.kind == Kind.OPEN:
        return _("Open the account %(name)s for new jobs; it is closed.") % {"name": name}
    return _("Close the account %(name)s to new jobs; it is open.") % {"name": name}


def _tell_members(step: Action, before: AccountSpec) -> str:
    had, has = set(before.members), set(step.after.members)
    facts = {"name": step.account, "who": _names(had ^ has), "before": len(had), "after": len(has)}
    if step.kind == Kind.ADD:
        told = _("Let %(who)s charge jobs to %(name)s: %(before)s members become %(after)s.")
    else:
        told = _("No longer let %(who)s charge jobs to %(name)s: %(before)s members become %(after)s.")
    return told % facts


def _names(names: set[str]) -> str:
    told = ", ".join(sorted(names)[:MOST_NAMES])
    more = len(names) - MOST_NAMES
    return told if more <= 0 else told + ngettext(" and %(more)s more", " and %(more)s more", more) % {"more": more}


def _limit(gpu_seconds: int | None) -> str:
    if gpu_seconds is None:
        return _("no limit")
    return _("%(hours)s GPU-hours") % {"hours": told_hours(gpu_seconds)}
