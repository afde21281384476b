"""Who belongs together by ownership, as organisations declared it of themselves: facts for conflicts of interest."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Q, Subquery

from fabrica.people.engine.numbers import vat_within
from fabrica.people.models import Organisation, SmeDeclaration, SmeRelative
from fabrica.people.states import Relation

Way = tuple[tuple[str, Relation], ...]
MOST_STEPS = 10
MOST_ROWS = 2_000


@dataclass(frozen=True)
class Tie:
    """How an organisation belongs to another: the names on the way with the relation of each step, and who said so."""

    way: Way
    declared_by: str
    declared_at: datetime

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


def ties_of(organisation: Organisation) -> Ties:
    """All that partner and linked enterprises lead to, over any number of steps and in both directions.

    Only what each declared last counts, also when it is no longer valid: an interest does not end with a paper. Each
    end is reached once, so that rings end. An investor that is no partner is tied to whom it invested in, and these are
    not tied to each other by it.
    """
    found: dict[str, Tie] = {}
    start = _end(organisation)
    ways: dict[str, Way] = dict.fromkeys(start.marks, ())
    frontier = set(ways)
    for _step in range(MOST_STEPS):
        fresh: set[str] = set()
        for row in _rows(frontier):
            for here, there in _ends(row):
                if known := sorted(here.marks & frontier):
                    reached = _reach(row, there, ways[known[0]], ways, found)
                    fresh |= reached if row.relation != Relation.EXEMPT else set()
        if not fresh:
            break
        frontier = fresh
    return _ties(found, organisation)


def _reach(row: SmeRelative, there: _End, way: Way, ways: dict[str, Way], found: dict[str, Tie]) -> set[str]:
    """The marks by which this end was not known before; one that was known by another mark keeps its way."""
    fresh = there.marks - set(ways)
    known = sorted(there.marks & set(ways))
    longer = ways[known[0]] if known else (*way, (there.name, Relation(row.relation)))
    tie = found.get(known[0]) if known else Tie(longer, row.declaration.organisation.name, row.declaration.signed_at)
    ways.update(dict.fromkeys(fresh, longer))
    if tie is not None:
        found.update(dict.fromkeys(fresh, tie))
    return set(fresh)


def _rows(marks: Iterable[str]) -> Iterable[SmeRelative]:
    names = {one[1:] for one in marks if one.startswith("n")}
    numbers = {one.partition(":")[2] for one in marks if one.startswith("#")}
    own = "declaration__organisation__"
    by_name = Q(name_key__in=names) | Q(**{f"{own}name_key__in": names})
    by_number = (
        Q(number_key__in=numbers) | Q(**{f"{own}number_key__in": numbers}) | Q(**{f"{own}vat_number__in": numbers})
    )
    last = SmeDeclaration.objects.filter(organisation=OuterRef("declaration__organisation")).order_by("-number")
    rows = SmeRelative.objects.filter(by_name | by_number, declaration=Subquery(last.values("pk")[:1]))
    return rows.select_related("declaration__organisation").order_by("pk")[:MOST_ROWS]


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


def _ties(found: dict[str, Tie], organisation: Organisation) -> Ties:
    names = {mark[1:]: tie for mark, tie in found.items() if mark.startswith("n")}
    numbers = {mark.partition(":")[2] for mark in found if mark.startswith("#")}
    rows = Organisation.objects.filter(Q(name_key__in=names) | Q(number_key__in=numbers) | Q(vat_number__in=numbers))
    organisations = {}
    for one in rows.exclude(pk=organisation.pk).order_by("pk")[:MOST_ROWS] if found else ():
        if marks := sorted(_end(one).marks & set(found)):
            organisations[one.pk] = found[marks[0]]
    return Ties(organisations, names)
