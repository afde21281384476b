"""One reason for or against a mode: a rule or figure, whether the profile meets it, and what it rests on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from fabrica.calls.engine.conditions import Answer
from fabrica.kit.facts import Source

SURE = ("A", "B")


class Verdict(StrEnum):
    """What a mode is for a profile."""

    FITS = "fits"
    MAY_FIT = "may_fit"
    DOES_NOT_FIT = "does_not_fit"


@dataclass(frozen=True)
class Part:
    """A sentence of `saying`, by its code, with what it names."""

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Reason:
    """A rule of the data (its `text`) or a figure (its sentences in `parts`). `asks`: answers that would decide it.

    `about`: the answers that a rule of the data looks at; a figure is told by its `rule`.
    """

    rule: str
    holds: Answer
    source: Source
    text: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    asks: tuple[str, ...] = ()
    is_advice: bool = False
    about: tuple[str, ...] = ()

    @property
    def decides(self) -> bool:
        """Whether breaking it means no: advice does not, nor does what nobody is sure of."""
        return not self.is_advice and self.source.confidence in SURE


def verdict_of(reasons: tuple[Reason, ...]) -> Verdict:
    """No where a rule that decides is broken; else yes where all are met; else it may fit."""
    if any(one.holds is False and one.decides for one in reasons):
        return Verdict.DOES_NOT_FIT
    return Verdict.FITS if all(one.holds for one in reasons) else Verdict.MAY_FIT
