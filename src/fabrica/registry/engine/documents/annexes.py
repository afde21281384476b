"""Skeletons of the technical documentation of Annex XI and of the information for downstream providers of Annex XII."""

from typing import Any

from fabrica.registry.engine.documents.writing import tables

FOR_AUTHORITIES = (
    "Technical documentation of the model, kept up to date and given to the AI Office and national authorities on "
    "request (Article 53(1)(a)). Section 2 concerns models with systemic risk only."
)
FOR_DOWNSTREAM = (
    "What providers who build the model into their systems must know to understand what it can do and where it ends, "
    "and to keep their own duties (Article 53(1)(b))."
)


def render_xi(facts: dict[str, Any]) -> str:
    """Annex XI as Markdown, each point."""
    return tables(facts, "xi", preface=FOR_AUTHORITIES)


def render_xii(facts: dict[str, Any]) -> str:
    """Annex XII as Markdown, each point."""
    return tables(facts, "xii", preface=FOR_DOWNSTREAM)
