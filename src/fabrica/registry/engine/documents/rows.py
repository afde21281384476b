"""The fields of all documents as rows of data: what, where it stands in which document, who says it. Read on load."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from fabrica.kit.facts import Source, load, source_of
from fabrica.registry.engine.documents.schema import is_known
from fabrica.registry.engine.documents.values import FORMS

NAME = "documents-2026-2.json"
WHO = ("person", "run", "site")
KINDS = ("text", "long", "yes_no", "date", "number", "choices")
BY_POINTS = ("xi", "xii")
AUDIENCES = {"AIO": "AI Office", "NCA": "national authorities", "DP": "downstream providers"}
Words = Mapping[str, str]
Bands = tuple[tuple[int | None, str], ...]


@dataclass(frozen=True)
class Condition:
    """A row matters only where the value at `path` is `value`, or, if `value` is a text, has it in its list."""

    path: str
    value: bool | str


@dataclass(frozen=True)
class Question:
    """How a person is asked for it; `most` letters, of `options` for choices."""

    section: str
    kind: str
    words: Words
    most: int = 0
    options: tuple[tuple[str, Words], ...] = ()


@dataclass(frozen=True)
class Place:
    """Where a field stands in a document, by which article, and, for the form, who may read it."""

    document: str
    section: str
    ref: str
    required: bool
    audience: tuple[str, ...]


@dataclass(frozen=True)
class Field:
    """One fact of the documents: the paths it is looked for at, in order, and how its value is written."""

    id: str
    words: Words
    paths: tuple[str, ...]
    form: str
    who: str
    places: tuple[Place, ...]
    when: Condition | None
    ask: Question | None

    def said(self, name: str, language: str = "en") -> str:
        """`name` or `where` in a language."""
        return said(self.words, name, language)


@dataclass(frozen=True)
class Section:
    """A heading of a document, or of the questions."""

    id: str
    words: Words


@dataclass(frozen=True)
class Document:
    """One document; it is owed where the gate gave one of `owed_with` and none of `not_with`."""

    id: str
    file: str
    words: Words
    source: Source
    sections: tuple[Section, ...]
    owed_with: frozenset[str]
    not_with: frozenset[str]


@dataclass(frozen=True)
class Range:
    """The ranges of size that the template of the summary knows for a modality, in its unit."""

    unit: str
    bands: Bands


@dataclass(frozen=True)
class Table:
    """All of it."""

    version: str
    notice: str
    bands: Bands
    ranges: Mapping[str, Range]
    documents: tuple[Document, ...]
    sections: tuple[Section, ...]
    fields: tuple[Field, ...]

    @property
    def asked(self) -> tuple[Field, ...]:
        """What a person is asked, in order."""
        return tuple(one for one in self.fields if one.ask)

    def document(self, name: str) -> Document:
        """The document of this id. Raises KeyError."""
        return {one.id: one for one in self.documents}[name]

    def in_document(self, name: str) -> list[tuple[Field, Place]]:
        """What stands in a document, section by section, in the order of the rows or, in the annexes, of points."""
        order = [one.id for one in self.document(name).sections]
        found = [(field, place) for field in self.fields for place in field.places if place.document == name]
        is_by_points = name in BY_POINTS
        return sorted(found, key=lambda pair: (order.index(pair[1].section), pair[1].ref if is_by_points else ""))


def said(words: Words, name: str, language: str) -> str:
    """Words of a row in a language, in English where there are none."""
    return words.get(f"{name}_{language}") or words.get(name, "")


@cache
def table() -> Table:
    """The rows that are shipped."""
    return table_from(load("fabrica.registry", NAME))


def table_from(data: Mapping[str, Any]) -> Table:
    """Read and check rows. Raises ValueError, in words, for what a document could not be made from."""
    bands = _bands(data["size_bands"])
    ranges = {one["as"]: Range(one["unit"], _bands(one)) for one in data["modality_ranges"]["ranges"]}
    for name in ("size_bands", "modality_ranges"):
        source_of(data[name])
    documents = tuple(_document(one) for one in data["documents"])
    sections = tuple(_section(one) for one in data["sections"])
    fields = tuple(_field(one) for one in data["fields"])
    found = Table(data["version"], data["notice"], bands, ranges, documents, sections, fields)
    _check(found)
    return found


def _bands(row: Mapping[str, Any]) -> Bands:
    return tuple((most, words) for most, words in row["bands"])


def _section(row: Mapping[str, Any]) -> Section:
    return Section(row["id"], _words(row, "title"))


def _words(row: Mapping[str, Any], *names: str) -> Words:
    """Words in English and French. Raises ValueError where one of the two is missing."""
    found: dict[str, str] = {}
    for name in names:
        if bool(row.get(name)) != bool(row.get(f"{name}_fr")):
            raise ValueError(f"{name} stands there in English and in French: {str(row)[:120]}")
        found |= {name: row.get(name, ""), f"{name}_fr": row.get(f"{name}_fr", "")}
    return found


def _document(row: Mapping[str, Any]) -> Document:
    return Document(
        row["id"], row["file"], _words(row, "title"), source_of(dict(row)),
        tuple(_section(one) for one in row["sections"]), frozenset(row["owed_with"]), frozenset(row["not_with"]),
    )  # fmt: skip


def _field(row: Mapping[str, Any]) -> Field:
    told, ask = row.get("when"), row.get("ask")
    when = Condition(told["path"], told["is"] if "is" in told else told["has"]) if told else None
    places = tuple(
        Place(one["document"], one["section"], one["ref"], one["required"], tuple(one.get("for", ())))
        for one in row["in"]
    )
    question = _question(ask) if ask else None
    return Field(
        row["id"], _words(row, "name", "where"), tuple(row["path"]), row["as"], row["who"], places, when, question
    )


def _question(row: Mapping[str, Any]) -> Question:
    options = tuple((one["key"], _words(one, "label")) for one in row.get("options", ()))
    words = _words(row, "question", "help")
    return Question(row["section"], row["kind"], words, row.get("most", 0), options)


def _check(found: Table) -> None:
    """Raise ValueError for a reference that leads nowhere."""
    ids = [one.id for one in found.fields]
    if len(set(ids)) != len(ids):
        raise ValueError(f"a field stands there twice: {sorted(one for one in set(ids) if ids.count(one) > 1)}")
    declared = frozenset(one.id for one in found.asked)
    sections = {one.id: {part.id for part in one.sections} for one in found.documents}
    for one in found.fields:
        _check_field(one, declared, sections)
        if one.ask and one.ask.section not in {part.id for part in found.sections}:
            raise ValueError(f"{one.id}: the questions have no section {one.ask.section}")
    fed = {path for one in found.fields if one.places for path in one.paths}
    if idle := [one.id for one in found.fields if not fed & set(one.paths)]:
        raise ValueError(f"in no document: {', '.join(idle)}")


def _check_field(one: Field, declared: frozenset[str], sections: Mapping[str, set[str]]) -> None:
    paths = [*one.paths, *([one.when.path] if one.when else [])]
    if strange := [path for path in paths if not is_known(path, declared)]:
        raise ValueError(f"{one.id}: facts have no {', '.join(strange)}")
    if one.form not in FORMS or one.who not in WHO or not one.said("name"):
        raise ValueError(f"{one.id}: a field has a name, one of {', '.join(WHO)}, and one of {', '.join(FORMS)}")
    if (one.who == "person") != bool(one.ask) or (not one.ask and not one.said("where")):
        raise ValueError(f"{one.id}: what a person says is asked, and of all else it is told where it comes from")
    if one.ask and (one.ask.kind not in KINDS or (one.ask.kind == "choices") != bool(one.ask.options)):
        raise ValueError(f"{one.id}: a question is one of {', '.join(KINDS)}, with options for choices")
    for place in one.places:
        if place.section not in sections.get(place.document, ()) or not place.ref:
            raise ValueError(f"{one.id}: there is no {place.document}, section {place.section}")
        if bool(place.audience) != (place.document == "form") or set(place.audience) - set(AUDIENCES):
            raise ValueError(f"{one.id}: the form says for whom it is, of {', '.join(AUDIENCES)}")
