"""Reading an ownership graph from JSON: bounded, exact, and refused in words where something does not fit."""

import json
from decimal import Decimal
from graphlib import CycleError, TopologicalSorter
from typing import Any

from fabrica.kit.errors import Refused
from fabrica.people.engine.sme.exact import WHOLE, ZERO, plus, text
from fabrica.people.engine.sme.graph import NEVER_HELD, Control, Enterprise, Kind, Link, Ownership
from fabrica.people.engine.sme.nodes import PERCENT_PLACES, enterprise
from fabrica.people.engine.sme.rules import CATEGORIES
from fabrica.people.engine.sme.values import FORMAT_HELP, Row, identifier, refuse

FORMAT = "fabrica-sme/1"
MAX_BYTES = 2_000_000
MAX_ENTERPRISES, MAX_LINKS, MAX_GROUPS, MAX_TOGETHER, MAX_PAIRS = 1_000, 5_000, 200, 50, 1_000
MAX_EUROS = 10**13
BEFORE = (*CATEGORIES, "none")


def read(raw: bytes | str) -> Ownership:
    """The graph of a file's content. Raises Refused."""
    if len(raw) > MAX_BYTES:
        raise Refused(
            "The file is too large.", why=f"{MAX_BYTES} bytes are the most.", todo="Leave out what is far away."
        )
    try:
        loaded = json.loads(raw, parse_float=Decimal, parse_int=Decimal, parse_constant=str, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        why = f"{error}" if isinstance(error, ValueError) else "It is nested too deeply."
        raise Refused("The file is no JSON document.", why=why[:300], todo=FORMAT_HELP) from error
    return ownership(loaded)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def ownership(loaded: Any) -> Ownership:
    """The graph of a loaded document. Raises Refused."""
    row = Row(loaded, "")
    if row.take("format") != FORMAT:
        refuse("format", f"It must be {FORMAT!r}.")
    nodes = [enterprise(Row(*one)) for one in row.rows("enterprises", MAX_ENTERPRISES)]
    by_id = {one.id: one for one in nodes}
    if len(by_id) != len(nodes):
        refuse("enterprises", "Two have the same id.")
    links = tuple(_link(Row(*one), by_id) for one in row.rows("links", MAX_LINKS))
    day = row.day("as_of") or refuse("as_of", "The day of which the answer speaks is missing.")
    found = Ownership(
        row.identifier("applicant"),
        day,
        by_id,
        links,
        tuple(_together(one, where, by_id) for one, where in row.rows("jointly", MAX_GROUPS)),
        frozenset(_pair(one, where) for one, where in row.rows("adjacent_markets", MAX_PAIRS)),
        _before(row),
        row.flag("owner_changed") or False,
    )
    row.end()
    _check(found)
    return found


def _before(row: Row) -> str:
    value = row.take("category_before", "")
    if value and value not in BEFORE:
        refuse("category_before", f"It must be one of {', '.join(BEFORE)}.")
    return str(value or "")


def _link(row: Row, nodes: dict[str, Enterprise]) -> Link:
    holder, held = row.identifier("holder"), row.identifier("held")
    for key, name in (("holder", holder), ("held", held)):
        if name not in nodes:
            refuse(row.at(key), f"There is no enterprise {name!r}.", "Add it to `enterprises`.")
    if holder == held:
        refuse(row.where, "Own shares are left out.")
    if nodes[held].kind in NEVER_HELD:
        refuse(row.at("held"), f"Nobody holds shares in a {nodes[held].kind.value}.")
    capital, votes = _share(row, "capital"), _share(row, "votes")
    control = frozenset(_control(one, where) for one, where in row.rows("control", len(Control)))
    found = Link(holder, held, capital, votes, control, row.flag("in_management"), row.amount("invested", 2, MAX_EUROS))
    row.end()
    if nodes[holder].kind is Kind.BUSINESS_ANGEL:
        _check_angel(row, found, nodes[held])
    return found


def _share(row: Row, key: str) -> Decimal:
    found = row.amount(key, PERCENT_PLACES, 100)
    return refuse(row.at(key), "State capital and votes, both in per cent.") if found is None else found


def _check_angel(row: Row, link: Link, held: Enterprise) -> None:
    """The exception for business angels hangs on two facts: they are asked for, not guessed."""
    if link.invested is None:
        refuse(row.at("invested"), "State how many euros a business angel has invested (Article 3(2)(a)).")
    if held.is_listed is None:
        refuse(row.at("held"), f"State `listed` of {held.id}: a business angel holds of it (Article 3(2)(a)).")


def _control(value: Any, where: str) -> Control:
    if value not in list(Control):
        refuse(where, f"It must be one of {', '.join(Control)}.")
    return Control(value)


def _together(value: Any, where: str, nodes: dict[str, Enterprise]) -> frozenset[str]:
    if not isinstance(value, list) or not 1 < len(value) <= MAX_TOGETHER:
        refuse(where, f"Persons who act jointly are a list of 2 to {MAX_TOGETHER} ids.")
    names = frozenset(identifier(one, where) for one in value)
    if any(one not in nodes or nodes[one].kind is not Kind.PERSON for one in names):
        refuse(where, "Each must be the id of a person in `enterprises`.")
    return names


def _pair(value: Any, where: str) -> frozenset[str]:
    if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004 - a pair
        refuse(where, "It must be a pair of markets.")
    return frozenset(identifier(one, where) for one in value)


def _check(found: Ownership) -> None:
    """What only the whole shows."""
    _check_applicant(found)
    pairs = {(one.holder, one.held) for one in found.links}
    if len(pairs) != len(found.links):
        refuse("links", "The same holder and held stand twice.", "Add their shares into one link.")
    for held, links in found.holders.items():
        for which in ("capital", "votes"):
            total = ZERO
            for one in links:
                total = plus(total, getattr(one, which))
            if total > WHOLE:
                refuse("links", f"{text(total)} % of the {which} of {held} are held.", "100 % are the most.")
    _check_consolidation(found)


def _check_applicant(found: Ownership) -> None:
    own = found.enterprises.get(found.applicant)
    if own is None or own.kind in NEVER_HELD:
        refuse("applicant", "It must be the id of an enterprise in `enterprises`.")
    years = sorted(one.year for one in own.years)
    if not years or years[-1] - years[0] != len(years) - 1:
        refuse(f"{own.id}.years", "The applicant needs one year, or two that follow each other.")
    if any(one.year > found.as_of.year for one in own.years):
        refuse(f"{own.id}.years", f"No accounts close after {found.as_of.isoformat()}, the day of `as_of`.")
    born = own.founded_on is not None and own.founded_on.year >= years[0]
    if found.category_before in CATEGORIES and (born or any(one.is_estimated for one in own.years)):
        refuse("category_before", "An enterprise has no category before its first accounts.", "Leave it out.")


def _check_consolidation(found: Ownership) -> None:
    graph = {name: [one.id for one in node.consolidates] for name, node in found.enterprises.items()}
    unknown = sorted({one for inside in graph.values() for one in inside} - set(graph))
    if unknown:
        refuse("consolidates", f"There is no enterprise {unknown[0]!r}.", "Add it to `enterprises`.")
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        refuse("consolidates", f"Accounts contain each other: {', '.join(error.args[1])}.")
