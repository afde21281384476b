"""Ownership graphs for `make bench`."""

import json
from itertools import pairwise
from typing import Any

from fabrica.people.engine.sme import as_dict, assess, read
from fabrica.people.engine.sme.graph import Ownership

SIZE = 200


def graphs(size: int) -> dict[str, Ownership]:
    """One long chain of majorities, and one enterprise with partners all around."""
    names = [f"e{number}" for number in range(size)]
    chain = [_link(*pair, "100") for pair in pairwise(names)]
    star = [_link(names[0], one, "30") for one in names[1:]]
    return {"a chain": _read(names, chain), "partners": _read(names, star)}


def explained(ownership: Ownership) -> dict[str, Any]:
    """The whole answer, as the command prints it."""
    return as_dict(assess(ownership))


def _link(holder: str, held: str, percent: str) -> dict[str, str]:
    return {"holder": holder, "held": held, "capital": percent, "votes": percent}


def _read(names: list[str], links: list[dict[str, str]]) -> Ownership:
    years = [{"year": year, "staff": "1.5", "turnover": "12345.67", "balance": "9876.54"} for year in (2025, 2024)]
    nodes: list[dict[str, Any]] = [{"id": one, "name": one, "dispersed": True, "years": years} for one in names]
    head = {"format": "fabrica-sme/1", "as_of": "2026-01-01", "applicant": names[0]}
    return read(json.dumps({**head, "enterprises": nodes, "links": links}))
