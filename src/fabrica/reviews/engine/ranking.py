"""From scores to a ranking: weighted points, thresholds, spread, calibration, the line where the hours end. Pure.

Points are exact fractions from 0 to 100. An application that misses a threshold comes after all that meet theirs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from fabrica.reviews.engine.criteria import WHOLE, Criteria, Criterion


@dataclass(frozen=True)
class Scored:
    """One review that was handed in."""

    application: str
    reviewer: str
    scores: Mapping[str, int]


@dataclass(frozen=True)
class Merged:
    """The reviews of one application together. `spread`: the most two of them lie apart; `below`: thresholds missed."""

    application: str
    points: Fraction
    spread: Fraction
    reviews: int
    means: Mapping[str, Fraction]
    below: tuple[str, ...]


@dataclass(frozen=True)
class Ranked:
    """An application in the order of merit. `is_tied`: another has the same points."""

    merged: Merged
    position: int
    is_tied: bool


@dataclass(frozen=True)
class Measured:
    """How one reviewer scores: the mean of all they gave, and by how much it lies above what others gave the same.

    `difference` is None where nobody else reviewed any of it.
    """

    reviewer: str
    reviews: int
    mean: Fraction
    difference: Fraction | None


@dataclass(frozen=True)
class Line:
    """One application under the budget: what it and all before it need, and whether that fits."""

    application: str
    gpu_seconds: int
    together: int
    fits: bool


def points(scores: Mapping[str, int], criteria: Criteria) -> Fraction:
    """The weighted points of one review."""
    return sum((_share(one, scores[one.id]) * one.weight for one in criteria.each), Fraction())


def _share(one: Criterion, score: int) -> Fraction:
    return Fraction(score - one.low, one.high - one.low)


def merge(application: str, reviews: Sequence[Scored], criteria: Criteria) -> Merged:
    """The reviews of one application together; there is at least one."""
    each = [points(one.scores, criteria) for one in reviews]
    means = {one.id: mean([Fraction(given.scores[one.id]) for given in reviews]) for one in criteria.each}
    below = tuple(one.id for one in criteria.each if means[one.id] < one.threshold)
    return Merged(application, mean(each), max(each) - min(each), len(each), means, below)


def mean(values: Sequence[Fraction]) -> Fraction:
    """The mean of values, of which there is at least one."""
    return sum(values, Fraction()) / len(values)


def rank(merged: Sequence[Merged]) -> list[Ranked]:
    """Best first; of equal points the one named first, both called tied."""
    ordered = sorted(merged, key=lambda one: (bool(one.below), -one.points, one.application))
    keys = [(bool(one.below), one.points) for one in ordered]
    return [Ranked(one, at + 1, keys.count(keys[at]) > 1) for at, one in enumerate(ordered)]


def calibrate(scored: Sequence[tuple[Scored, Fraction]]) -> list[Measured]:
    """Each reviewer's mean, and how it lies against what others gave the same applications."""
    found = []
    for name in sorted({one.reviewer for one, _ in scored}):
        mine = [(one.application, value) for one, value in scored if one.reviewer == name]
        apart = []
        for application, value in mine:
            others = [got for one, got in scored if one.application == application and one.reviewer != name]
            apart += [value - mean(others)] if others else []
        found.append(Measured(name, len(mine), mean([value for _, value in mine]), mean(apart) if apart else None))
    return found


def cut(wanted: Sequence[tuple[str, int, bool]], free: int) -> list[Line]:
    """The line under the budget: (application, GPU-seconds, whether it is proposed), best first.

    The line is drawn at the first that does not fit: nothing behind it is taken before it.
    """
    together, found, is_over = 0, [], False
    for name, seconds, is_proposed in wanted:
        if not is_proposed:
            found.append(Line(name, seconds, together, fits=False))
            continue
        together += seconds
        is_over = is_over or together > free
        found.append(Line(name, seconds, together, fits=not is_over))
    return found


def as_percent(value: Fraction) -> float:
    """Points as people read them, one decimal."""
    return round(float(value), 1)


__all__ = ["WHOLE", "Line", "Measured", "Merged", "Ranked", "Scored", "calibrate", "cut", "merge", "points", "rank"]
