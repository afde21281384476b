"""The clocks of an application, derived from its moves: which step runs, since when, what was paused, due when. Pure.

A step is one state in which the application waits for the factory. While it is sent back the clocks stand still, and a
screening that is taken up again goes on where it stopped. No step may last longer than the mode's promise as a whole.
An award that is offered is the applicant's own step: its clock runs, and the factory's promise stands still meanwhile.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cache
from math import ceil
from typing import Any

from fabrica.applications.states import HOLDERS, WITH_THE_FACTORY, Standing, State
from fabrica.kit.calendar import MAX_DAYS, MICROSECOND, Calendar, Pause, deadline, due, moment, used
from fabrica.kit.facts import Data, Source, source_of

CLOCKS = Data("fabrica.applications", "clocks.json", "FABRICA_CLOCKS", "docs/operator/clocks.md")
WHOLE, DIGEST_LETTERS = 100, 16
ON_THEIR_OWN = (State.APPEALED, State.OFFERED)  # steps that last on their own, whatever was promised


@dataclass(frozen=True)
class Lengths:
    """How long each step may last, and after how much of that a warning is given."""

    warn_percent: int
    reply_days: int
    appeal_days: int
    steps: Mapping[str, Mapping[str, int]]
    modes: Mapping[str, Mapping[str, Mapping[str, int]]]
    source: Source

    @property
    def digest(self) -> str:
        """Short, and another one as soon as a clock counted by these may differ."""
        told = json.dumps([self.warn_percent, self.steps, self.modes], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()[:DIGEST_LETTERS]

    def days(self, mode: str, state: State, promised: int) -> int:
        """The working days of a step: its own, or its share of the promise rounded up."""
        told = self.modes.get(mode, {}).get(state.value) or self.steps[state.value]
        own = told.get("working_days")
        return ceil(Fraction(promised * told["share_percent"], WHOLE)) if own is None else own


def lengths_from(loaded: Mapping[str, Any]) -> Lengths:
    """The lengths in a data file. Raises ValueError where a step is missing or a figure makes no sense."""
    reply, appeal = loaded["reply_working_days"], loaded["appeal_within_working_days"]
    made = Lengths(loaded["warn_percent"], reply, appeal, loaded["steps"], loaded["modes"], source_of(dict(loaded)))
    if missing := {one.value for one in WITH_THE_FACTORY} - set(made.steps):
        raise ValueError(f"steps without a clock: {', '.join(sorted(missing))}")
    if not _is_whole(made.warn_percent, WHOLE - 1):
        raise ValueError("a warning comes after more than 0 and less than 100 %")
    if not (_is_whole(reply, MAX_DAYS) and _is_whole(appeal, MAX_DAYS)):
        raise ValueError(f"an answer and an appeal have 1 to {MAX_DAYS} working days: {reply}, {appeal}")
    for steps in (made.steps, *made.modes.values()):
        for name, told in steps.items():
            _check(name, told)
    return made


def _check(name: str, told: Mapping[str, int]) -> None:
    known = {one.value for one in WITH_THE_FACTORY}
    share, own = told.get("share_percent"), told.get("working_days")
    if name not in known or (share is None) == (own is None):
        raise ValueError(f"a step has either a share or days of its own: {name} {dict(told)}")
    if share is not None and not _is_whole(share, WHOLE):
        raise ValueError(f"a share lies above 0 and at most at 100 %: {name} {share}")
    if own is not None and not _is_whole(own, MAX_DAYS):
        raise ValueError(f"a step lasts 1 to {MAX_DAYS} working days: {name} {own}")


def _is_whole(value: Any, most: int) -> bool:
    """Whether it is a whole number from 1 to `most`."""
    return type(value) is int and 0 < value <= most


@cache
def lengths(path: str = "") -> Lengths:
    """The lengths in a site's own file, or in ours, validated and read once. Raises Refused."""
    return CLOCKS.read(path, lengths_from)


