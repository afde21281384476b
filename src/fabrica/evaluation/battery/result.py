"""What a probe found: one figure with its interval, its baseline, its threshold and the verdict that follows."""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """What follows from a figure. A probe that could not tell is `not_run`, never a pass; its note says why.

    A figure without a threshold is `told`: it stands there, and nobody judged it.
    """

    PASS = "pass"  # noqa: S105 - a verdict
    WARN = "warn"
    FAIL = "fail"
    NOT_RUN = "not_run"
    TOLD = "told"


UNJUDGED = (Verdict.NOT_RUN, Verdict.TOLD)


@dataclass(frozen=True, kw_only=True)
class Result:
    """One figure of a probe. `value` is None where it was not run; `low` and `high` bound it at 95 %.

    Where there can be no interval, no baseline or no data, `note` says so in these words and tells why.
    """

    probe: str
    name: str
    verdict: Verdict
    value: float | None = None
    unit: str = ""
    low: float | None = None
    high: float | None = None
    n: int = 0
    baseline: float | None = None
    threshold: str = ""
    data_sha256: str = ""
    note: str = ""
    more: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {**asdict(self), "verdict": self.verdict.value}


def not_run(probe: str, name: str, why: str, **more: Any) -> Result:
    """A result that says why there is no figure."""
    return Result(probe=probe, name=name, verdict=Verdict.NOT_RUN, note=why, **more)
