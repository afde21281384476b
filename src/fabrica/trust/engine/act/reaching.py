"""Whether each rule, outcome and duty can come true at all: by finding answers under which it does."""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction

from fabrica.trust.engine.act.conditions import All, Facts, More, Node, Some, Truth, walk
from fabrica.trust.engine.act.ruleset import Rule, RuleSet

MOST_STEPS = 5_000
Given = dict[str, Truth | Fraction]


class Search:
    """Looks for answers under which a condition holds, on a day."""

    def __init__(self, rules: RuleSet) -> None:
        self._rules = rules
        nodes = (part for one in rules.conditions.values() for part, _ in walk(one))
        figures = {part.figure for part in nodes if isinstance(part, More)}
        self._numbers = sorted({one * by for one in figures for by in (Fraction(1, 2), 2)}, reverse=True)
        self._left = 0

    def answers(self, node: Node, day: date, given: Given | None = None) -> Given | None:
        """Answers that make it hold, beginning from those given; None where there are none, or it takes too long."""
        self._left = MOST_STEPS
        return self._found(node, day, dict(given or {}))

    def _found(self, node: Node, day: date, given: Given) -> Given | None:
        facts = self._facts(day, given)
        value = node.value(facts)
        self._left -= 1
        if value is not None or self._left < 0:
            return given if value and self._left >= 0 else None
        key = min(node.open(facts), key=self._rules.order.__getitem__)
        asked = self._rules.questions[key]
        tries = self._numbers if asked.is_number else (asked.usual == "yes", asked.usual != "yes")
        return next(filter(None, (self._found(node, day, {**given, key: one}) for one in tries)), None)

    def _facts(self, day: date, given: Given) -> Facts:
        said: dict[str, Truth] = dict.fromkeys(self._rules.questions)
        numbers: dict[str, Fraction | None] = dict.fromkeys(self._rules.questions)
        for key, one in given.items():
            if isinstance(one, Fraction):
                numbers[key] = one
            else:
                said[key] = one
        return Facts(said, numbers, set(given), day, self._rules.conditions)


def check_reachable(rules: RuleSet) -> None:
    """Raises ValueError for a rule, a date or a duty that no answers lead to."""
    search = Search(rules)
    for rule in rules.rules.values():
        for day in _days(rule, rules):
            found = search.answers(_unexcluded(rule), day)
            if found is None:
                raise ValueError(f"no answers lead to {rule.id} on {day}")
        for owed in rule.owes:
            if owed.when is None:
                continue
            wanted = All((rule.condition, owed.when))
            if not (search.answers(wanted, rules.valid_from, found) or search.answers(wanted, rules.valid_from)):
                raise ValueError(f"no answers lead from {rule.id} to {owed.duty}")


def _unexcluded(rule: Rule) -> Node:
    return All((rule.condition, Some((rule.excluded,), is_none=True))) if rule.excluded else rule.condition


def _days(rule: Rule, rules: RuleSet) -> Iterator[date]:
    return (max(one.applies_from or rules.valid_from, rules.valid_from) for one in rule.outcomes)
