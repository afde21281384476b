"""How far a probe's figure may be off at 95 %: a rate by Poisson, a mean by drawing again, a share by Wilson."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

TAIL = 0.025
Z = 1.959964
DRAWS, SEED = 2_000, 5
STEPS = 60
STUDENT = {1: 12.7062, 2: 4.3027, 3: 3.1824, 4: 2.7764}  # where the series below is not good enough


@dataclass(frozen=True)
class Spread:
    """A figure between its bounds; `n` is how much stands behind it."""

    value: float
    low: float
    high: float
    n: int


def rate(count: int, size: int, per: int) -> Spread:
    """How often something happened per `per` of `size`: exact for Poisson (Garwood 1936), also where it never did."""
    low = 0.0 if count == 0 else _solve(lambda mean: 1 - _at_most(count - 1, mean), TAIL, count)
    high = _solve(lambda mean: 1 - _at_most(count, mean), 1 - TAIL, count)
    scale = per / size
    return Spread(count * scale, low * scale, high * scale, size)


def mean(values: Sequence[float]) -> Spread:
    """The mean of two values or more, its bounds from means of as many values drawn again with fixed dice.

    For few values that interval is too narrow; it is widened, see `widening`.
    """
    array = np.asarray(values, dtype=float)
    drawn = np.random.default_rng(SEED).choice(array, size=(DRAWS, len(array))).mean(axis=1)
    middle, wider = float(array.mean()), widening(len(array))
    low, high = (middle + wider * (float(end) - middle) for end in np.percentile(drawn, (100 * TAIL, 100 * (1 - TAIL))))
    return Spread(middle, low, high, len(array))


def growth(
    before: Sequence[float], after: Sequence[float], sizes: Sequence[float], new_sizes: Sequence[float]
) -> Spread:
    """By how much of itself a cost per size grew over texts; a text's costs are drawn together."""
    costs = np.array([before, after, sizes, new_sizes], dtype=float)
    picks = np.random.default_rng(SEED).integers(0, costs.shape[1], size=(DRAWS, costs.shape[1]))
    old, new, size, new_size = costs[:, picks].sum(axis=2)
    old_all, new_all, size_all, new_size_all = costs.sum(axis=1)
    value = float((new_all / new_size_all) / (old_all / size_all) - 1)
    ends = np.percentile((new / new_size) / (old / size) - 1, (100 * TAIL, 100 * (1 - TAIL)))
    low, high = widened(value, ends, costs.shape[1])
    return Spread(value, max(-1.0, low), high, costs.shape[1])


def share(hits: float, of: int) -> Spread:
    """A share, by Wilson's formula (1927), which holds for few and for none."""
    value, room = hits / of, Z**2 / of
    middle, wide = value + room / 2, Z * math.sqrt(value * (1 - value) / of + room / (4 * of))
    low, high = (min(1.0, max(0.0, (middle + sign * wide) / (1 + room))) for sign in (-1, 1))
    return Spread(value, low, high, of)


def widening(count: int) -> float:
    """By how much an interval from drawing `count` things again is too narrow: half as wide again for five of them.

    As Student's t is wider than the normal distribution, and as the draws' own spread is too small (expanded
    percentiles, Hesterberg 2015); next to nothing from thirty on. A single thing has no interval to widen.
    """
    return _student(count - 1) / Z * math.sqrt(count / (count - 1)) if count > 1 else 1.0


def widened(value: float, ends: Sequence[float], count: int) -> tuple[float, float]:
    """Both ends of an interval, each moved away from the value; an end that lies on the value stays there."""
    wider = widening(count)
    low, high = (value + wider * (float(end) - value) if float(end) != value else value for end in ends)
    return low, high


def _student(freedom: int) -> float:
    """The quantile of Student's t at 97.5 % (Abramowitz and Stegun 26.7.5; 0.2 % off at 5 degrees of freedom)."""
    if freedom in STUDENT:
        return STUDENT[freedom]
    first = (Z**3 + Z) / 4
    second = (5 * Z**5 + 16 * Z**3 + 3 * Z) / 96
    third = (3 * Z**7 + 19 * Z**5 + 17 * Z**3 - 15 * Z) / 384
    return Z + first / freedom + second / freedom**2 + third / freedom**3


def _at_most(count: int, expected: float) -> float:
    """The chance of at most `count` where `expected` are expected."""
    log = math.log(expected) if expected else -math.inf
    return math.fsum(
        math.exp(k * log - expected - math.lgamma(k + 1)) if k else math.exp(-expected) for k in range(count + 1)
    )


def _solve(rising: Callable[[float], float], level: float, count: int) -> float:
    """Where a rising function of the expected number reaches a level."""
    low, high = 0.0, 10 * math.sqrt(count + 1) + count + 10
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if rising(middle) > level else (middle, high)
    return high
