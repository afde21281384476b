"""`fabrica trust altai`: the seven requirements of trustworthy AI, on one's own machine."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from fabrica.cli.output import AsJson, command, say, show
from fabrica.kit.errors import Refused
from fabrica.kit.time import utcnow
from fabrica.trust.engine.altai import checklist, in_force, score
from fabrica.trust.engine.altai.given import MAX_BYTES, Given, read
from fabrica.trust.engine.altai.telling import as_dict, list_as_dict

LANGUAGES = ("en", "fr")
SHOWN = 10  # recommendations for people; --json has all


@command
def altai(
    file: Annotated[Path | None, typer.Argument(help="The answers, a JSON file; '-' for standard input.")] = None,
    language: Annotated[str, typer.Option(help="Words of the list: en or fr.")] = "en",
    as_json: AsJson = False,
) -> None:
    """Scores and advice by the seven requirements of trustworthy AI; without a file, the list. Needs no site."""
    if language not in LANGUAGES:
        raise Refused(f"There are no words in {language[:40]!r}.", todo=f"Use one of: {', '.join(LANGUAGES)}.")
    if file is None:
        told = list_as_dict(in_force(utcnow().date()), language)
        show(told, as_json=True) if as_json else _listed(told)
        return
    told = _weighed(read(_content(file)), language)
    show(told, as_json=True) if as_json else _told(told)


def _content(file: Path) -> bytes:
    """At most one byte more than allowed, so that a file without end is refused as well."""
    if str(file) == "-":
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    with file.open("rb") as opened:
        return opened.read(MAX_BYTES + 1)


def _weighed(given: Given, language: str) -> dict[str, Any]:
    rules = checklist(given.version) if given.version else in_force(utcnow().date())
    return as_dict(score(given.answers, rules, given.scope, given.ratings), language)


def _told(told: dict[str, Any]) -> None:
    say(f"{told['answered']} of {told['asked']} items answered, by the list {told['version']}.")
    for one in told["scores"]:
        points = "–" if one["points"] is None else f"{one['points']} of 100"
        rating = "" if one["rating"] is None else f", own rating {one['rating']} of 5"
        say(f"- {one['title']}: {points} ({one['answered']} of {one['asked']} answered{rating})")
    say("")
    for one in told["recommendations"][:SHOWN]:
        say(f"{one['item']} ({one['answer'].replace('_', ' ')}): {one['recommendation']}")
    if (left := len(told["recommendations"]) - SHOWN) > 0:
        say(f"And {left} more; --json prints all.")


def _listed(told: dict[str, Any]) -> None:
    say(f"{told['title']} ({told['version']}). {told['source']}")
    for requirement in told["requirements"]:
        say("")
        say(f"{requirement['title']}. {requirement['told']}")
        for one in told["items"]:
            if one["requirement"] == requirement["id"]:
                say(f"{one['id']}{' *' if one['gate'] else ''} ({', '.join(one['answers'])}): {one['question']}")
                say(f"  {one['help']}")
