"""Which questions can still change the outcome, and how many are left."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from fabrica.trust.engine.act.answers import Answers, facts_from
from fabrica.trust.engine.act.conditions import Facts
from fabrica.trust.engine.act.ruleset import Question, RuleSet
from fabrica.trust.engine.act.versions import in_force

APPLICANT = "applicant"


@dataclass(frozen=True)
class Asking:
    """What to ask now, first things first.

    `at_most`: no answers need more questions than that; `usually`: what is left if each is answered as most would.
    """

    questions: tuple[Question, ...]
    at_most: int
    usually: int


def next_questions(answers: Answers, as_of: date, rules: RuleSet | None = None) -> Asking:
    """The applicant's questions that can still matter. Raises Refused for what is no answer."""
    rules = rules or in_force(as_of)
    facts = facts_from(answers, as_of, rules)
    hanging = left(facts, rules)
    first = sorted({_first(key, facts, rules) for key in hanging}, key=rules.order.__getitem__)
    whole = {one for key in hanging for one in _with_parents(key, facts, rules)}
    return Asking(tuple(rules.questions[key] for key in first), len(whole), _usually(answers, as_of, rules))


def left(facts: Facts, rules: RuleSet) -> set[str]:
    """The applicant's unanswered questions on which a rule, what softens it, or a duty of it still hangs."""
    found: set[str] = set()
    for rule in rules.rules.values():
        if facts.held[rule.id] is False:
            continue
        nodes = [rule.condition, rule.excluded, *(one.when for one in rule.owes)]
        for node in nodes:
            if node is not None and node.value(facts) is None:
                found |= node.open(facts)
    return {key for key in found if rules.questions[key].answered_by == APPLICANT}


def _with_parents(key: str, facts: Facts, rules: RuleSet) -> list[str]:
    """A question, after those that stand for it and are not answered."""
    parent = rules.parents.get(key)
    above = _with_parents(parent, facts, rules) if parent else []
    return [*above, *([] if key in facts.given else [key])]


def _first(key: str, facts: Facts, rules: RuleSet) -> str:
    return _with_parents(key, facts, rules)[0]


def _usually(answers: Answers, as_of: date, rules: RuleSet) -> int:
    """How many are asked one after the other if each is answered as most would."""
    told: dict[str, str] = dict(answers)
    while (key := _next(told, as_of, rules)) is not None:
        told[key] = rules.questions[key].usual
    return len(told) - len(answers)


def _next(answers: Mapping[str, str], as_of: date, rules: RuleSet) -> str | None:
    facts = facts_from(answers, as_of, rules)
    first = {_first(key, facts, rules) for key in left(facts, rules)}
    return min(first, key=rules.order.__getitem__, default=None)
