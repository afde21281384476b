"""Conditions as they stand in the data, made into what can be weighed. Raises ValueError for what names nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

from fabrica.trust.engine.act.conditions import All, Before, Holds, More, Named, Node, Some, Yes
from fabrica.trust.engine.act.ruleset import Question

MOST_NESTED = 12


@dataclass(frozen=True)
class Names:
    """What a condition may speak of. `used` keeps the figures and conditions that one did."""

    questions: Mapping[str, Question]
    figures: Mapping[str, Fraction]
    conditions: Mapping[str, Any]
    rules: Sequence[str]
    used: set[str] = field(default_factory=set)


def node(row: Any, names: Names, depth: int = 0) -> Node:
    """A question by its id stands for its yes; all, any, none, rule, condition, more and before by their key."""
    if depth > MOST_NESTED:
        raise ValueError(f"a condition that is nested too deeply or in a circle: {str(row)[:200]}")
    if isinstance(row, str):
        return Yes(_question(row, names, is_number=False))
    kind = next(iter(row))
    if set(row) - {"more", "than", "of", "plus"} and len(row) != 1:
        raise ValueError(f"a condition that nothing can answer: {row}")
    if kind in ("all", "any", "none"):
        parts = tuple(node(one, names, depth + 1) for one in row[kind])
        if not parts:
            raise ValueError(f"a condition without parts: {row}")
        return All(parts) if kind == "all" else Some(parts, is_none=kind == "none")
    return _plain(kind, row, names, depth)


def _plain(kind: str, row: Mapping[str, Any], names: Names, depth: int) -> Node:
    if kind == "rule" and row["rule"] in names.rules:
        return Holds(row["rule"])
    if kind == "condition" and row["condition"] in names.conditions:
        name = f"condition {row['condition']}"
        names.used.add(name)
        return Named(name, node(names.conditions[row["condition"]], names, depth + 1))
    if kind == "before":
        return Before(date.fromisoformat(row["before"]))
    if kind == "more" and row["than"] in names.figures:
        names.used.add(f"figure {row['than']}")
        of, plus = (_question(row[key], names, is_number=True) if key in row else None for key in ("of", "plus"))
        return More(_question(row["more"], names, is_number=True), names.figures[row["than"]], of, plus)
    raise ValueError(f"a condition that names nothing: {row}")


def _question(key: str, names: Names, *, is_number: bool) -> str:
    if key not in names.questions or names.questions[key].is_number != is_number:
        raise ValueError(f"a condition asks a question that is none of this kind: {key}")
    return key
