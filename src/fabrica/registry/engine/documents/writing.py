"""Writing Markdown, and the documents that are tables of rows: each field, its value, how it is known, from where."""

import re
from collections.abc import Callable
from itertools import groupby
from typing import Any

from fabrica.registry.engine.documents.finding import NOT_APPLICABLE, UNKNOWN, Applies, applies, find, source
from fabrica.registry.engine.documents.rows import AUDIENCES, Document, Field, Place, table

SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|])")
LEGEND = (
    "Declared: a person of the project said so. Measured: a program measured it. Estimated: computed from stated "
    "assumptions. Decided: by the gate. Recorded: the site or the run wrote it down. Unknown: nobody told, and nothing "
    "was guessed."
)
More = Callable[[dict[str, Any], str], str]


def safe(value: str) -> str:
    """Text on one line that Markdown leaves alone."""
    return SPECIAL.sub(r"\\\1", " ".join(value.split()))


def row(*cells: str) -> str:
    """A line of a table."""
    return "| " + " | ".join(cells) + " |"


def tables(facts: dict[str, Any], name: str, *, preface: str, more: More = lambda _facts, _section: "") -> str:
    """A document of rows, section by section; `more` gives what follows a section's table."""
    document = table().document(name)
    titles = {one.id: one.words["title"] for one in document.sections}
    parts = [f"# {document.words['title']}", preface, _made_from(facts, document), LEGEND]
    for section, rows in groupby(table().in_document(name), key=lambda pair: pair[1].section):
        parts += [f"## {titles[section]}", _table(facts, list(rows), name)]
        if told := more(facts, section):
            parts.append(told)
    return "\n\n".join(parts) + "\n"


def _made_from(facts: dict[str, Any], document: Document) -> str:
    name = facts.get("name")
    return (
        f"Model: {safe(str(name)) if name else UNKNOWN}. Fields after: {safe(str(document.source))}. "
        f"{safe(table().notice)} No legal advice."
    )


def _table(facts: dict[str, Any], rows: list[tuple[Field, Place]], name: str) -> str:
    """The rows of a section; the form says for whom each is, the annexes which point asks for it."""
    extra = {"form": ["For"], "xi": ["Asked by"], "xii": ["Asked by"]}.get(name, [])
    heads = ["Field", *extra, "Value", "How known", "Source"]
    lines = [row(*heads), row(*["---"] * len(heads))]
    for field, place in rows:
        told = ", ".join(AUDIENCES[one] for one in place.audience) if place.audience else safe(place.ref)
        lines.append(row(safe(field.said("name")), *([told] if extra else []), *_cells(facts, field)))
    return "\n".join(lines)


def _cells(facts: dict[str, Any], field: Field) -> tuple[str, str, str]:
    found = find(facts, field)
    if not found.text and applies(facts, field.when) == Applies.NO:
        return NOT_APPLICABLE, "–", "–"
    return safe(found.said), found.how or "–", safe(source(facts, found))