@dataclass(frozen=True)
class Move:
    """One move of an application; `key` tells moves apart and grows."""

    key: int
    after: State
    at: datetime


@dataclass(frozen=True)
class Step:
    """The step that runs, or that stands still while the applicant mends something (`paused_at`).

    `due_at` is the last instant at which it is in time, `warn_at` when most of its time is used. While it stands still
    both are as they would be had the applicant answered at once.
    """

    key: int
    state: State
    begins_at: datetime
    days: int
    warn_at: datetime
    due_at: datetime
    due_on: date
    paused_at: datetime | None

    @property
    def holder(self) -> str:
        """Whose turn it is: `applicant`, or a role of the factory."""
        is_theirs = self.paused_at is not None or self.state is State.OFFERED
        return "applicant" if is_theirs else HOLDERS[self.state].value

    def as_dict(self, now: datetime) -> dict[str, Any]:
        """The step as the API tells it."""
        return {
            "state": self.state, "holder": self.holder, "standing": self.standing(now), "begins_at": self.begins_at,
            "working_days": self.days, "warn_at": self.warn_at, "due_at": self.due_at, "paused_at": self.paused_at,
        }  # fmt: skip

    def rings_after(self, now: datetime) -> datetime | None:
        """When it is next to be told of, once it was told how it stands now; None for never."""
        rings = {Standing.RUNNING: self.warn_at, Standing.SOON: self.due_at + MICROSECOND}
        return rings.get(self.standing(now))

    def standing(self, now: datetime) -> Standing:
        """How it stands at a moment."""
        if self.paused_at is not None:
            return Standing.PAUSED
        if now > self.due_at:
            return Standing.LATE
        return Standing.SOON if now >= self.warn_at else Standing.RUNNING


@dataclass(frozen=True)
class Clock:
    """The time of an application: since when, promised until when, the step that runs, and what it took in the end.

    `step` is None once it is decided or withdrawn; `taken` is None before that: the working days from the first
    submission until then, begun ones counted, pauses not.
    """

    begins_at: datetime
    promised: int
    due_at: datetime
    due_on: date
    paused: timedelta
    step: Step | None
    taken: int | None

    def as_dict(self, now: datetime, late_days: int) -> dict[str, Any]:
        """The clock as the API tells it."""
        step = None if self.step is None else {**self.step.as_dict(now), "late_working_days": late_days}
        return {
            "begins_at": self.begins_at, "promised_working_days": self.promised, "due_at": self.due_at,
            "paused_seconds": int(self.paused.total_seconds()), "taken_working_days": self.taken, "step": step,
        }  # fmt: skip

    def late_days(self, now: datetime, calendar: Calendar) -> int:
        """Working days by which the running step is late, begun ones counted; 0 while it is in time or stands still."""
        if self.step is None or self.step.standing(now) is not Standing.LATE:
            return 0
        return calendar.between(self.step.due_at, now)


@dataclass(frozen=True)
class _Read:
    """What the moves say: the first submission, the step's beginning, spans that were paused, the end.

    The time from a refusal until its appeal is decided counts for nobody: it is one of the spans.
    """

    begins_at: datetime
    step: Move | None
    pauses: tuple[Pause, ...]
    ended_at: datetime | None


def clock(
    moves: Sequence[Move], calendar: Calendar, *, mode: str, promised: int, by: Lengths, waits: Sequence[Pause] = (),
    answer_days: int | None = None,
) -> Clock | None:  # fmt: skip
    """The clock of an application from its moves, oldest first; None before it was ever submitted.

    `waits` are spans in which it stands still without a move: the applicant was asked something. `answer_days` are
    those in which the applicant answers the award that was offered last.
    """
    read = _read(moves)
    if read is None:
        return None
    read = _with_waits(read, waits)
    promise = deadline(calendar, due(calendar, read.begins_at, promised, read.pauses))
    step = None
    if read.step is not None:
        is_offered = read.step.after is State.OFFERED
        days = answer_days or 1 if is_offered else by.days(mode, read.step.after, promised)
        step = _step(read, read.step, calendar, days, by)
    ended = read.ended_at
    return Clock(
        begins_at=read.begins_at,
        promised=promised,
        due_at=promise,
        due_on=calendar.date_of(promise),
        paused=sum((one.end - one.begin for one in read.pauses if one.end), timedelta()),
        step=None if step is None else _within(step, promise, calendar, read, by),
        taken=None if ended is None else ceil(used(calendar, read.begins_at, ended, read.pauses)),
    )


