"""The record of processing activities: what Fabrica stores about people, for what and on which ground, as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from fabrica.kit.facts import Source, load, source_of

FIELDS = ("title", "purpose", "basis", "persons", "data", "recipients", "retention", "security")
LANGUAGES = ("", "_fr")


@dataclass(frozen=True)
class Activity:
    """One activity: the context whose it is, the tables it lives in (`app.Model`), and the words of each field."""

    id: str
    context: str
    tables: tuple[str, ...]
    words: Mapping[str, str]

    def said(self, name: str, language: str | None) -> str:
        """A field's words: in the language, else in English."""
        return self.words.get(f"{name}_{(language or 'en').partition('-')[0]}") or self.words[name]


@dataclass(frozen=True)
class ProcessingRecord:
    """A version of the record."""

    version: str
    source: Source
    words: Mapping[str, str]
    activities: tuple[Activity, ...]

    def note(self, language: str | None) -> str:
        """What one must know to read it."""
        return self.words.get(f"note_{(language or 'en').partition('-')[0]}") or self.words["note"]


@cache
def processing() -> ProcessingRecord:
    """The record that comes along."""
    return read(load("fabrica.people", "processing.json"))


def read(data: Mapping[str, Any]) -> ProcessingRecord:
    """Raises ValueError where a field is empty, or an activity or a table stands twice."""
    activities = tuple(
        Activity(row["id"], row["context"], tuple(row["tables"]), _words(row, FIELDS)) for row in data["activities"]
    )
    tables = [table for one in activities for table in one.tables]
    if len({one.id for one in activities}) != len(activities) or len(set(tables)) != len(tables):
        raise ValueError("an activity or a table stands twice")
    if not all(one.tables for one in activities):
        raise ValueError("an activity without tables")
    return ProcessingRecord(data["version"], source_of(dict(data)), _words(data, ("note",)), activities)


def _words(row: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, str]:
    found = {f"{name}{language}": row.get(f"{name}{language}", "") for name in names for language in LANGUAGES}
    if empty := [name for name, text in found.items() if not isinstance(text, str) or not text.strip()]:
        raise ValueError(f"{row.get('id', 'the record')} does not say its {', '.join(empty)}")
    return found
