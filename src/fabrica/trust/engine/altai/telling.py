"""A result and the list as plain data, in a language: what `--json` prints, the API answers and a record keeps."""

from typing import Any

from fabrica.trust.engine.altai.checklist import ENGLISH, Checklist, Item
from fabrica.trust.engine.altai.scoring import Result
from fabrica.trust.engine.altai.versions import checklist


def as_dict(found: Result, language: str | None = ENGLISH) -> dict[str, Any]:
    """Scores with their words, and what to do, the weightiest first."""
    rules = checklist(found.version)
    titles = {one.id: one.said("title", language) for one in rules.requirements}
    return {
        "version": found.version,
        "scope": found.scope.value,
        "asked": found.asked,
        "answered": found.answered,
        "scores": [
            {
                "requirement": one.requirement,
                "title": titles[one.requirement],
                "points": one.points,
                "asked": one.asked,
                "answered": one.answered,
                "not_applicable": one.not_applicable,
                "unsure": one.unsure,
                "rating": one.rating,
            }
            for one in found.scores
        ],
        "recommendations": [
            {
                "item": one.item.id,
                "requirement": one.item.requirement,
                "weight": one.item.weight,
                "answer": one.answer.value,
                "question": one.item.said("question", language),
                "recommendation": one.item.said("recommendation", language),
            }
            for one in found.advice
        ],
    }


def list_as_dict(rules: Checklist, language: str | None = ENGLISH) -> dict[str, Any]:
    """The whole list, to be answered elsewhere."""
    return {
        "version": rules.version,
        "title": rules.said("title", language),
        "source": str(rules.source),
        "requirements": [
            {"id": one.id, "title": one.said("title", language), "told": one.said("told", language)}
            for one in rules.requirements
        ],
        "items": [_item(one, language) for one in rules.items],
    }


def _item(one: Item, language: str | None) -> dict[str, Any]:
    words = {name: one.said(name, language) for name in ("question", "help", "recommendation")}
    placed = {"id": one.id, "requirement": one.requirement, "topic": one.topic, "gate": one.is_gate}
    return {**placed, "weight": one.weight, "answers": [answer.value for answer in one.kind.answers], **words}
