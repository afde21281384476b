"""Awards proposed for a call under what its pools and caps have free, as an officer adjusts and confirms them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from fabrica.allocations.engine import beyond
from fabrica.allocations.queries import caps_on, named_pool, pool_of
from fabrica.applications.models import Application
from fabrica.applications.states import State
from fabrica.calls.models import Call
from fabrica.calls.queries import call_by_slug, listed
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.people import rules as people_rules
from fabrica.people.models import Person
from fabrica.people.states import Role
from fabrica.portal import proposing
from fabrica.portal.proposing import CAP, MOST_SYSTEMS, POOL, Found, Gets, Place, Room
from fabrica.portal.queries.desk import assessments
from fabrica.portal.saying_why import Names, held_words, not_mine_words, tie_words, too_much_words, why_out
from fabrica.reviews.models import TechnicalAssessment
from fabrica.reviews.queries import Candidate, barred_of, had_part_in, ranked_of
from fabrica.trust.queries.conditions import Step, held_up

MOST_CALLS = 20


@dataclass(frozen=True)
class Limit:
    """A pool (or the hours of an undivided machine) or a cap, in words: what is free, and what stays so."""

    name: str
    free: int
    left: int
    is_cap: bool

    @property
    def proposed(self) -> int:
        return self.free - self.left


@dataclass(frozen=True)
class System:
    """A call's machine with its limits; `problem` says why nothing can be awarded there."""

    call: Call
    limits: Sequence[Limit]
    problem: str


@dataclass(frozen=True)
class Row:
    """An application in its place. `why` tells why it gets nothing; `held` why its award is not confirmed from here.

    `is_hidden`: the person has an interest in it, and is told its place and code only.
    """

    place: int
    candidate: Candidate
    gpu_seconds: int
    gets: Gets | None
    call: Call | None
    why: str
    held: str
    is_mine: bool
    is_hidden: bool

    @property
    def code(self) -> str:
        return self.candidate.code

    @property
    def can_confirm(self) -> bool:
        """Whether the officer may confirm it as it is proposed."""
        return self.gets is not None and not self.held

    @property
    def is_other(self) -> bool:
        """Whether the hours are others than those recommended, or the system another than applied for."""
        return self.gets is not None and (
            self.gets.gpu_seconds != self.gpu_seconds or self.call != self.candidate.application.call
        )


@dataclass(frozen=True)
class Proposed:
    """The whole proposal. `others` are the calls of the same mode whose machines may be used as well."""

    call: Call
    rows: Sequence[Row]
    systems: Sequence[System]
    others: Sequence[Call]
    ties: Sequence[str]
    undecided: int
    problem: str

    @property
    def tells_sums(self) -> bool:
        """Whether sums are told: less what is shown they would tell what somebody gets whom the reader is close to."""
        return not any(one.is_hidden for one in self.rows)

    @property
    def to_confirm(self) -> list[Row]:
        return [one for one in self.rows if one.can_confirm]

    @property
    def shown(self) -> list[Row]:
        return [one for one in self.rows if not one.is_hidden]

    @property
    def proposed(self) -> list[Row]:
        return [one for one in self.shown if one.gets]

    @property
    def seconds(self) -> int:
        return sum(one.gets.gpu_seconds for one in self.rows if one.gets)

    @property
    def without(self) -> list[Row]:
        return [one for one in self.shown if not one.gets]


@dataclass(frozen=True)
class Known:
    """What is known of the ranked applications of a call, for one officer."""

    call: Call
    ranked: Sequence[Candidate]
    others: Sequence[Call]
    hidden: set[str]
    foreign: set[str]
    waiting: set[str]
    assessed: Mapping[int, TechnicalAssessment]
    places: Sequence[Place] = field(default=())

    def may_fix(self, one: Candidate) -> bool:
        """Whether the officer may fix its hours."""
        return one.code not in self.hidden | self.foreign


def must_propose(person: Person) -> None:
    """Raises NotAllowed for others than officers."""
    if not people_rules.has_role(person, Role.OFFICER):
        raise NotAllowed(_("Only officers see which awards are proposed."))


def ranked_calls(person: Person) -> list[Call]:
    """The calls with applications that are ranked and not decided, for officers; none for others."""
    if not people_rules.has_role(person, Role.OFFICER):
        return []
    ranked = Application.objects.filter(state=State.RANKED).values("call")
    return list(Call.objects.filter(pk__in=ranked).order_by("-pk")[:MOST_CALLS])


