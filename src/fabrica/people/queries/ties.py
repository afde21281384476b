"""Who belongs together by ownership, as organisations declared it of themselves: facts for conflicts of interest."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db.models import Case, OuterRef, Q, Subquery, Value, When

from fabrica.people.engine.numbers import vat_within
from fabrica.people.models import Organisation, SmeDeclaration, SmeRelative
from fabrica.people.states import Relation

Way = tuple[tuple[str, Relation], ...]
MOST_STEPS = 10
MOST_ROWS = 2_000


@dataclass(frozen=True)
class Tie:
    """How an organisation belongs to another: the names on the way with the relation of each step, and who said so.

    `told_by` are all whose word the way rests on, but for the organisation that was asked about.
    """

    way: Way
    declared_by: str
    declared_at: datetime
    told_by: frozenset[int] = frozenset()

    @property
    def words(self) -> str:
        """The way in words, to its end."""
        return " → ".join(f"{name} ({relation.label})" for name, relation in self.way)


@dataclass(frozen=True)
class Ties:
    """Every organisation tied to one: those registered here, and all by the key of their name."""

    organisations: Mapping[int, Tie]
    names: Mapping[str, Tie]


@dataclass(frozen=True)
class _End:
    """One end of what was declared: its name, and the marks under which it is known."""

    name: str
    marks: frozenset[str]


@dataclass
class _Walk:
    """What was reached so far, by mark: the way to it, whose word that rests on, and the tie."""

    start: int | None
    frontier: set[str]
    ways: dict[str, Way]
    told: dict[str, frozenset[int]]
    found: dict[str, Tie] = field(default_factory=dict)


@dataclass(frozen=True)
class _Step:
    """One declared row, from the mark by which its one end is known to its other end."""

    row: SmeRelative
    mark: str
    there: _End
    told: frozenset[int]

    @property
    def strangers(self) -> int:
        """How many told it that stand at neither end."""
        declarer = self.row.declaration.organisation
        return len(self.told - {declarer.pk} if self.there == _end(declarer) else self.told)


def ties_of(organisation: Organisation) -> Ties:
    """All that partner and linked enterprises lead to, over any number of steps and in both directions.

    Only what each declared last counts, also when it is no longer valid: an interest does not end with a paper. Each
    end is reached once, so that rings end, at each step by the word of the two ends before that of others. An investor
    that is no partner is tied to whom it invested in, and these are not tied to each other by it.
    """
    return ties_of_each([organisation])[0]


def ties_of_each(organisations: Sequence[Organisation]) -> list[Ties]:
    """The same of each of these, in their order: as many statements as for one, however many there are.

    One that is not kept, with a name alone, stands for an employer that is not registered here.
    """
    walks = [_begun(one) for one in organisations]
    for _step in range(MOST_STEPS):
        frontier = set().union(*(one.frontier for one in walks))
        if not frontier:
            break
        rows = list(_rows(frontier, [one.start for one in walks if one.start]))
        for walk in walks:
            _go_on(walk, rows)
    return _ties(walks)


def marks_of_one(one: Organisation) -> frozenset[str]:
    """All by which it is known; two that share one may be the same."""
    return _end(one).marks | ({f"p{one.pic}"} if one.pic else frozenset())


def _begun(organisation: Organisation) -> _Walk:
    marks = _end(organisation).marks
    return _Walk(organisation.pk, set(marks), dict.fromkeys(marks, ()), dict.fromkeys(marks, frozenset()))


def _go_on(walk: _Walk, rows: Sequence[SmeRelative]) -> None:
    """Take one step from all that the step before reached."""
    fresh: set[str] = set()
    for step in _steps(walk, rows):
        reached = _reach(walk, step)
        fresh |= reached if step.row.relation != Relation.EXEMPT else set()
    walk.frontier = fresh


def _steps(walk: _Walk, rows: Sequence[SmeRelative]) -> list[_Step]:
    made = []
    for row in sorted(rows, key=lambda one: one.declaration.organisation_id != walk.start) if walk.frontier else ():
        said = frozenset({row.declaration.organisation_id} - {walk.start})
        for here, there in _ends(row):
            if known := here.marks & walk.frontier:
                mark = min(known, key=lambda one: (len(walk.told[one]), one))
                made.append(_Step(row, mark, there, walk.told[mark] | said))
    return sorted(made, key=lambda one: one.strangers)


def _reach(walk: _Walk, step: _Step) -> set[str]:
    """The marks by which this end was not known before; one that was known by another mark keeps its way."""
    row, there = step.row, step.there
    fresh = there.marks - set(walk.ways)
    known = sorted(there.marks & set(walk.ways))
    tie: Tie | None
    if known:  # that both marks are one firm is the word of who declared them together
        longer, told = walk.ways[known[0]], walk.told[known[0]] | step.told
        tie = replace(walk.found[known[0]], told_by=told) if known[0] in walk.found else None
    else:
        longer, told = (*walk.ways[step.mark], (there.name, Relation(row.relation))), step.told
        tie = Tie(longer, row.declaration.organisation.name, row.declaration.signed_at, told)
    walk.ways.update(dict.fromkeys(fresh, longer))
    walk.told.update(dict.fromkeys(fresh, told))
    if tie is not None:
        walk.found.update(dict.fromkeys(fresh, tie))
    return set(fresh)


def _rows(marks: Iterable[str], starts: Sequence[int]) -> Iterable[SmeRelative]:
    """What was declared of these; what those asked about declared themselves comes first, so that no flood hides it."""
    names = {one[1:] for one in marks if one.startswith("n")}
    numbers = {one.partition(":")[2] for one in marks if one.startswith("#")}
    own = "declaration__organisation__"
    by_name = Q(name_key__in=names) | Q(**{f"{own}name_key__in": names})
    by_number = (
        Q(number_key__in=numbers) | Q(**{f"{own}number_key__in": numbers}) | Q(**{f"{own}vat_number__in": numbers})
    )
    last = SmeDeclaration.objects.filter(organisation=OuterRef("declaration__organisation")).order_by("-number")
    rows = SmeRelative.objects.filter(by_name | by_number, declaration=Subquery(last.values("pk")[:1]))
    own_first = Case(When(declaration__organisation__in=starts, then=Value(0)), default=Value(1))
    return rows.select_related("declaration__organisation").order_by(own_first, "pk")[:MOST_ROWS]


def _ends(row: SmeRelative) -> tuple[tuple[_End, _End], ...]:
    """What was declared, from both sides."""
    declarer = _end(row.declaration.organisation)
    other = _End(row.name, _marks(row.name_key, row.country, row.number_key))
    return (declarer, other), (other, declarer)


def _end(one: Organisation) -> _End:
    return _End(one.name, _marks(one.name_key, one.country, one.number_key, one.vat_number))


def _marks(name_key: str, country: str, *numbers: str) -> frozenset[str]:
    """A VAT number says its country, another one needs it."""
    told = {f"#{'' if vat_within(one) else country}:{one}" for one in numbers if one}
    return frozenset({*told, *([f"n{name_key}"] if name_key else [])})


def _ties(walks: Sequence[_Walk]) -> list[Ties]:
    reached = {mark for walk in walks for mark in walk.found}
    names = {mark[1:] for mark in reached if mark.startswith("n")}
    numbers = {mark.partition(":")[2] for mark in reached if mark.startswith("#")}
    rows = Organisation.objects.filter(Q(name_key__in=names) | Q(number_key__in=numbers) | Q(vat_number__in=numbers))
    registered = list(rows.order_by("pk")[:MOST_ROWS]) if reached else []
    return [_ties_of(walk, registered) for walk in walks]


def _ties_of(walk: _Walk, registered: Iterable[Organisation]) -> Ties:
    found, organisations = walk.found, {}
    for one in registered:
        if one.pk != walk.start and (marks := _end(one).marks & set(found)):
            organisations[one.pk] = found[min(marks, key=lambda mark: (len(found[mark].told_by - {one.pk}), mark))]
    return Ties(organisations, {mark[1:]: tie for mark, tie in found.items() if mark.startswith("n")})
