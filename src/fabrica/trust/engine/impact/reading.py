"""Data into questions. What makes no sense is refused on load, so that no page shows half a question."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from fabrica.kit.facts import source_of
from fabrica.trust.engine.impact.judging import WHEN
from fabrica.trust.engine.impact.questions import (
    Example,
    Kind,
    Option,
    Question,
    Questions,
    Role,
    Section,
)

SECTIONS = ("screening", "description", "necessity", "risks", "advice", "views", "conclusion")
ALWAYS, SIGNS = 4, 9
NEEDED = {"special", "children", "officer", "conclusion", "why_not"}  # what the engine asks for by name
RISK = ("what", "likelihood", "severity", "measures", "left")
MOST = 300
LANGUAGES = ("", "_fr")
KEYS = {"id", "kind", "role", "when", "article", "answers", "questions"}


def read(data: Mapping[str, Any]) -> Questions:
    """A version of the form. Raises ValueError where it makes no sense."""
    found = Questions(
        version=data["version"],
        valid_from=date.fromisoformat(data["valid_from"]),
        source=source_of(dict(data)),
        needed_from=data["needed_from"],
        sections=tuple(_section(one) for one in data["sections"]),
        risk=tuple(_question(one, may_be_empty=True) for one in data["risk"]["fields"]),
        examples=tuple(Example(_words(one, ("text",))) for one in data["risk"]["examples"]),
    )
    _check(found)
    return found


def _section(row: Mapping[str, Any]) -> Section:
    questions = tuple(_question(one) for one in row["questions"])
    return Section(row["id"], row["article"], questions, _words(row, ("title", "told")))


def _question(row: Mapping[str, Any], *, may_be_empty: bool = False) -> Question:
    words = _words(row, ("question",)) | _words(row, ("help", "example"), may_be_empty=may_be_empty)
    if odd := set(row) - set(words) - KEYS:
        raise ValueError(f"{row['id']}: nobody reads {', '.join(sorted(odd))}")
    options = tuple(Option(one["id"], _words(one, ("label",))) for one in row.get("answers", ()))
    kind, role, when = Kind(row["kind"]), row.get("role"), row.get("when", "")
    if (kind is Kind.CHOICE) != bool(options) or (when and when not in WHEN):
        raise ValueError(f"{row['id']}: a choice has answers, nothing else has, and when is one of {', '.join(WHEN)}")
    return Question(row["id"], kind, Role(role) if role else None, when, row.get("article", ""), options, words)


def _words(row: Mapping[str, Any], names: tuple[str, ...], *, may_be_empty: bool = False) -> dict[str, str]:
    found = {f"{name}{language}": row.get(f"{name}{language}", "") for name in names for language in LANGUAGES}
    for name, text in found.items():
        if not isinstance(text, str) or len(text) > MOST or not (may_be_empty or text.strip()):
            raise ValueError(f"{row.get('id', name)}: {name} needs 1 to {MOST} letters")
    return found


def _check(found: Questions) -> None:
    """What only the whole shows."""
    asked = [one for section in found.sections for one in section.questions]
    if tuple(one.id for one in found.sections) != SECTIONS or tuple(one.id for one in found.risk) != RISK:
        raise ValueError(f"the sections are {', '.join(SECTIONS)}, and a risk has {', '.join(RISK)}")
    if len(found.by_id) != len(asked) or not set(found.by_id) >= NEEDED:
        raise ValueError("each question stands once, and those that decide something are there")
    flags = [one for one in asked if one.role is not None]
    counts = tuple(sum(one.role is role for one in flags) for role in (Role.ALWAYS, Role.SIGN))
    if counts != (ALWAYS, SIGNS) or any(one.kind is not Kind.FLAG for one in flags):
        raise ValueError(f"the screening has {ALWAYS} cases of the law and {SIGNS} signs, each a flag")