def known_of(person: Person, slug: str, now: datetime) -> Known:
    """Everything but the answer, in a number of statements that does not depend on the applications.

    Raises NotAllowed for others than officers, NotFound.
    """
    must_propose(person)
    call = call_by_slug(slug)
    ranked = ranked_of(call)
    applications = [one.application for one in ranked]
    hidden = barred_of([person], ranked)[person.pk]
    waiting = held_up([one.subject for one in applications], Step.AWARD)
    return Known(
        call=call, ranked=ranked, others=_others(call, now), hidden=hidden, foreign=had_part_in(person, ranked),
        waiting={one.code for one in applications if one.subject in waiting},
        assessed=assessments(person, applications), places=[_place(one) for one in ranked],
    )  # fmt: skip


def proposed_of(
    known: Known, now: datetime, *, systems: Sequence[str] = (), fixed: Mapping[str, int] | None = None
) -> Proposed:
    """What the engine proposes. `systems`: slugs of other calls whose machines may be used; `fixed`: hours by code."""
    calls = [known.call, *(one for one in known.others if one.slug in systems)][:MOST_SYSTEMS]
    looked = [_look(one, now) for one in calls]
    rooms = [room for room, _names, _problem in looked]
    problem = ""
    try:
        found = proposing.find(known.places, rooms, fixed or {})
    except Refused:
        found, problem = proposing.nothing(rooms), too_much_words()
    names = Names({one.machine.slug: str(one.machine) for one in calls}, {}, known.hidden)
    for _room, caps, _problem in looked:
        names.caps.update(caps)
    rows = [_row(known, at, found, calls, names) for at in range(len(known.ranked))]
    return Proposed(
        known.call, rows, [_system(call, *told, found) for call, told in zip(calls, looked, strict=True)], known.others,
        [tie_words(one) for one in found.ties if not known.hidden.intersection((*one.inside, *one.outside))],
        found.undecided, problem,
    )  # fmt: skip


def _others(call: Call, now: datetime) -> list[Call]:
    """The newest open call of the same mode on each other machine."""
    found: dict[int, Call] = {}
    for one in listed():
        if one.mode_row["key"] == call.mode_row["key"] and one.machine_id != call.machine_id and one.stands(now):
            found.setdefault(one.machine_id, one)
    return [*found.values()][:MOST_CALLS]


def _place(one: Candidate) -> Place:
    """What it may get is what the assessor recommends, and never more than was asked for: no award is."""
    application = one.application
    seconds = min(one.gpu_seconds, application.gpu_seconds_requested or 0)
    return Place(one.code, seconds, application.months or 1, one.merged.points, bool(one.merged.below))


def _look(call: Call, now: datetime) -> tuple[Room, dict[str, str], str]:
    """What a call's machine has free now, the words for its caps, and why it has nothing where a pool is missing."""
    machine = call.machine.slug
    try:
        pool = named_pool(call, now)
    except Refused as problem:
        return Room(machine, 0, {}), {}, str(problem)
    if pool is None:
        return Room(machine, pool_of(call.machine), {}), {}, ""
    caps = {f"{machine}:{one.pk}": one for one in caps_on(pool, call.mode_row["key"])}
    room = Room(machine, pool.account.balance_gpu_seconds, {name: one.left for name, one in caps.items()})
    return room, {machine: str(pool), **{name: str(one) for name, one in caps.items()}}, ""


def _system(call: Call, room: Room, names: Mapping[str, str], problem: str, found: Found) -> System:
    pool = Limit(names.get(room.machine, ""), room.free, found.left[POOL, room.machine], is_cap=False)
    caps = [Limit(names[name], free, found.left[CAP, name], is_cap=True) for name, free in room.caps.items()]
    return System(call, [pool, *caps], problem)


def _row(known: Known, at: int, found: Found, calls: Sequence[Call], names: Names) -> Row:
    one, place = known.ranked[at], known.places[at]
    gets = found.gets.get(one.code)
    call = next((each for each in calls if gets and each.machine.slug == gets.machine), None)
    is_hidden, is_mine = one.code in known.hidden, known.may_fix(one)
    held = "" if is_mine else not_mine_words(is_in=gets is not None and not is_hidden)
    if gets and call and not held:
        is_beyond = bool(beyond(call.mode, gets.gpu_seconds, place.months))
        held = held_words(waits=one.code in known.waiting, is_beyond=is_beyond)
    why = "" if gets or is_hidden else why_out(one.code, place, found, names)
    return Row(at + 1, one, place.gpu_seconds, gets, call, why, held, is_mine, is_hidden)
