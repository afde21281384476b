"""Small ownership graphs for the tests, in the file's own form."""

import json

from fabrica.people.engine.sme import read


def enterprise(name, staff="1", turnover="1", balance="1", **rest):
    """An enterprise with one year, whose unnamed owners are dispersed."""
    years = [{"year": 2025, "staff": staff, "turnover": turnover, "balance": balance}]
    return {"id": name, "name": name.capitalize(), "dispersed": True, "years": years, **rest}


def link(holder, held, capital, votes=None, **rest):
    return {"holder": holder, "held": held, "capital": capital, "votes": capital if votes is None else votes, **rest}


def document(enterprises, links=(), **rest):
    """The file: `alpha` asks, and has had no status before."""
    head = {"format": "fabrica-sme/1", "as_of": "2026-11-26", "applicant": "alpha", "category_before": "none"}
    return {**head, "enterprises": list(enterprises), "links": list(links), **rest}


def graph(enterprises, links=(), **rest):
    return read(json.dumps(document(enterprises, links, **rest)))
