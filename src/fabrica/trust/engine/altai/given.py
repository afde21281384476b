"""A file of answers, as `fabrica trust altai` reads it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fabrica.kit.errors import Refused
from fabrica.trust.engine.altai.asking import Scope

FORMAT = "fabrica-altai/1"
MAX_BYTES = 50_000
KEYS = {"format", "version", "scope", "answers", "ratings"}


@dataclass(frozen=True)
class Given:
    """What a file holds. `version` is empty where it says none."""

    answers: Mapping[str, str]
    ratings: Mapping[str, int]
    version: str
    scope: Scope


def read(raw: bytes) -> Given:
    """The answers in a file's content. Raises Refused."""
    if len(raw) > MAX_BYTES:
        raise Refused("The file is too large.", why=f"{MAX_BYTES} bytes are the most.")
    try:
        loaded = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Refused("The file is no JSON document.", why=str(error)[:300]) from error
    if not isinstance(loaded, dict) or loaded.get("format") != FORMAT or set(loaded) - KEYS:
        raise _unread(f"It is an object with format {FORMAT!r}, and nothing but {', '.join(sorted(KEYS))}.")
    answers, ratings = loaded.get("answers", {}), loaded.get("ratings", {})
    version, scope = loaded.get("version", ""), loaded.get("scope", Scope.ALL.value)
    if not isinstance(version, str) or scope not in list(Scope):
        raise _unread(f"version is text, and scope one of: {', '.join(Scope)}.")
    if not _holds(answers, str) or not _holds(ratings, int):
        raise _unread("answers are text by item, ratings whole numbers by requirement.")
    return Given(answers, ratings, version, Scope(scope))


def _holds(found: Any, kind: type) -> bool:
    return isinstance(found, dict) and all(isinstance(one, kind) for one in found.values())


def _unread(why: str) -> Refused:
    return Refused("The file holds no self-assessment.", why=why, todo="The format stands in docs/applicant/altai.md.")
