"""Questions beside the category, such as start-up and small mid-cap; an answer may be: not known."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from fabrica.people.engine.sme.adding import Sum
from fabrica.people.engine.sme.rules import AMOUNTS, Predicate
from fabrica.people.engine.sme.years import Answer, Span, both, either, held_to

FEBRUARY, LEAP_DAY = 2, 29


@dataclass(frozen=True)
class Facts:
    """What a condition can ask about."""

    category: Span
    sums: Mapping[str, Sum]
    founded_on: date | None
    as_of: date
    is_listed: bool | None
    public_control: Answer


def holds(predicate: Predicate, facts: Facts) -> Answer:
    """Whether all conditions hold; None where that is not known."""
    return both(condition_holds(one, facts) for one in predicate.conditions)


def condition_holds(condition: Mapping[str, Any], facts: Facts) -> Answer:
    """One condition."""
    if "any" in condition:
        return either(condition_holds(one, facts) for one in condition["any"])
    fact = condition["fact"]
    if fact in AMOUNTS:
        return _amount(condition, facts.sums[fact])
    if fact == "category":
        return _among(facts.category, condition["one_of"])
    if fact == "age":
        return _age(condition["at_most_years"], facts)
    known = facts.is_listed if fact == "listed" else facts.public_control
    return None if known is None else known is condition["is"]


def _amount(condition: Mapping[str, Any], total: Sum) -> Answer:
    if "below" in condition:
        return held_to(total, is_within=total.total < Decimal(condition["below"]))
    return held_to(total, is_within=total.total <= Decimal(condition["at_most"]))


def _among(span: Span, wanted: list[str]) -> Answer:
    inside = {one in wanted for one in span.possible}
    return None if len(inside) > 1 else inside.pop()


def _age(years: int, facts: Facts) -> Answer:
    return None if facts.founded_on is None else facts.as_of <= anniversary(facts.founded_on, years)


def anniversary(day: date, years: int) -> date:
    """The same day so many years later; 29 February falls on the 28th where there is none."""
    if (day.month, day.day) == (FEBRUARY, LEAP_DAY):
        day = day.replace(day=LEAP_DAY - 1)
    return day.replace(year=day.year + years)
