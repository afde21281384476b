"""A declaration as a tagged PDF. Words of people reach typst as data in one JSON text, never as its code."""

import json
from collections.abc import Mapping
from importlib import resources
from typing import Any


def to_pdf(told: Mapping[str, Any]) -> bytes:
    """The document (PDF/UA-1); the same content gives the same bytes."""
    import typst  # noqa: PLC0415 - 30 MB, and few documents are printed

    template = resources.files("fabrica.people").joinpath("data", "sme-declaration.typ").read_bytes()
    made = typst.compile(
        template, format="pdf", sys_inputs={"data": json.dumps(told)}, ignore_system_fonts=True, pdf_standards="ua-1"
    )
    return bytes(made)
