"""From which figures on a probe passes, warns or fails: data with reason and source, and the one rule that reads it."""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from fabrica.evaluation.battery.result import Result, Verdict
from fabrica.evaluation.battery.spread import Spread


@dataclass(frozen=True)
class Threshold:
    """It passes where the whole interval is at most `pass_at`, fails where the whole lies above `fail_at`.

    Between, and below `at_least` of n, it warns. None: nothing is so good, or so bad.
    """

    pass_at: float | None
    fail_at: float | None
    at_least: int
    unit: str
    reason: str
    source: str
    confidence: str

    def __str__(self) -> str:
        passes = f"pass: at most {self.pass_at:g}" if self.pass_at is not None else "never a pass"
        fails = f"fail: above {self.fail_at:g}" if self.fail_at is not None else "never a fail"
        return f"{passes}; {fails} ({self.unit}, whole interval; n at least {self.at_least})"

    def judge(self, figure: Spread) -> Verdict:
        """What follows from a figure."""
        if self.fail_at is not None and figure.low > self.fail_at:
            return Verdict.FAIL
        if self.pass_at is not None and figure.n >= self.at_least and figure.high <= self.pass_at:
            return Verdict.PASS
        return Verdict.WARN


@cache
def thresholds() -> dict[str, Threshold]:
    """All, by key as `bias.bits`."""
    raw = json.loads(files("fabrica.evaluation.battery").joinpath("data/thresholds.json").read_text("utf-8"))
    return {key: Threshold(**one) for key, one in raw["thresholds"].items()}


def judged(key: str, figure: Spread, **facts: Any) -> Result:
    """The result of a figure by the threshold `key`; `facts` are its probe, name and what else it tells.

    Its unit and verdict follow from the threshold where the facts name none.
    """
    limit = thresholds()[key]
    shown = {"value": figure.value, "low": figure.low, "high": figure.high, "n": figure.n}
    return Result(**{"verdict": limit.judge(figure), "unit": limit.unit, "threshold": str(limit), **shown, **facts})
