"""From sums to a category: the ceilings of Article 2 for each year, then the rule of two years of Article 4(2).

What is not known is kept as a range of categories, from the smallest to the largest that it may still be.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fabrica.people.engine.sme.adding import Sum
from fabrica.people.engine.sme.rules import CATEGORIES, Ceiling, Rules

Answer = bool | None


@dataclass(frozen=True)
class Span:
    """The categories that are still possible, as places in CATEGORIES."""

    low: int = 0
    high: int = len(CATEGORIES) - 1

    @property
    def possible(self) -> list[str]:
        return list(CATEGORIES[self.low : self.high + 1])

    @property
    def is_certain(self) -> bool:
        return self.low == self.high


def exactly(category: str) -> Span:
    """The span of a category that is known."""
    place = CATEGORIES.index(category)
    return Span(place, place)


def both(answers: Iterable[Answer]) -> Answer:
    """True if all are, False if one is, else not known."""
    found = list(answers)
    return False if False in found else None if None in found else True


def either(answers: Iterable[Answer]) -> Answer:
    """True if one is, False if none can be, else not known."""
    found = list(answers)
    return True if True in found else None if None in found else False


def held_to(total: Sum, *, is_within: bool) -> Answer:
    """Whether a sum keeps a ceiling: what is missing can only make it larger."""
    return False if not is_within else None if total.missing else True


def keeps(ceiling: Ceiling, sums: Mapping[str, Sum]) -> dict[str, Answer]:
    """Each figure against one category's ceiling."""
    staff, turnover, balance = sums["staff"], sums["turnover"], sums["balance"]
    return {
        "staff": held_to(staff, is_within=staff.total < ceiling.staff_below),
        "turnover": held_to(turnover, is_within=turnover.total <= ceiling.turnover_at_most),
        "balance": held_to(balance, is_within=balance.total <= ceiling.balance_at_most),
    }


def fits(kept: Mapping[str, Answer]) -> Answer:
    """The headcount must be kept, and one of the two amounts."""
    return both([kept["staff"], either([kept["turnover"], kept["balance"]])])


def span_of(sums: Mapping[str, Sum], rules: Rules) -> Span:
    """The categories that the sums of one year allow."""
    answers: list[Answer] = [fits(keeps(one, sums)) for one in rules.ceilings] + [True]
    low = next(place for place, answer in enumerate(answers) if answer is not False)
    return Span(low, answers.index(True))


@dataclass(frozen=True)
class Verdict:
    """The category after the rule of two years, and which part of the rule gave it."""

    span: Span
    why: str


def over_two_years(spans: list[Span], before: str, *, is_first: bool, has_changed_owner: bool) -> Verdict:
    """The category from the spans of the latest year and, where there is one, of the year before.

    `before` is what the enterprise was when the latest year began. A ceiling moves the status only when it was crossed
    in both years: of the status before and of the two years it is the middle one, for each ceiling and so for all.
    """
    latest = spans[0]
    if is_first and len(spans) == 1:
        return Verdict(latest, "first_accounts")
    older = spans[1] if len(spans) > 1 else Span()
    held = exactly(before) if before else older if is_first else Span()
    span = Span(_middle(held.low, older.low, latest.low), _middle(held.high, older.high, latest.high))
    if has_changed_owner and latest.high > span.high:
        return Verdict(Span(span.low, latest.high), "changed_owner")
    if not span.is_certain:
        return Verdict(span, "not_known")
    return Verdict(span, "both_years" if latest == older else "as_before" if span != latest else "latest_confirmed")


def _middle(*places: int) -> int:
    return sorted(places)[1]