def _read(moves: Sequence[Move]) -> _Read | None:
    read: _Read | None = None
    for one in moves:
        if read is None:
            read = _Read(one.at, one, (), None) if one.after is State.SUBMITTED else None
        elif one.after is State.RETURNED:
            read = replace(read, pauses=(*read.pauses, Pause(one.at)))
        elif one.after is State.OFFERED:
            was_open = any(pause.end is None for pause in read.pauses)
            read = replace(read, pauses=read.pauses if was_open else (*read.pauses, Pause(one.at)), step=one)
        elif one.after is State.APPEALED:
            since = one.at if read.ended_at is None else read.ended_at
            read = replace(read, pauses=(*read.pauses, Pause(since)), step=one, ended_at=None)
        elif one.after in WITH_THE_FACTORY:
            read = replace(_resumed(read, one.at), step=_goes_on(read, one))
        else:
            read = replace(_resumed(read, one.at), step=None, ended_at=one.at)
    return read


def _resumed(read: _Read, at: datetime) -> _Read:
    """The same with a pause that lasted ended."""
    pauses = tuple(Pause(one.begin, at) if one.end is None else one for one in read.pauses)
    return replace(read, pauses=pauses)


def _with_waits(read: _Read, waits: Sequence[Pause]) -> _Read:
    """The same with more pauses: those that overlap are one, and none outlasts the end."""
    found: list[Pause] = []
    ended = [one if one.end else Pause(one.begin, read.ended_at) for one in waits]
    for one in sorted((*read.pauses, *ended), key=lambda each: each.begin):
        last = found[-1] if found else None
        if last is None or (last.end is not None and last.end < one.begin):
            found.append(one)
        elif last.end is not None:
            found[-1] = Pause(last.begin, max(last.end, one.end) if one.end else None)
    return replace(read, pauses=tuple(found)) if waits else read


def _goes_on(read: _Read, move: Move) -> Move:
    """The step after a move: the same one where a pause ends and it is taken up again."""
    was_paused = any(one.end is None for one in read.pauses)
    return read.step if was_paused and read.step and read.step.after is move.after else move


def until(calendar: Calendar, start: datetime, days: int) -> datetime:
    """The last instant of so many working days after a moment."""
    return deadline(calendar, due(calendar, start, days))


def _step(read: _Read, began: Move, calendar: Calendar, days: int, by: Lengths) -> Step:
    pauses = () if began.after in ON_THEIR_OWN else read.pauses
    paused = next((one.begin for one in pauses if one.end is None), None)
    warn = moment(calendar, began.at, Fraction(days * by.warn_percent, WHOLE), pauses)
    falls = deadline(calendar, due(calendar, began.at, days, pauses))
    return Step(began.key, began.after, began.at, days, warn, falls, calendar.date_of(falls), paused)


def _within(step: Step, promise: datetime, calendar: Calendar, read: _Read, by: Lengths) -> Step:
    """The step, ended by the promise where that comes first; what is left then is what the warning counts by."""
    if step.due_at <= promise or step.state in ON_THEIR_OWN:
        return step
    left = used(calendar, step.begins_at, promise + MICROSECOND, read.pauses)
    warn = moment(calendar, step.begins_at, left * by.warn_percent / WHOLE, read.pauses) if left else step.begins_at
    return replace(step, due_at=promise, due_on=calendar.date_of(promise), warn_at=min(warn, promise))
