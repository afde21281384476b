"""Who has an interest in which organisation: one answer for all who judge, from what anybody told (decision 0051)."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Q

from fabrica.people.models import Member, Organisation
from fabrica.people.queries.ties import Ties, marks_of_one, ties_of_each

MOST_ALIKE = 200
Pairs = Collection[tuple[int, int]]


def _no_links() -> Pairs:
    return ()


@dataclass(frozen=True)
class Told:
    """What a context above knows of some people: employers by the key of their name, interests that they declared.

    `lifted`: what an officer looked into and set aside. `links`: organisations that belong together, as officers noted.
    """

    employers: Mapping[int, Collection[str]] = field(default_factory=dict)
    declared: Mapping[int, Collection[int]] = field(default_factory=dict)
    lifted: Mapping[int, Collection[int]] = field(default_factory=dict)
    links: Callable[[], Pairs] = _no_links


Teller = Callable[[Collection[int]], Told]
_tellers: list[Teller] = []


def hear_of_interests(teller: Teller) -> None:
    """Say who knows what is noted above of people's interests; called by `config.wiring` alone."""
    _tellers[:] = [teller]


@dataclass(frozen=True)
class Interest:
    """The keys of the organisations a person has an interest in; `sure` are those that no officer sets aside."""

    all: frozenset[int]
    sure: frozenset[int]


def interests_of(people: Iterable[int]) -> dict[int, Interest]:
    """By the keys of people, what they have an interest in: as many statements for one as for all of them.

    They work for it, by membership or by the employer they named; it is tied to that by declared ownership, or noted
    as belonging to it, over any number of steps; it may be the same as one of these; or they said so themselves.
    """
    keys = list(people)
    told = _tellers[0](keys) if _tellers else Told()
    works: dict[int, set[int]] = {key: set() for key in keys}
    for person, organisation in Member.objects.filter(person__in=keys).values_list("person", "organisation"):
        works[person].add(organisation)
    names = {name for those in told.employers.values() for name in those}
    graph = _Graph({one for those in works.values() for one in those}, names, told)
    return {key: _interest(key, works[key], graph, told) for key in keys}


def _interest(key: int, works: set[int], graph: "_Graph", told: Told) -> Interest:
    sure, found = graph.around(works, told.employers.get(key, ()))
    lifted = set(told.lifted.get(key, ()))
    return Interest(frozenset(sure | ((found | set(told.declared.get(key, ()))) - lifted)), frozenset(sure))


class _Graph:
    """All that the employers of some people belong to: read once, whoever asks."""

    def __init__(self, works: set[int], names: set[str], told: Told) -> None:
        self.rows: dict[int, Organisation] = {}
        self.by_mark: dict[str, set[int]] = {}
        self.unknown: dict[str, Ties] = {}
        self.ties: dict[int, Ties] = {}
        self.links: Pairs = ()
        if works or names:
            self._read(works, names, told)

    def _read(self, works: set[int], names: set[str], told: Told) -> None:
        self.links = told.links()
        self._keep(Organisation.objects.filter(Q(pk__in=works) | Q(name_key__in=names)))
        self._keep(_alike(self.rows.values()))
        if more := noted(self.rows, self.links) - set(self.rows):
            self._keep(Organisation.objects.filter(pk__in=more))
        registered = list(self.rows.values())
        missing = sorted(name for name in names if f"n{name}" not in self.by_mark)
        found = ties_of_each([*registered, *(Organisation(name=one, name_key=one) for one in missing)])
        self.ties = {one.pk: ties for one, ties in zip(registered, found, strict=False)}
        self.unknown = dict(zip(missing, found[len(registered) :], strict=True))

    def _keep(self, rows: Iterable[Organisation]) -> None:
        for one in rows:
            self.rows[one.pk] = one
            for mark in marks_of_one(one):
                self.by_mark.setdefault(mark, set()).add(one.pk)

    def around(self, works: set[int], names: Collection[str]) -> tuple[set[int], set[int]]:
        """What these belong to without a doubt, and all that they may belong to.

        What rests on the word of a third party alone, or on two that look alike, is in doubt: anybody may write that.
        """
        own = works.union(*(self.by_mark.get(f"n{name}", set()) for name in names))
        firm = noted(own, self.links)
        sure = firm.union(*(_told_by_one_of_them(self.ties[key]) for key in firm if key in self.ties))
        same = own.union(
            *(self.by_mark[mark] for key in own if key in self.rows for mark in marks_of_one(self.rows[key]))
        )
        near = noted(same, self.links)
        ties = [self.ties[key] for key in near if key in self.ties]
        ties += [self.unknown[name] for name in names if name in self.unknown]
        sure = sure.union(*(_told_by_one_of_them(self.unknown[name]) for name in names if name in self.unknown))
        return noted(sure, self.links), noted(near.union(*(one.organisations for one in ties)), self.links)


def _told_by_one_of_them(ties: Ties) -> set[int]:
    """Those that are tied by their own word, or by that of whom they are tied to."""
    return {key for key, tie in ties.organisations.items() if tie.told_by <= {key}}


def _alike(rows: Iterable[Organisation]) -> Iterable[Organisation]:
    """Others that may be the same as one of these."""
    values: dict[str, set[str]] = {"name_key": set(), "number_key": set(), "vat_number": set(), "pic": set()}
    for one in rows:
        for name, known in values.items():
            known.update({getattr(one, name)} - {""})
    numbers = values["number_key"] | values["vat_number"]
    found = Q(name_key__in=values["name_key"]) | Q(pic__in=values["pic"])
    found |= Q(number_key__in=numbers) | Q(vat_number__in=numbers)
    return list(Organisation.objects.filter(found).order_by("pk")[:MOST_ALIKE])


def noted(of: Iterable[int], links: Pairs) -> set[int]:
    """These, and what officers noted as belonging to them, over any number of steps."""
    found = set(of)
    while more := {b for pair in links for a, b in (pair, pair[::-1]) if a in found} - found:
        found |= more
    return found
