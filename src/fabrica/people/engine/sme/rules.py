"""The Recommendation's figures as dated data: ceilings, limits, and predicates such as start-up and small mid-cap."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from fabrica.kit.facts import Data, Source, source_of

SME = Data("fabrica.people", "sme.json", "FABRICA_SME_RULES", "docs/applicant/sme.md")
CATEGORIES = ("micro", "small", "medium", "not_sme")
LIMITS = (
    "partner_from_percent", "linked_above_percent", "public_from_percent",
    "business_angels_below", "local_budget_below", "local_inhabitants_below",
)  # fmt: skip
METHODS = ("two_years", "estimates", "aggregation", "ownership_change")
AMOUNTS = ("staff", "turnover", "balance")
MAX_YEARS, MOST_VERSION = 100, 40
VALUES: Mapping[str, Callable[[Any], bool]] = {
    "one_of": lambda value: bool(value) and set(value) <= set(CATEGORIES),
    "at_most_years": lambda value: type(value) is int and 0 <= value <= MAX_YEARS,
    "is": lambda value: isinstance(value, bool),
}
TESTS = {"category": ("one_of",), "age": ("at_most_years",), "listed": ("is",), "public_control": ("is",)}


@dataclass(frozen=True)
class Ceiling:
    """Fewer staff than, and turnover or balance sheet total not above: what a category allows."""

    category: str
    staff_below: Decimal
    turnover_at_most: Decimal
    balance_at_most: Decimal
    source: Source


@dataclass(frozen=True)
class Limit:
    """A figure of the rule, with its source."""

    value: Decimal
    source: Source


@dataclass(frozen=True)
class Predicate:
    """A question beside the category, all of whose conditions must hold; conditions are rows of the data file."""

    key: str
    title: str
    conditions: tuple[Mapping[str, Any], ...]
    source: Source


@dataclass(frozen=True)
class Rules:
    """One dated version of the rule."""

    version: str
    ceilings: tuple[Ceiling, ...]
    limits: Mapping[str, Limit]
    methods: Mapping[str, Source]
    predicates: tuple[Predicate, ...]

    def limit(self, key: str) -> Decimal:
        return self.limits[key].value


def rules_from(loaded: Mapping[str, Any]) -> Rules:
    """A version of the rule from its data. Raises ValueError where a fact is missing or makes no sense."""
    try:
        found = Rules(
            str(loaded["version"]),
            tuple(_ceiling(row) for row in loaded["ceilings"]),
            {row["key"]: Limit(_amount(row["value"]), source_of(row)) for row in loaded["limits"]},
            {row["key"]: source_of(row) for row in loaded["methods"]},
            tuple(_predicate(row) for row in loaded["predicates"]),
        )
    except (KeyError, TypeError, ArithmeticError) as error:
        raise ValueError(f"a rule that lacks something or makes no sense: {error!r}") from error
    if not 0 < len(found.version) <= MOST_VERSION:
        raise ValueError(f"a rule has a version of at most {MOST_VERSION} letters")
    if tuple(one.category for one in found.ceilings) != CATEGORIES[:-1]:
        raise ValueError("ceilings are needed for micro, small and medium, in this order")
    if set(found.limits) != set(LIMITS) or set(found.methods) != set(METHODS):
        raise ValueError(f"limits must be {', '.join(LIMITS)}; methods {', '.join(METHODS)}")
    return found


@cache
def current(path: str = "") -> Rules:
    """The rule of a site's own file, or of ours, read once. Raises Refused."""
    return SME.read(path, rules_from)


def _amount(text: str) -> Decimal:
    found = Decimal(text)
    if not (found.is_finite() and found > 0):
        raise ValueError(f"{text} is no amount above zero")
    return found


def _ceiling(row: Mapping[str, Any]) -> Ceiling:
    staff, turnover, balance = (_amount(row[key]) for key in ("staff_below", "turnover_at_most", "balance_at_most"))
    return Ceiling(row["category"], staff, turnover, balance, source_of(dict(row)))


def _predicate(row: Mapping[str, Any]) -> Predicate:
    if not all(isinstance(row[name], str) and row[name].strip() for name in ("key", "title")):
        raise TypeError("key and title are words")
    for one in row["all"]:
        _check(one)
    return Predicate(row["key"], row["title"], tuple(row["all"]), source_of(dict(row)))


def _check(condition: Mapping[str, Any]) -> None:
    """Raises ValueError for a condition that nothing could answer."""
    if "any" in condition:
        for one in condition["any"]:
            _check(one)
        return
    fact = condition["fact"]
    tests = ("below", "at_most") if fact in AMOUNTS else TESTS.get(fact, ())
    given = [one for one in condition if one != "fact"]
    if len(given) != 1 or given[0] not in tests:
        raise ValueError(f"a condition that nothing can answer: {condition}")
    value = condition[given[0]]
    if fact in AMOUNTS:
        _amount(value)
    elif not VALUES[given[0]](value):
        raise ValueError(f"a condition with a value that makes no sense: {condition}")
