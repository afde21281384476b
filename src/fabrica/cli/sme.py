"""`fabrica sme`: the SME status of an enterprise from a file, on one's own machine."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from fabrica.cli.output import AsJson, command, say, show
from fabrica.kit.errors import Refused
from fabrica.kit.files import write_atomic
from fabrica.people.engine.sme import (
    MAX_BYTES,
    Assessment,
    Rules,
    answered,
    as_dict,
    assess,
    current,
    declaration,
    phrase,
    read,
    rules_from,
    to_html,
)

YEARS = ("year", "staff", "turnover", "balance", "category")
ENTERPRISES = ("enterprise", "relation", "amounts_added", "staff_added")
PARTS = (("amounts", "money"), ("staff", "staff"))
MAX_RULE_BYTES = 100_000


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(sme)


@command
def sme(
    file: Annotated[Path, typer.Argument(help="The ownership graph, a JSON file; '-' for standard input.")],
    rules: Annotated[Path | None, typer.Option(help="A rule of your own instead of the one that comes along.")] = None,
    print_to: Annotated[
        Path | None, typer.Option("--declaration", help="Write the declaration to sign, an HTML page, to a new file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Whether an enterprise is micro, small, medium-sized or no SME, and why; needs no site."""
    found = assess(read(_content(file, MAX_BYTES)), _rules(rules))
    if print_to:
        _write(print_to, to_html(declaration(found)))
    told = as_dict(found)
    if as_json:
        show(told, as_json=True)
    else:
        _table(found, told)


def _content(file: Path, most: int) -> bytes:
    """At most one byte more than allowed, so that a file without end is refused as well."""
    if str(file) == "-":
        return sys.stdin.buffer.read(most + 1)
    with file.open("rb") as opened:
        return opened.read(most + 1)


def _rules(file: Path | None) -> Rules:
    if file is None:
        return current()
    try:
        return rules_from(json.loads(_content(file, MAX_RULE_BYTES)[:MAX_RULE_BYTES]))
    except (ValueError, RecursionError) as error:
        todo = "Copy fabrica/people/data/sme.json and change the figures of the copy."
        raise Refused(f"{file} is no rule.", why=str(error)[:300], todo=todo) from error


def _write(target: Path, page: str) -> None:
    if target.exists():
        raise Refused(f"{target} is there already.", why="A declaration may be signed.", todo="Name a new file.")
    write_atomic(target, page, 0o600)


def _table(found: Assessment, told: dict[str, Any]) -> None:
    """For people: the category, the sums, the enterprises, then why."""
    say(f"{told['name']}: {phrase(told['possible'])}")
    say("")
    show([_sums(one) for one in told["years"]], as_json=False, columns=YEARS)
    say("")
    show([_row(found, one) for one in told["enterprises"]], as_json=False, columns=ENTERPRISES)
    say("")
    for line in told["explanation"]:
        say(f"- {line}")
    for one in found.rules.predicates:
        say(f"- {one.title}: {answered(found.predicates[one.key])} ({one.source})")


def _sums(one: dict[str, Any]) -> dict[str, Any]:
    """A year; what lacks a part is a lower bound."""
    totals = {name: f"≥ {one[name]}" if name in one["missing"] else one[name] for name in YEARS[1:4]}
    return {**one, **totals, "category": phrase(one["possible"])}


def _row(found: Assessment, one: dict[str, Any]) -> dict[str, str]:
    added = {f"{key}_added": f"{one[name]['percent']} %" if name in one else "–" for key, name in PARTS}
    return {"enterprise": found.ownership.enterprises[one["id"]].name, "relation": one["relation"], **added}
