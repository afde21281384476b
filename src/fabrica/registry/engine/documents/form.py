"""The fields of the Model Documentation Form of the Code of Practice, each with whom it is for."""

from typing import Any

from fabrica.registry.engine.documents.writing import tables

PREFACE = (
    "Information for the AI Office and national authorities is given on request (Article 53(1)(a)); information for "
    "downstream providers is made available to them (Article 53(1)(b))."
)


def render(facts: dict[str, Any]) -> str:
    """The form as Markdown."""
    return tables(facts, "form", preface=PREFACE)
