"""A version's data, read strictly: no unknown key, no name without what it names. Raises ValueError."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from fabrica.kit.facts import Source, source_of
from fabrica.trust.engine.act import nodes
from fabrica.trust.engine.act.conditions import All, Node, Some
from fabrica.trust.engine.act.ruleset import OWERS, Decision, Duty, Outcome, Owed, Question, Rule, RuleSet

Row = Mapping[str, Any]
TOP = (
    "version", "title", "title_fr", "valid_from", "checked_on", "sources", "figures", "labels", "consequences",
    "conditions", "questions", "duties", "rules",
)  # fmt: skip
ANSWERS = ("yes", "no")
SIDES = ("applicant", "site")
SETTLES = ("stands_for", "rules_out")
TEXT = ("text", "text_fr")


@dataclass(frozen=True)
class Shared:
    """What rules name: sources with their day, and everything a condition may speak of."""

    sources: Row
    checked_on: str
    names: nodes.Names

    def source(self, row: Row) -> Source:
        told = {"checked_on": self.checked_on, **{key: row[key] for key in ("source", "confidence")}}
        return source_of({**told, "source": self.sources[row["source"]]})


def read(loaded: Row) -> RuleSet:
    """The rules of one version; `checking.check` then looks at them as a whole."""
    try:
        return _read(loaded)
    except (KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise ValueError(f"rules that lack something or make no sense: {error!r}") from error


def _read(loaded: Row) -> RuleSet:
    known(loaded, TOP, TOP)
    questions = {one.id: one for one in map(_question, loaded["questions"])}
    figures = {key: _figure(row) for key, row in loaded["figures"].items()}
    names = nodes.Names(questions, figures, loaded["conditions"], [row["id"] for row in loaded["rules"]])
    shared = Shared(loaded["sources"], loaded["checked_on"], names)
    for row in loaded["figures"].values():
        shared.source(row)
    duties = {one.id: one for one in map(_duty, loaded["duties"])}
    rules = {one.id: one for one in (_rule(row, shared) for row in loaded["rules"])}
    for kept, name in ((questions, "questions"), (duties, "duties"), (rules, "rules")):
        if len(kept) != len(loaded[name]):
            raise ValueError(f"an id stands twice among the {name}")
    wanted = {*(f"figure {key}" for key in figures), *(f"condition {key}" for key in loaded["conditions"])}
    if odd := wanted - names.used:
        raise ValueError(f"nothing uses {', '.join(sorted(odd))}")
    words = {key: _texts(loaded[key]) for key in ("labels", "consequences")}
    version, title = str(loaded["version"]), {key: _text(loaded, key) for key in ("title", "title_fr")}
    valid_from, checked_on = (date.fromisoformat(loaded[key]) for key in ("valid_from", "checked_on"))
    return RuleSet(version, title, valid_from, checked_on, **words, questions=questions, duties=duties, rules=rules)


def known(row: Row, needed: Sequence[str], allowed: Sequence[str] = ()) -> None:
    """Raises ValueError where a key is missing or not known."""
    keys = set(row)
    if keys - {*needed, *allowed} or set(needed) - keys:
        told = sorted(keys.symmetric_difference(needed) - (keys & set(allowed)))
        raise ValueError(f"keys that are missing or not known: {', '.join(told)} in {str(row)[:200]}")


def _text(row: Row, key: str) -> str:
    if not isinstance(row[key], str) or not row[key].strip():
        raise ValueError(f"{key} is told in words: {str(row)[:200]}")
    return str(row[key])


def _texts(rows: Row) -> dict[str, dict[str, str]]:
    for row in rows.values():
        known(row, TEXT)
    return {key: {name: _text(row, name) for name in TEXT} for key, row in rows.items()}


def _figure(row: Row) -> Fraction:
    """A number such as 1e23, or a third of it, 1e23/3, exact."""
    known(row, ("value", "source", "confidence"))
    number, _, divisor = row["value"].partition("/")
    return Fraction(number) / int(divisor or 1)


def _question(row: Row) -> Question:
    words = ("question", "question_fr", "example", "example_fr")
    known(row, ("id", *words), ("help", "help_fr", "kind", "usual", "worse", "answered_by", *SETTLES))
    is_number, usual, worse = row.get("kind") == "number", row.get("usual", "no"), row.get("worse", "")
    if row.get("kind") not in (None, "number") or row.get("answered_by", "applicant") not in SIDES:
        raise ValueError(f"a question nobody can answer: {row['id']}")
    if worse not in ("", *ANSWERS) or (usual not in ANSWERS) != is_number or ("help" in row) != ("help_fr" in row):
        raise ValueError(f"a question with answers that make no sense: {row['id']}")
    told = {key: _text(row, key) for key in (*words, "help", "help_fr") if key in row}
    side = row.get("answered_by", "applicant")
    stands_for, rules_out = (tuple(row.get(key, ())) for key in SETTLES)
    return Question(row["id"], is_number, usual, worse, side, stands_for, rules_out, told)


def _duty(row: Row) -> Duty:
    known(row, ("id", "article", "owed_by", *TEXT))
    if row["owed_by"] not in OWERS:
        raise ValueError(f"nobody owes {row['id']}")
    return Duty(row["id"], _text(row, "article"), row["owed_by"], {key: _text(row, key) for key in TEXT})


def _rule(row: Row, shared: Shared) -> Rule:
    words = ("title", "title_fr")
    needed = ("id", "article", *words, "elements", "outcomes", "consequence", "source", "confidence")
    known(row, needed, ("scope", "exceptions", "excluded", "owes"))
    told = {key: _text(row, key) for key in words}
    excluded, softened = _excluded(row.get("excluded"), shared)
    owes = tuple(_owed(one, shared) for one in row.get("owes", ()))
    outcomes = tuple(map(_outcome, row["outcomes"]))
    return Rule(
        row["id"], _text(row, "article"), told, _condition(row, shared), excluded, softened, outcomes, owes,
        row["consequence"], shared.source(row),
    )  # fmt: skip


def _condition(row: Row, shared: Shared) -> Node:
    """Scope, all elements, no exception."""
    scope = [{"condition": row["scope"]}] if "scope" in row else []
    parts = [nodes.node(one, shared.names) for one in [*scope, *row["elements"]]]
    exceptions = tuple(nodes.node(one, shared.names) for one in row.get("exceptions", ()))
    return All((*parts, Some(exceptions, is_none=True)) if exceptions else tuple(parts))


def _excluded(row: Row | None, shared: Shared) -> tuple[Node | None, Decision]:
    if row is None:
        return None, Decision.ACCEPT
    known(row, ("by", "decision"))
    return nodes.node(row["by"], shared.names), Decision(row["decision"])


def _outcome(row: Row) -> Outcome:
    known(row, ("decision", "unsure"), ("applies_from", "applies_to", "labels"))
    first, last = (date.fromisoformat(row[key]) if key in row else None for key in ("applies_from", "applies_to"))
    return Outcome(first, last, Decision(row["decision"]), Decision(row["unsure"]), tuple(row.get("labels", ())))


def _owed(row: Row, shared: Shared) -> Owed:
    known(row, ("duty", "applies_from"), ("when", "disputed"))
    when = nodes.node(row["when"], shared.names) if "when" in row else None
    return Owed(row["duty"], date.fromisoformat(row["applies_from"]), when, row.get("disputed", False) is True)
