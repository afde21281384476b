"""The assignment: as many reviews as possible, from two organisations each, then well matched and evenly spread.

It is a flow from applications through their experts' organisations to each expert's limit, so the solver has whole
answers at once; each aim is reached in full before the next is asked for.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from fabrica.kit.errors import Refused
from fabrica.kit.solver import Answer, Programme, State, solve
from fabrica.reviews.engine.given import Given
from fabrica.reviews.engine.pairing import CONFLICTS, Pairing, Pairings

EVEN = 20  # points that the second review of one expert costs; the third costs twice as many, and so on


@dataclass(frozen=True)
class Unfilled:
    """An application that lacks `missing` reviews because of what `binds`; experts by reason; who would help."""

    application: str
    missing: int
    binds: str
    against: dict[str, int]
    helpers: tuple[str, ...]


@dataclass(frozen=True)
class Assignment:
    """The whole answer; `calls` says how often the solver ran."""

    pairs: tuple[Pairing, ...]
    kept: frozenset[tuple[str, str]]
    unfilled: tuple[Unfilled, ...]
    one_organisation: tuple[str, ...]
    load: dict[str, int]
    calls: int


@dataclass
class Flow:
    """The programme: a column for each pair, for each review missing or from one organisation only, and for load."""

    programme: Programme
    pairs: dict[tuple[str, str], int] = field(default_factory=dict)
    missing: list[int] = field(default_factory=list)
    alone: list[int] = field(default_factory=list)
    load: dict[int, int] = field(default_factory=dict)


def assign(given: Given) -> Assignment:
    """Who reviews what. Raises Refused where what is assigned already cannot stay."""
    pairings = Pairings(given)
    all_pairs = {(one.id, other.id): pairings.pair(one, other) for one in given.experts for other in given.applications}
    _check_kept(given, all_pairs)
    open_pairs = {key: one for key, one in all_pairs.items() if not one.against or key in given.kept}
    flow = _flow(given, open_pairs)
    values, calls = _reach(flow, open_pairs)
    chosen = sorted((key for key, column in flow.pairs.items() if values[column]), key=lambda key: (key[1], key[0]))
    load = Counter(expert for expert, _ in chosen)
    pairs = tuple(open_pairs[key] for key in chosen)
    unfilled = tuple(_unfilled(given, all_pairs, chosen))
    return Assignment(
        pairs, given.kept, unfilled, _one_organisation(pairs), {one.id: load[one.id] for one in given.experts}, calls
    )


def _check_kept(given: Given, pairs: dict[tuple[str, str], Pairing]) -> None:
    for key in sorted(given.kept):
        conflict = [one for one in pairs[key].against if one in CONFLICTS]
        if conflict and key not in given.excused:
            raise _cannot_stay(f"{key[0]} reviews {key[1]}", f"There is a conflict of interest: {', '.join(conflict)}.")
    load, reviews = Counter(expert for expert, _ in given.kept), Counter(name for _, name in given.kept)
    for person in given.experts:
        if load[person.id] > person.limit:
            raise _cannot_stay(f"{person.id} has {load[person.id]} reviews", f"The limit is {person.limit}.")
    for one in given.applications:
        if reviews[one.id] > one.reviews:
            raise _cannot_stay(f"{one.id} has {reviews[one.id]} reviews", f"It needs {one.reviews}.")


def _cannot_stay(what: str, why: str) -> Refused:
    return Refused(f"What is assigned already cannot stay: {what}.", why=why, todo="Take it out of `assigned`.")


def _flow(given: Given, pairs: dict[tuple[str, str], Pairing]) -> Flow:
    made = Programme()
    flow = Flow(made, {key: made.column() for key in pairs})
    by_application, by_expert = defaultdict(list), defaultdict(list)
    for expert, application in pairs:
        by_application[application].append((expert, application))
        by_expert[expert].append((expert, application))
    for one in given.applications:
        keys = by_application[one.id]
        flow.missing.append(made.column(one.reviews))
        made.row([(flow.missing[-1], 1), *((flow.pairs[key], 1) for key in keys)], low=one.reviews, high=one.reviews)
        _two_organisations(flow, [pairs[key] for key in keys], one.reviews)
    for person in given.experts:
        _load(flow, person.limit, [flow.pairs[key] for key in by_expert[person.id]])
    for key in given.kept:
        made.row([(flow.pairs[key], 1)], low=1)
    return flow


def _two_organisations(flow: Flow, pairs: list[Pairing], reviews: int) -> None:
    """All reviews but one may come from one organisation; the last is counted as alone."""
    by_organisation = defaultdict(list)
    for one in pairs:
        by_organisation[one.expert.organisation].append(flow.pairs[one.expert.id, one.application.id])
    for columns in by_organisation.values():
        if 1 < reviews <= len(columns):
            flow.alone.append(flow.programme.column())
            terms = [*((column, 1) for column in columns), (flow.alone[-1], -1)]
            flow.programme.row(terms, high=reviews - 1)


def _load(flow: Flow, limit: int, columns: list[int]) -> None:
    """A step for each review, each dearer than the one before; past what is open to the expert there is none."""
    steps = [flow.programme.column() for _ in range(min(limit, len(columns)))]
    flow.load.update({column: at for at, column in enumerate(steps)})
    if columns:
        flow.programme.row([*((one, 1) for one in columns), *((one, -1) for one in steps)], high=0, low=0)


def _reach(flow: Flow, pairs: dict[tuple[str, str], Pairing]) -> tuple[tuple[int, ...], int]:
    """One aim after the other, each kept as a row."""
    calls = 0
    for columns in (flow.missing, flow.alone):
        if columns:
            answer = _best(flow, dict.fromkeys(columns, -1))
            calls += answer.calls
            fewest = sum(answer.values[one] for one in columns)
            flow.programme.row([(one, 1) for one in columns], high=fewest)
    gain = {column: pairs[key].points for key, column in flow.pairs.items()}
    answer = _best(flow, gain | {column: -EVEN * at for column, at in flow.load.items()})
    return answer.values, calls + answer.calls


def _best(flow: Flow, gain: dict[int, int]) -> Answer:
    answer = solve(flow.programme, gain)
    if answer.state is not State.BEST:
        raise Refused("No assignment was found.", why="The solver ended at its bound.", todo="Assign in smaller parts.")
    return answer


def _one_organisation(pairs: tuple[Pairing, ...]) -> tuple[str, ...]:
    """Applications whose two or more experts are all of one organisation."""
    found = defaultdict(list)
    for one in pairs:
        found[one.application.id].append(one.expert.organisation)
    return tuple(name for name, of in sorted(found.items()) if len(of) > 1 and len(set(of)) == 1)


def _unfilled(given: Given, pairs: dict[tuple[str, str], Pairing], chosen: list[tuple[str, str]]) -> list[Unfilled]:
    taken, found = set(chosen), []
    for one in given.applications:
        has = sum((expert.id, one.id) in taken for expert in given.experts)
        if has < one.reviews:
            rest = [pairs[expert.id, one.id] for expert in given.experts if (expert.id, one.id) not in taken]
            found.append(_lacking(one.id, one.reviews - has, rest))
    return found


def _lacking(name: str, missing: int, rest: list[Pairing]) -> Unfilled:
    """The first thing that stops each of the others; who is able and free could take one review more."""
    against = Counter(_first(one) for one in rest)
    helpers = tuple(one.expert.id for one in rest if not one.against)
    if helpers:
        binds = "limit"
    elif against["conflict"] or against["blocked"]:
        binds = "conflict" if against["conflict"] >= against["blocked"] else "blocked"
    else:
        binds = "language" if against["language"] else "field"
    return Unfilled(name, missing, binds, dict(sorted(against.items())), helpers)


def _first(one: Pairing) -> str:
    for name in ("field", "language", "blocked"):
        if name in one.against:
            return name
    return "conflict" if one.against else "limit"
