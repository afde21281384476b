"""`fabrica propose-awards` and `propose-reviewers`: from a file, on one's own machine."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from fabrica.allocations.engine import capacity
from fabrica.cli.output import AsJson, command, say, show
from fabrica.reviews import engine as reviewing

THOROUGH = 1_000_000
AWARDS = ("rank", "application", "system", "hours", "asked_hours", "fixed")
PAIRS = ("application", "expert", "points", "because", "kept")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("propose-awards")(propose_awards)
    app.command("propose-reviewers")(propose_reviewers)


def content(file: Path, most: int) -> bytes:
    """At most one byte more than allowed, so that a file without end is refused as well."""
    if str(file) == "-":
        return sys.stdin.buffer.read(most + 1)
    with file.open("rb") as opened:
        return opened.read(most + 1)


@command
def propose_awards(
    file: Annotated[
        Path, typer.Argument(help="Ranking, systems, pools and caps, a JSON file; '-' for standard input.")
    ],
    thorough: Annotated[
        bool, typer.Option("--thorough", help="Search on where the quick search is undecided.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Which awards fit under capacities and caps, rank first, and why the others do not; needs no site."""
    given = capacity.read(content(file, capacity.MAX_BYTES))
    told = capacity.as_dict(capacity.propose(given, THOROUGH if thorough else capacity.EFFORT))
    if as_json:
        show(told, as_json=True)
    else:
        _table(told)


def _table(told: dict[str, Any]) -> None:
    show(told["awards"], as_json=False, columns=AWARDS, empty="Nobody fits.")
    say("")
    say(f"{len(told['awards'])} awards, {told['awarded_hours']} GPU-hours; {len(told['left_out'])} left out.")
    for one in told["left_out"]:
        say(f"- {one['application']} (rank {one['rank']}, {one['hours']} GPU-hours): {one['explanation']}")
    for one in told["ties"]:
        say(f"- {one['explanation']}")
    if told["undecided"]:
        say(f"- Undecided within the bound of the search: {len(told['undecided'])}. Run it with --thorough.")


@command
def propose_reviewers(
    file: Annotated[
        Path, typer.Argument(help="Experts, applications and conflicts, a JSON file; '-' for standard input.")
    ],
    as_json: AsJson = False,
) -> None:
    """Who reviews what: no conflict of interest, no one beyond their limit, and why; needs no site."""
    told = reviewing.as_dict(reviewing.assign(reviewing.read(content(file, reviewing.MAX_BYTES))))
    if as_json:
        show(told, as_json=True)
    else:
        _assigned(told)


def _assigned(told: dict[str, Any]) -> None:
    rows = [{**one, "because": _because(one)} for one in told["pairs"]]
    show(rows, as_json=False, columns=PAIRS, empty="Nobody can review anything.")
    say("")
    for one in told["unfilled"]:
        say(f"- {one['application']} lacks {one['missing']}: {one['why']} {one['helps']}")
    for name in told["one_organisation"]:
        say(f"- {name} has experts of one organisation only.")


def _because(one: dict[str, Any]) -> str:
    fields = ", ".join(f"{name} {points}" for name, points in one["fields"].items())
    return f"{fields or 'no shared field'}; {one['language']}"
