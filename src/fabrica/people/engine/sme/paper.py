"""A declaration as a tagged PDF. Words of people reach the typesetter as data in one JSON text, never as its code."""

from collections.abc import Mapping
from importlib import resources
from typing import Any

from fabrica.kit.typeset import typeset


def to_pdf(told: Mapping[str, Any]) -> bytes:
    """The document (PDF/UA-1, where the fonts have every letter); the same content gives the same bytes.

    Raises Unreachable.
    """
    template = resources.files("fabrica.people").joinpath("data", "sme-declaration.typ").read_text(encoding="utf-8")
    return typeset(template, told, 0)  # it has no date of its own: the day of signing stands in its words
