"""Looking a field up in the facts: its value as text, where it was found and how it is known, or nothing."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fabrica.registry.engine.documents.rows import Condition, Field, Table, table
from fabrica.registry.engine.documents.schema import at, how
from fabrica.registry.engine.documents.values import FORMS, is_number

UNKNOWN, NOT_APPLICABLE = "unknown", "not applicable"


class Applies(StrEnum):
    """Whether a row matters; what decides it may itself be unknown."""

    YES = "yes"
    NO = "no"
    OPEN = "open"


@dataclass(frozen=True)
class Found:
    """A field's value in words, empty where nobody knows it; the path it stands at, and how it is known."""

    text: str = ""
    path: str = ""
    how: str = ""

    @property
    def said(self) -> str:
        """The value, or the word unknown."""
        return self.text or UNKNOWN


def find(facts: dict[str, Any], field: Field) -> Found:
    """The first of the field's paths that holds something its form can write."""
    for path in field.paths:
        if text := _written(field.form, at(facts, path)):
            return Found(text, path, how(path))
    return Found()


def _written(form: str, value: Any) -> str | None:
    told = FORMS[form](value)
    if form == "size_band" and told and is_number(value):
        return next(words for most, words in table().bands if most is None or value <= most)
    if (found := table().ranges.get(form)) and told and is_number(value):
        band = next(words for most, words in found.bands if most is None or value < most)
        return f"{told} {found.unit} ({band})"
    return told


def find_by_id(facts: dict[str, Any], name: str, rows: Table | None = None) -> Found:
    """The same, of a field by its id."""
    return find(facts, next(one for one in (rows or table()).fields if one.id == name))


def applies(facts: dict[str, Any], when: Condition | None) -> Applies:
    """Whether a row matters for this model."""
    if when is None:
        return Applies.YES
    value = at(facts, when.path)
    if isinstance(when.value, bool):
        known, holds = isinstance(value, bool), value is when.value
    else:
        known, holds = isinstance(value, list), when.value in labels_of(value)
    if not known:
        return Applies.OPEN
    return Applies.YES if holds else Applies.NO


def labels_of(value: Any) -> frozenset[str]:
    """The gate's labels, whether they stand there with words or without."""
    if not isinstance(value, list):
        return frozenset()
    return frozenset(str(one.get("label") if isinstance(one, dict) else one) for one in value)


def source(facts: dict[str, Any], found: Found) -> str:
    """Where it is written: the statement with its version, or the path in facts.json."""
    if not found.path:
        return "–"
    if found.path.startswith("statement."):
        version, day = at(facts, "statement.version"), str(at(facts, "statement.at") or "")[:10]
        return f"statement {version or UNKNOWN} of {day or UNKNOWN}"
    return f"facts.json: {found.path}"
