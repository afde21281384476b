"""How complete the documents are, and for all that is missing: what it is, who can tell, and where to say it."""

from dataclasses import dataclass
from typing import Any

from fabrica.registry.engine.documents.finding import Applies, applies, find, labels_of
from fabrica.registry.engine.documents.rows import Document, Field, Table, table
from fabrica.registry.engine.documents.schema import at, complete


@dataclass(frozen=True)
class Missing:
    """A required fact that nobody gave: the documents that lack it, and who can tell where."""

    field: str
    what: str
    what_fr: str
    documents: tuple[str, ...]
    refs: tuple[str, ...]
    who: str
    where: str
    where_fr: str
    section: str = ""

    def __str__(self) -> str:
        return self.what


@dataclass(frozen=True)
class DocumentScore:
    """One document: whether it is owed (`yes`, `no`, `open`), and how much of what it requires is known."""

    document: str
    file: str
    title: str
    title_fr: str
    owed: str
    score: int
    known: int
    required: int


@dataclass(frozen=True)
class Completeness:
    """0 to 100, 100 only where nothing is missing; each document's own; and all that is missing.

    Score and list are over the documents that count: not those that only some models owe, and this one does not.
    """

    score: int
    documents: tuple[DocumentScore, ...]
    missing: tuple[Missing, ...]

    def as_dict(self) -> dict[str, Any]:
        """As JSON tells it."""
        return {
            "score": self.score,
            "documents": [vars(one) for one in self.documents],
            "missing": [
                {**vars(one), "documents": list(one.documents), "refs": list(one.refs)} for one in self.missing
            ],
        }


def completeness(facts: dict[str, Any], rows: Table | None = None) -> Completeness:
    """How much of what the documents require stands in a facts record. Raises Refused for an unknown format."""
    rows, facts = rows or table(), complete(facts)
    required = [one for one in rows.fields if _is_required(facts, one)]
    gaps = [one for one in required if not find(facts, one).text]
    scores = tuple(_score(facts, one, required, gaps) for one in rows.documents)
    counting = {one.id for one in rows.documents if not one.owed_with or owed(facts, one) != Applies.NO}
    counted = [one for one in required if _required_by(one) & counting]
    missing = tuple(_missing(one, counting) for one in gaps if _required_by(one) & counting)
    return Completeness(_percent(len(counted) - len(missing), len(counted)), scores, missing)


def owed(facts: dict[str, Any], document: Document) -> Applies:
    """Whether the gate's labels make a document owed. What a model without any such duty gives out is given freely."""
    if not document.owed_with:
        return Applies.NO
    if not isinstance(at(facts, "trust.labels"), list):
        return Applies.OPEN
    labels = labels_of(at(facts, "trust.labels"))
    # Free and open release lifts no duty from a model with systemic risk (Article 53(2)).
    is_lifted = labels & document.not_with and "GPAI_SR" not in labels
    return Applies.YES if labels & document.owed_with and not is_lifted else Applies.NO


def _required_by(one: Field) -> set[str]:
    return {place.document for place in one.places if place.required}


def _is_required(facts: dict[str, Any], one: Field) -> bool:
    return bool(_required_by(one)) and applies(facts, one.when) == Applies.YES


def _percent(known: int, required: int) -> int:
    return known * 100 // required if required else 100


def _score(facts: dict[str, Any], one: Document, required: list[Field], gaps: list[Field]) -> DocumentScore:
    def count(fields: list[Field]) -> int:
        return sum(one.id in _required_by(field) for field in fields)

    all_of_it = count(required)
    known = all_of_it - count(gaps)
    title, title_fr = one.words["title"], one.words["title_fr"]
    is_owed = owed(facts, one).value
    return DocumentScore(one.id, one.file, title, title_fr, is_owed, _percent(known, all_of_it), known, all_of_it)


def _missing(one: Field, counting: set[str]) -> Missing:
    places = [place for place in one.places if place.required and place.document in counting]
    where, where_fr = one.said("where"), one.said("where", "fr")
    if one.ask:
        where, where_fr = one.ask.words["question"], one.ask.words["question_fr"]
    return Missing(
        one.id, one.said("name"), one.said("name", "fr"), tuple(dict.fromkeys(place.document for place in places)),
        tuple(place.ref for place in places), one.who, where, where_fr, one.ask.section if one.ask else "",
    )  # fmt: skip
