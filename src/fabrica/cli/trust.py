"""`fabrica trust`: what the AI Act and the programme's rules say to a project, on one's own machine."""

import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from fabrica.cli.altai import altai
from fabrica.cli.output import AsJson, command, say, show
from fabrica.kit.errors import Refused
from fabrica.kit.time import utcnow
from fabrica.trust.engine.act import compare, evaluate, next_questions, ruleset
from fabrica.trust.engine.act.answers import MAX_BYTES, Given, read
from fabrica.trust.engine.act.ruleset import RuleSet
from fabrica.trust.engine.act.telling import as_dict, asking_as_dict, comparison_as_dict
from fabrica.trust.engine.act.versions import version_on

app = typer.Typer(no_args_is_help=True, help="The AI Act and the programme's rules, as questions; no legal advice.")
SIGNS = {True: "+", None: "?"}
LANGUAGES = ("en", "fr")
app.command()(altai)
DECISIONS = {
    "REJECT": "not allowed; a person confirms every refusal",
    "REFER_ETHICS": "to be looked at by a person",
    "ACCEPT_CONDITIONS": "accepted with conditions",
    "ACCEPT": "accepted",
}
Day = Annotated[str, typer.Option("--as-of", help="The day to answer for, such as 2026-11-26, instead of today.")]
Version = Annotated[str, typer.Option("--version", help="The version of the rules, instead of the one then in force.")]
Language = Annotated[str, typer.Option(help="Words of the rules and questions: en or fr.")]


@app.command()
@command
def assess(
    file: Annotated[Path, typer.Argument(help="The answers, a JSON file; '-' for standard input.")],
    as_of: Day = "",
    version: Version = "",
    against: Annotated[str, typer.Option(help="Compare with what this version says of the same answers.")] = "",
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """What the rules decide, with labels, duties and their dates, and the rules that led there; needs no site."""
    given = read(_content(file))
    day, rules = _chosen(given, as_of, version)
    _check(language)
    if against:
        other = ruleset(against)
        told = comparison_as_dict(compare(given.answers, (rules, day), (other, _within(day, other))), language)
        show(told, as_json=True) if as_json else _differences(told)
        return
    told = as_dict(evaluate(given.answers, day, rules), language)
    show(told, as_json=True) if as_json else _assessment(told)


@app.command()
@command
def questions(
    after: Annotated[Path | None, typer.Option(help="A file of answers: only what can still matter is asked.")] = None,
    as_of: Day = "",
    version: Version = "",
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """The questions that can still matter, and how many are left; needs no site."""
    given = read(_content(after)) if after else Given({}, None, "")
    day, rules = _chosen(given, as_of, version)
    _check(language)
    told = asking_as_dict(next_questions(given.answers, day, rules), rules, language)
    show(told, as_json=True) if as_json else _questions(told)


def _content(file: Path) -> bytes:
    """At most one byte more than allowed, so that a file without end is refused as well."""
    if str(file) == "-":
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    with file.open("rb") as opened:
        return opened.read(MAX_BYTES + 1)


def _chosen(given: Given, as_of: str, version: str) -> tuple[date, RuleSet]:
    """The day and the rules: as told, else as in the file, else those of today."""
    try:
        day = date.fromisoformat(as_of) if as_of else given.as_of or utcnow().date()
    except ValueError as error:
        told = f"--as-of {as_of[:40]} is no day."
        raise Refused(told, why="A day reads year-month-day.", todo="Try 2026-11-26.") from error
    rules = ruleset(version or given.version or version_on(day))
    if day < rules.valid_from:
        todo = "Name a later day, or an earlier version."
        raise Refused(f"Version {rules.version} begins on {rules.valid_from}, after {day}.", todo=todo)
    return day, rules


def _within(day: date, rules: RuleSet) -> date:
    """The same day, or the first of a version that begins later."""
    return max(day, rules.valid_from)


def _check(language: str) -> None:
    if language not in LANGUAGES:
        raise Refused(f"There are no words in {language[:40]!r}.", todo=f"Use one of: {', '.join(LANGUAGES)}.")


def _assessment(told: dict[str, Any]) -> None:
    """For people: the decision, the labels, why, and what is owed."""
    say(f"{told['decision']}: {DECISIONS[told['decision']]}")
    say(f"By the rules {told['ruleset_version']}, as of {told['as_of']}.")
    for name, title in (("labels", "Labels"), ("possible_labels", "Labels that hang on what is open")):
        if told[name]:
            say(f"{title}: {', '.join(one['text'] + ' (' + one['label'] + ')' for one in told[name])}")
    say("")
    for line in filter(None, map(_reason, told["path"])):
        say(line)
    _duties(told["obligations"])
    if told["open_questions"]:
        say("")
        say(f"Still open: {', '.join(told['open_questions'])}.")
    say("")
    say(told["notice"])


def _reason(one: dict[str, Any]) -> str:
    """Why, in a line; nothing for what may hold and would decide nothing."""
    if one["holds"] is None:
        told = f"{one['leads_to']} while it is open. If it holds: {one['text']}" if one["leads_to"] != "ACCEPT" else ""
    elif one["excluded"] is not False:
        told = f"{one['leads_to']}, as it may not count here. If it does: {one['text']}"
    else:
        told = f"{one['leads_to']}. {one['text']}"
    return f"{SIGNS[one['holds']]} {one['title']} ({one['article']}): {told}" if told else ""


def _duties(obligations: list[dict[str, Any]]) -> None:
    if obligations:
        say("")
        say("Owed")
    for one in obligations:
        notes = [] if one["certain"] else ["if what is open turns out so"]
        notes += ["authors differ about the day"] if one["date_disputed"] else []
        note = f" ({'; '.join(notes)})" if notes else ""
        say(f"- from {one['applies_from']}, {one['owed_by']}: {one['text']} {one['ref']}{note}")


def _differences(told: dict[str, Any]) -> None:
    then, now = told["then"], told["now"]
    for one in (then, now):
        say(f"{one['ruleset_version']}, as of {one['as_of']}: {one['decision']}, {DECISIONS[one['decision']]}")
    say("")
    for sign, name in (("+", "gained"), ("-", "lost")):
        for kind, found in told[name].items():
            for one in found:
                say(f"{sign} {kind.replace('_', ' ')}: {one}")
    if dropped := told["answers_not_asked_any_more"]:
        say(f"Not asked any more: {', '.join(dropped)}.")
    say("")
    say(now["notice"])


def _questions(told: dict[str, Any]) -> None:
    say(f"Left: usually {told['left_usually']}, at most {told['left_at_most']}.")
    for one in told["questions"]:
        say("")
        say(f"{one['id']} ({one['answers']}): {one['question']}")
        for name in ("help", "example"):
            if one[name]:
                say(f"  {one[name]}")
