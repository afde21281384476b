"""The panel of a version's page with its documents, for who sees inside."""

from typing import Any

from django import template

from fabrica.registry import declaring, rules
from fabrica.registry.engine.documents import completeness
from fabrica.registry.models import ModelVersion
from fabrica.registry.papers import document_columns, document_rows

register = template.Library()


@register.inclusion_tag("registry/papers.html", takes_context=True)
def papers_panel(context: dict[str, Any], version: ModelVersion) -> dict[str, Any]:
    """Each document with how complete it is, and the way to the statement."""
    user = context["request"].user
    person = user if user.is_authenticated else None
    if not rules.can_see_inside(person, version):
        return {}
    found = completeness(declaring.facts_with_statement(version))
    return {
        "version": version, "score": found.score, "columns": document_columns(),
        "documents": document_rows(version, found), "missing": len(found.missing),
        "can_declare": rules.can_declare(person, version.model),
    }  # fmt: skip
