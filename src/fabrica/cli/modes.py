"""`fabrica modes`: the access modes with their sources, and which of them fit a profile, on one's own machine."""

import sys
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Any

import typer

from fabrica.calls.engine import terms
from fabrica.calls.engine.answer import as_dict, mode_as_dict
from fabrica.calls.engine.profile import MAX_BYTES, read
from fabrica.calls.engine.routing import route
from fabrica.calls.engine.sentences import VERDICTS
from fabrica.cli import account
from fabrica.cli.output import AsJson, command, say, show
from fabrica.kit.errors import Refused
from fabrica.kit.time import utcnow

SURE = "A"
SIGNS = {True: "+", False: "-", None: "?"}
ROUTES = ("mode", "verdict", "opening")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(modes)


@command
def modes(
    profile: Annotated[
        Path | None, typer.Option(help="Who asks for what, a JSON file; '-' for standard input.")
    ] = None,
    on: Annotated[str, typer.Option(help="The day to answer for, such as 2026-11-26, instead of now.")] = "",
    site: Annotated[
        bool, typer.Option("--site", help="Ask the site you are signed in at: its own modes and changes too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """The access modes with their figures; with a profile, which of them fit, which do not, and why; needs no site."""
    if site and on:
        raise Refused("--on needs no site.", why="A site answers for now.", todo="Leave out --on or --site.")
    if profile is None:
        told = account.connect().get("modes") if site else [mode_as_dict(one) for one in terms()]
        show(told, as_json=True) if as_json else _list(told)
        return
    asked = read(_content(profile))
    found = account.connect().get("route", **asked.said()) if site else as_dict(route(asked, _moment(on), terms()))
    show(found, as_json=True) if as_json else _routes(found)


def _content(file: Path) -> bytes:
    """At most one byte more than allowed, so that a file without end is refused as well."""
    if str(file) == "-":
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    with file.open("rb") as opened:
        return opened.read(MAX_BYTES + 1)


def _moment(on: str) -> datetime:
    """The day's beginning in UTC, or now."""
    try:
        return datetime.combine(date.fromisoformat(on), time(), UTC) if on else utcnow()
    except ValueError as error:
        raise Refused(
            f"--on {on[:40]} is no day.", why="A day reads year-month-day.", todo="Try 2026-11-26."
        ) from error


class Notes:
    """Sources by number, in the order they are first named."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def mark(self, told: dict[str, Any]) -> str:
        """`[1]`, and how sure it is where it is not corroborated: `[2, confidence B]`."""
        text = f"{told['source']} (checked {told['checked_on']})"
        number = self._numbers.setdefault(text, len(self._numbers) + 1)
        return f"[{number}]" if told["confidence"] == SURE else f"[{number}, confidence {told['confidence']}]"

    def say(self) -> None:
        """All of them."""
        say("")
        say("Sources")
        for text, number in self._numbers.items():
            say(f"[{number}] {text}")


def _list(told: list[dict[str, Any]]) -> None:
    notes = Notes()
    for one in told:
        say(f"{one['title']} ({one['mode']}): {one['for_whom']}")
        for rule in one["rules"]:
            say(f"- {rule['text']} {notes.mark(rule)}")
        for figure in one["figures"]:
            say(f"  {figure['label']}: {figure['text']} {notes.mark(figure)}")
        say("")
    notes.say()


def _routes(found: dict[str, Any]) -> None:
    """For people: the verdicts, then why for each mode, what to prepare, and what else to say."""
    rows = [
        {"mode": one["title"], "verdict": VERDICTS[one["verdict"]].lower(), "opening": one["opening"]["text"]}
        for one in found["routes"]
    ]
    show(rows, as_json=False, columns=ROUTES)
    notes = Notes()
    for one in found["routes"]:
        say("")
        say(f"{one['title']}: {VERDICTS[one['verdict']].lower()}")
        for reason in one["reasons"]:
            say(f"{SIGNS[reason['holds']]} {reason['text']} {notes.mark(reason)}")
        for paper in one["prepare"]:
            say(f"  to prepare: {paper['text']} {notes.mark(paper)}")
        say(f"  {one['opening']['text']} {notes.mark(one['opening'])}")
    if found["asks"]:
        say("")
        say(f"These answers would settle more: {', '.join(found['asks'])}.")
    notes.say()
