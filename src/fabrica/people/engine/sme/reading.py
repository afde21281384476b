"""Reading an ownership graph from JSON: bounded, exact, and refused in words where something does not fit."""

from decimal import Decimal
from graphlib import CycleError, TopologicalSorter
from typing import NoReturn

from fabrica.kit.errors import Refused
from fabrica.kit.reading import Fields, document
from fabrica.people.engine.sme.exact import WHOLE, ZERO, plus, text
from fabrica.people.engine.sme.graph import NEVER_HELD, Control, Enterprise, Kind, Link, Ownership
from fabrica.people.engine.sme.nodes import PERCENT_PLACES, enterprise
from fabrica.people.engine.sme.rules import CATEGORIES

FORMAT = "fabrica-sme/1"
FORMAT_HELP = "The format stands in docs/applicant/sme.md."
MAX_BYTES = 2_000_000
MAX_ENTERPRISES, MAX_LINKS, MAX_GROUPS, MAX_TOGETHER, MAX_PAIRS = 1_000, 5_000, 200, 50, 1_000
MAX_EUROS = 10**13
BEFORE = (*CATEGORIES, "none")


def read(raw: bytes | str) -> Ownership:
    """The graph of a file's content. Raises Refused."""
    return _ownership(document(raw, most=MAX_BYTES, todo=FORMAT_HELP))


def _ownership(row: Fields) -> Ownership:
    """The graph of a document. Raises Refused."""
    if row.take("format") != FORMAT:
        row.refuse("format", f"It must be {FORMAT!r}.")
    nodes = [enterprise(one) for one in row.objects("enterprises", most=MAX_ENTERPRISES)]
    by_id = {one.id: one for one in nodes}
    if len(by_id) != len(nodes):
        row.refuse("enterprises", "Two have the same id.")
    links = tuple(_link(one, by_id) for one in row.objects("links", most=MAX_LINKS))
    day = row.day("as_of") or row.refuse("as_of", "The day of which the answer speaks is missing.")
    found = Ownership(
        row.name("applicant"),
        day,
        by_id,
        links,
        tuple(_together(one, by_id) for one in _lists(row, "jointly", MAX_GROUPS)),
        frozenset(_pair(one) for one in _lists(row, "adjacent_markets", MAX_PAIRS)),
        _before(row),
        row.said("owner_changed") or False,
    )
    row.end()
    _check(found)
    return found


def _before(row: Fields) -> str:
    value = row.take("category_before")
    if value and value not in BEFORE:
        row.refuse("category_before", f"It must be one of {', '.join(BEFORE)}.")
    return str(value or "")


def _link(row: Fields, nodes: dict[str, Enterprise]) -> Link:
    holder, held = row.name("holder"), row.name("held")
    for key, name in (("holder", holder), ("held", held)):
        if name not in nodes:
            row.refuse(key, f"There is no enterprise {name!r}.", "Add it to `enterprises`.")
    if holder == held:
        row.refuse("", "Own shares are left out.")
    if nodes[held].kind in NEVER_HELD:
        row.refuse("held", f"Nobody holds shares in a {nodes[held].kind.value}.")
    capital, votes = _share(row, "capital"), _share(row, "votes")
    control = frozenset(_control(one) for one in row.values("control", most=len(Control)))
    found = Link(
        holder,
        held,
        capital,
        votes,
        control,
        row.said("in_management"),
        row.decimal("invested", places=2, most=MAX_EUROS),
    )
    row.end()
    if nodes[holder].kind is Kind.BUSINESS_ANGEL:
        _check_angel(row, found, nodes[held])
    return found


def _share(row: Fields, key: str) -> Decimal:
    found = row.decimal(key, places=PERCENT_PLACES, most=100)
    return row.refuse(key, "State capital and votes, both in per cent.") if found is None else found


def _check_angel(row: Fields, link: Link, held: Enterprise) -> None:
    """The exception for business angels hangs on two facts: they are asked for, not guessed."""
    if link.invested is None:
        row.refuse("invested", "State how many euros a business angel has invested (Article 3(2)(a)).")
    if held.is_listed is None:
        row.refuse("held", f"State `listed` of {held.id}: a business angel holds of it (Article 3(2)(a)).")


def _control(row: Fields) -> Control:
    value = row.take("value")
    if value not in list(Control):
        raise Refused(f"{row.where} cannot be used.", why=f"It must be one of {', '.join(Control)}.", todo=row.todo)
    return Control(value)


def _lists(row: Fields, key: str, most: int) -> list[Fields]:
    """Lists within a list, each as the nameless field of its place."""
    return [Fields({"": one}, where, row.todo) for one, where in row.rows(key, most=most)]


def _together(row: Fields, nodes: dict[str, Enterprise]) -> frozenset[str]:
    names = row.names("", least=2, most=MAX_TOGETHER)
    if any(one not in nodes or nodes[one].kind is not Kind.PERSON for one in names):
        row.refuse("", "Each must be the id of a person in `enterprises`.")
    return frozenset(names)


def _pair(row: Fields) -> frozenset[str]:
    return frozenset(row.names("", least=2, most=2))


def _check(found: Ownership) -> None:
    """What only the whole shows."""
    _check_applicant(found)
    pairs = {(one.holder, one.held) for one in found.links}
    if len(pairs) != len(found.links):
        _refuse("links", "The same holder and held stand twice.", "Add their shares into one link.")
    for held, links in found.holders.items():
        for which in ("capital", "votes"):
            total = ZERO
            for one in links:
                total = plus(total, getattr(one, which))
            if total > WHOLE:
                _refuse("links", f"{text(total)} % of the {which} of {held} are held.", "100 % are the most.")
    _check_consolidation(found)


def _check_applicant(found: Ownership) -> None:
    own = found.enterprises.get(found.applicant)
    if own is None or own.kind in NEVER_HELD:
        _refuse("applicant", "It must be the id of an enterprise in `enterprises`.")
    years = sorted(one.year for one in own.years)
    if not years or years[-1] - years[0] != len(years) - 1:
        _refuse(f"{own.id}.years", "The applicant needs one year, or two that follow each other.")
    if any(one.year > found.as_of.year for one in own.years):
        _refuse(f"{own.id}.years", f"No accounts close after {found.as_of.isoformat()}, the day of `as_of`.")
    born = own.founded_on is not None and own.founded_on.year >= years[0]
    if found.category_before in CATEGORIES and (born or any(one.is_estimated for one in own.years)):
        _refuse("category_before", "An enterprise has no category before its first accounts.", "Leave it out.")


def _check_consolidation(found: Ownership) -> None:
    graph = {name: [one.id for one in node.consolidates] for name, node in found.enterprises.items()}
    unknown = sorted({one for inside in graph.values() for one in inside} - set(graph))
    if unknown:
        _refuse("consolidates", f"There is no enterprise {unknown[0]!r}.", "Add it to `enterprises`.")
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        _refuse("consolidates", f"Accounts contain each other: {', '.join(error.args[1])}.")


def _refuse(where: str, why: str, todo: str = FORMAT_HELP) -> NoReturn:
    raise Refused(f"{where} cannot be used.", why=why, todo=todo)
