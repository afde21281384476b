"""Which thresholds estimates reach."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from fabrica.trust.engine.articles import article_in
from fabrica.trust.engine.compute.estimates import Estimate
from fabrica.trust.engine.compute.thresholds import (
    GENERAL_PURPOSE,
    HALF,
    MODIFIER,
    SYSTEMIC,
    WHOLE,
    Threshold,
    threshold,
    thresholds,
)

Say = Callable[[str], str]
SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
LARGE = 1e6


@dataclass(frozen=True)
class Base:
    """The model of somebody else that a training goes on from. None is what is not known."""

    modifies: bool | None = None
    flop: float | None = None
    is_systemic: bool | None = None


@dataclass(frozen=True)
class Measure:
    """A threshold in operations, as it stands for one model.

    `limit` is what the training itself may take. None where the threshold does not apply, or nobody said whether the
    training goes on from a model of somebody else.
    """

    threshold: Threshold
    limit: float | None


@dataclass(frozen=True)
class Crossing:
    """A level of a threshold that is reached, by which estimate, and by which of its figures."""

    threshold: Threshold
    level: int
    limit: float
    estimate: Estimate
    flop: float

    def why(self, say: Say, language: str | None = None) -> str:
        """Two sentences; `say` finds the reader's language, which is also named for the article."""
        words, then = (_CROSSED, _ABOVE) if self.level == WHOLE else (_WARNED, _HALF)
        article = article_in(language, self.threshold.article)
        facts = {"flop": operations(self.flop), "limit": operations(self.limit), "article": article}
        return f"{say(words[self.estimate.method])} {say(then[self._is_left])}" % facts

    @property
    def _is_left(self) -> bool:
        """Whether the limit is what the base leaves of a figure."""
        return self.threshold.flop is not None and self.limit < self.threshold.flop


def _(text: str) -> str:
    """Marks a sentence for translation: `say` finds it."""
    return text


_CROSSED = {
    "metered": _("By the machine's accounting it took %(flop)s operations."),
    "architecture": _("By its parameters and tokens it took %(flop)s operations."),
    "granted": _("The hours granted usually train %(flop)s operations."),
}
_WARNED = {
    "metered": _("By the machine's accounting it may have taken up to %(flop)s operations."),
    "architecture": _("By its parameters and tokens it may have taken up to %(flop)s operations."),
    "granted": _("The hours granted could train up to %(flop)s operations."),
}
_ABOVE = {
    False: _("That is more than the threshold of %(limit)s (%(article)s)."),
    True: _("That is more than the %(limit)s which the model it goes on from leaves to it (%(article)s)."),
}
_HALF = {
    False: _("That is half of the threshold of %(limit)s (%(article)s), or more."),
    True: _("That is half of the %(limit)s which the model it goes on from leaves to it (%(article)s), or more."),
}


def operations(flop: float) -> str:
    """A number of operations as it is written, with a power of ten."""
    if flop < LARGE:
        return f"{flop:,.0f}"
    digits, _e, power = f"{flop:.1e}".partition("e")
    return f"{digits} \N{MULTIPLICATION SIGN} 10{str(int(power)).translate(SUPERSCRIPTS)}"


def measures(base: Base, as_of: date) -> tuple[Measure, ...]:
    """Every threshold of a day, in operations for a training that goes on from `base`."""
    limits = {GENERAL_PURPOSE: _whole, MODIFIER: _of_base, SYSTEMIC: _left_by_base}
    return tuple(Measure(one, limits[one.key](one, base)) for one in thresholds(as_of))


def _whole(one: Threshold, _base: Base) -> float | None:
    return one.flop


def _left_by_base(one: Threshold, base: Base) -> float | None:
    """What the base leaves of a figure, since the Act speaks of the cumulative amount: rule G5 of the gate.

    Never less than the share of the base from which on whoever changes a model is a provider at all: rule G3.
    """
    share = _of_base(threshold(MODIFIER), base)
    if one.flop is None or not base.modifies:
        return one.flop
    if base.flop is None:
        return share if base.is_systemic else one.flop
    return max(share or 0, one.flop - base.flop)


def _of_base(one: Threshold, base: Base) -> float | None:
    """A share of what the base took; where nobody knows, of the figure that made it what it is.

    A base below the figure of a general-purpose model is none, and to change it makes nobody the provider of one.
    """
    general, systemic = threshold(GENERAL_PURPOSE).flop or 0, threshold(SYSTEMIC).flop or 0
    if not base.modifies or one.share_of_base is None:
        return None
    if base.flop is None:
        return float(one.share_of_base) * (systemic if base.is_systemic else general)
    return float(one.share_of_base) * base.flop if base.flop > general else None


def crossed(estimates: Sequence[Estimate], base: Base | None = None, *, as_of: date) -> tuple[Crossing, ...]:
    """The highest level that is reached of each threshold, by the estimate that says most.

    A crossing (100 %) is judged on the value, a warning (50 %) on the highest that the error allows: what may be
    above half is told in time, and nobody is told to have crossed what the value lies below.
    """
    limits = [(one.threshold, one.limit) for one in measures(base or Base(), as_of) if one.limit is not None]
    found = [_reached(one, limit, estimates) for one, limit in limits] if estimates else []
    return tuple(one for one in found if one is not None)


def _reached(one: Threshold, limit: float, estimates: Sequence[Estimate]) -> Crossing | None:
    surest = max(estimates, key=lambda estimate: estimate.value)
    if surest.value > limit:
        return Crossing(one, WHOLE, limit, surest, surest.value)
    highest = max(estimates, key=lambda estimate: estimate.high)
    if highest.high >= limit * HALF / WHOLE:
        return Crossing(one, HALF, limit, highest, highest.high)
    return None
