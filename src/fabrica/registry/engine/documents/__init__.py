"""Every document that is owed for a model, or useful, rendered from one facts record. Pure; needs no Django."""

import json
from typing import Any

from fabrica.registry.engine.documents.annexes import render_xi, render_xii
from fabrica.registry.engine.documents.bom import bom
from fabrica.registry.engine.documents.card import render_card
from fabrica.registry.engine.documents.completing import Completeness, DocumentScore, Missing, completeness
from fabrica.registry.engine.documents.croissant import croissants
from fabrica.registry.engine.documents.form import render as render_form
from fabrica.registry.engine.documents.prov import provenance
from fabrica.registry.engine.documents.rows import table
from fabrica.registry.engine.documents.schema import complete
from fabrica.registry.engine.documents.summary import render as render_summary

__all__ = ["Completeness", "DocumentScore", "Missing", "completeness", "render_all"]
MARKDOWN = {
    "card": render_card,
    "summary": render_summary,
    "form": render_form,
    "xi": render_xi,
    "xii": render_xii,
}


def render_all(facts: dict[str, Any]) -> dict[str, bytes]:
    """The content of each document by its file's name, byte for byte the same for the same facts.

    Raises Refused for facts of a format that this code does not know.
    """
    whole = complete(facts)
    files = {one.id: one.file for one in table().documents}
    texts = {files[name]: render(whole) for name, render in MARKDOWN.items()}
    objects = {files["bom"]: bom(whole), files["prov"]: provenance(whole), **croissants(whole)}
    texts |= {name: _json(value, sort_keys=False) for name, value in objects.items()}
    texts["facts.json"] = _json(facts, sort_keys=True)
    return {name: texts[name].encode(errors="replace") for name in sorted(texts)}


def _json(value: dict[str, Any], *, sort_keys: bool) -> str:
    return json.dumps(value, indent=2, sort_keys=sort_keys, ensure_ascii=False) + "\n"
