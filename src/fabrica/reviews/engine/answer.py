"""The assignment as plain data, and its reasons in words."""

from typing import Any

from fabrica.reviews.engine.assigning import Assignment, Unfilled
from fabrica.reviews.engine.pairing import Pairing

BINDS = {
    "limit": "All who could review it are at their limit.",
    "conflict": "All others who know its field and language have a conflict of interest.",
    "blocked": "All others who know its field and language are blocked.",
    "language": "Nobody else who knows its field reads its language.",
    "field": "Nobody else knows its field.",
}
HELPS = {
    "conflict": "Invite an expert of another organisation.",
    "blocked": "Lift a block, or invite another expert.",
    "language": "Invite an expert who reads its language.",
    "field": "Invite an expert of its field.",
}


def as_dict(found: Assignment) -> dict[str, Any]:
    """The whole answer, as `--json` prints it."""
    return {
        "format": "fabrica-reviewers-assignment/1",
        "is_filled": not found.unfilled,
        "pairs": [_pair(one, found) for one in found.pairs],
        "unfilled": [_unfilled(one) for one in found.unfilled],
        "one_organisation": list(found.one_organisation),
        "load": found.load,
    }


def _pair(one: Pairing, found: Assignment) -> dict[str, Any]:
    return {
        "application": one.application.id,
        "expert": one.expert.id,
        "points": one.points,
        "fields": dict(one.fields),
        "language": one.application.language,
        "kept": (one.expert.id, one.application.id) in found.kept,
    }


def _unfilled(one: Unfilled) -> dict[str, Any]:
    helps = HELPS.get(one.binds) or f"One review more by any of these: {', '.join(one.helpers[:10])}."
    return {
        "application": one.application,
        "missing": one.missing,
        "binds": one.binds,
        "why": BINDS[one.binds],
        "helps": helps,
        "others": one.against,
    }
