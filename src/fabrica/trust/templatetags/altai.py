"""How a self-assessment is shown beside something else: `{% load altai %}`."""

from typing import Any

from django import template
from django.utils.translation import get_language

from fabrica.trust.engine.altai import Requirement, Result, Score, checklist
from fabrica.trust.queries.altai import last_handed_in

register = template.Library()


def titled(found: Result) -> list[tuple[int, str, Score]]:
    """Each score with its number and its requirement's title, in the reader's language."""
    rules: dict[str, Requirement] = {one.id: one for one in checklist(found.version).requirements}
    language = get_language()
    return [
        (number, rules[one.requirement].said("title", language), one)
        for number, one in enumerate(found.scores, start=1)
    ]


@register.inclusion_tag("trust/self_assessed.html")
def self_assessed(subject: str, address: str = "") -> dict[str, Any]:
    """What a subject handed in last, as a table; nothing where it handed in none. `address`: where all of it stands."""
    row = last_handed_in(subject)
    result = row.result if row else None
    return {"row": row, "result": result, "rows": titled(result) if result else [], "address": address}


@register.inclusion_tag("trust/self_scores.html")
def self_scores(found: Result) -> dict[str, Any]:
    """The scores of a result as a table."""
    return {"rows": titled(found)}
