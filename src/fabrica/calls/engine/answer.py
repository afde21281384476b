"""The whole answer as plain data: what `--json` and the API print and golden files hold."""

from typing import Any

from fabrica.calls.engine import saying
from fabrica.calls.engine.reasons import Reason
from fabrica.calls.engine.routing import Opening, Route, Routes
from fabrica.calls.engine.terms import Preparation, Terms, text_of

FORMAT = "fabrica-routes/1"


def as_dict(found: Routes, voice: saying.Voice = saying.ENGLISH) -> dict[str, Any]:
    """Every mode with its verdict and each of its reasons."""
    return {
        "format": FORMAT,
        "on": found.on.isoformat(),
        "profile": found.profile.said(),
        "asks": found.asks,
        "routes": [_route(one, voice) for one in found.routes],
    }


def mode_as_dict(terms: Terms, voice: saying.Voice = saying.ENGLISH) -> dict[str, Any]:
    """A mode with its rules, figures and what to prepare."""
    return {
        "mode": terms.key,
        "title": terms.title,
        "for_whom": terms.for_whom,
        "version": terms.version,
        "rules": [
            {
                "id": one.id, "text": text_of(one.text, voice.language), "is_advice": one.is_advice,
                **one.source.as_dict(),
            }
            for one in terms.rules
        ],
        "figures": [
            {
                "id": one.id, "label": saying.label(one, voice), "value": one.value,
                "text": saying.figure(one, terms, voice), **one.source.as_dict(),
            }
            for one in terms.figures.values()
        ],
        "prepare": [_preparation(one, voice) for one in terms.prepare],
    }  # fmt: skip


def _route(one: Route, voice: saying.Voice) -> dict[str, Any]:
    return {
        "mode": one.terms.key,
        "title": one.terms.title,
        "version": one.terms.version,
        "verdict": one.verdict.value,
        "reasons": [reason_as_dict(reason, voice) for reason in one.reasons],
        "asks": list(one.asks),
        "prepare": [_preparation(paper, voice) for paper in one.prepare],
        "opening": _opening(one.opening, voice),
    }


def reason_as_dict(one: Reason, voice: saying.Voice = saying.ENGLISH) -> dict[str, Any]:
    """A rule or limit in words, met, broken or open, with where it is written."""
    told = {"rule": one.rule, "holds": one.holds, "decides": one.decides, "text": saying.reason(one, voice)}
    return {**told, **one.source.as_dict()}


def _preparation(one: Preparation, voice: saying.Voice) -> dict[str, Any]:
    return {"id": one.id, "text": text_of(one.text, voice.language), **one.source.as_dict()}


def _opening(one: Opening, voice: saying.Voice) -> dict[str, Any]:
    at = one.at.isoformat() if one.at else None
    day = one.day.isoformat() if one.day else None
    told: dict[str, Any] = {"when": one.when.value, "day": day, "at": at, "text": saying.opening(one, voice)}
    return {**told, **(one.figure.source.as_dict() if one.figure else {})}
