"""How sure a figure is: intervals at 95 % by drawing whole documents again, by Wilson's formula, and a tail chance.

Pieces of one document are alike, so a document is drawn whole (cluster bootstrap); the dice are fixed. Of few documents
such an interval is too narrow, and is widened as Student's t asks (`spread.widening`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fabrica.evaluation.battery.spread import widened

DRAWS, SEED = 1_000, 20261126
LEVEL = (2.5, 97.5)
Z = 1.959964
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A figure with the bounds of its interval at 95 %; `groups` documents stand behind it."""

    value: float
    low: float
    high: float
    groups: int


Parts = tuple[Sequence[float], Sequence[float], Sequence[int]]


def saved(own: Parts, new: Parts) -> Estimate:
    """By how much the ratio of `own` lies below that of `new`, as a share; each is (above, below, groups)."""
    (value, draws, count), (other, other_draws, other_count) = _drawn(*own, SEED), _drawn(*new, SEED + 1)
    found, few = 1 - value / other, min(count, other_count)
    return Estimate(found, *_ends(found, 1 - draws / other_draws, few, (-math.inf, 1.0)), few)


def ratio(above: Sequence[float], below: Sequence[float], groups: Sequence[int]) -> Estimate:
    """The sum of `above` by the sum of `below`, of pieces that belong to documents `groups`."""
    value, draws, count = _drawn(above, below, groups, SEED)
    return Estimate(value, *_ends(value, draws, count, (0.0, math.inf)), count)


def _drawn(
    above: Sequence[float], below: Sequence[float], groups: Sequence[int], seed: int
) -> tuple[float, Numbers, int]:
    """The ratio, what it is in each draw, and how many documents there are."""
    _, place = np.unique(np.asarray(groups), return_inverse=True)
    count = int(place.max()) + 1
    tops, bottoms = (np.bincount(place, np.asarray(values, dtype=float), count) for values in (above, below))
    weights = _weights(count, seed)
    return float(tops.sum() / bottoms.sum()), (weights @ tops) / (weights @ bottoms), count


def auc(
    members: Sequence[float], others: Sequence[float], member_groups: Sequence[int], other_groups: Sequence[int]
) -> Estimate:
    """The chance that a member's score lies above another's (a tie counts half): 0.5 where scores tell nothing."""
    first, second = np.asarray(members, dtype=float), np.asarray(others, dtype=float)
    above = (first[:, None] > second[None, :]) + 0.5 * (first[:, None] == second[None, :])
    _, rows = np.unique(np.asarray(member_groups), return_inverse=True)
    _, columns = np.unique(np.asarray(other_groups), return_inverse=True)
    many, rivals = int(rows.max()) + 1, int(columns.max()) + 1
    won: Numbers = np.zeros((many, rivals))
    pairs: Numbers = np.zeros((many, rivals))
    np.add.at(won, (rows[:, None], columns[None, :]), above)
    np.add.at(pairs, (rows[:, None], columns[None, :]), 1.0)
    left, right = _weights(many, SEED), _weights(rivals, SEED + 1)
    drawn = np.einsum("ij,ij->i", left @ won, right) / np.einsum("ij,ij->i", left @ pairs, right)
    value, few = float(above.mean()), min(many, rivals)
    return Estimate(value, *_ends(value, drawn, few, (0.0, 1.0)), few)


def _ends(value: float, draws: Numbers, count: int, within: tuple[float, float]) -> tuple[float, float]:
    """The interval that the draws give, widened for few documents, within what such a figure can be."""
    low, high = widened(value, [float(one) for one in np.percentile(draws, LEVEL)], count)
    return max(within[0], low), min(within[1], high)


def share(hits: int, of: int) -> Estimate:
    """A share with Wilson's interval (Wilson 1927), which holds for small numbers and for none."""
    value = hits / of
    middle = (value + Z**2 / (2 * of)) / (1 + Z**2 / of)
    wide = Z / (1 + Z**2 / of) * math.sqrt(value * (1 - value) / of + Z**2 / (4 * of**2))
    return Estimate(value, max(0.0, middle - wide), min(1.0, middle + wide), of)


def chance_of_exposures(exposures: Sequence[float]) -> float:
    """How likely exposures sum to so much where nothing was learnt: each is then exponential, with mean log2(e).

    The tail of Erlang's distribution, as a sum of n exponentials has it.
    """
    total = sum(exposures) * math.log(2)
    term = whole = math.exp(-total)
    for step in range(1, len(exposures)):
        term *= total / step
        whole += term
    return min(1.0, whole)


def chance_of_worst(exposure: float, of: int) -> float:
    """How likely the most exposed of so many secrets is exposed so far where nothing was learnt (Sidak 1967)."""
    return float(1 - (1 - 2.0**-exposure) ** of)


def _weights(groups: int, seed: int) -> Numbers:
    """How often each document is drawn, one row for each of the draws."""
    dice = np.random.default_rng(seed)
    return dice.multinomial(groups, [1 / groups] * groups, size=DRAWS).astype(float)
