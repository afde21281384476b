"""What the figures of a battery mean, in plain words: data, a title and a paragraph for each probe."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from fabrica.evaluation.battery.result import Verdict

WORDS = {
    Verdict.PASS: "passes",
    Verdict.WARN: "look at it",
    Verdict.FAIL: "fails",
    Verdict.NOT_RUN: "not told",
    Verdict.TOLD: "not judged",
}


@cache
def _read() -> dict[str, Any]:
    raw = json.loads((files("fabrica.evaluation.battery") / "data" / "meanings.json").read_bytes())
    return dict(raw)


def notice() -> str:
    """What a reader of any figure must know."""
    return str(_read()["notice"])


def meaning(probe: str) -> tuple[str, str]:
    """Title and paragraph of a probe; its own name where none is written."""
    one = _read()["probes"].get(probe, {"title": probe.capitalize(), "words": ""})
    return str(one["title"]), str(one["words"])
