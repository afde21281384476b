"""What a version of the rules says to answers on a day. A pure function; unsure never becomes no."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from fabrica.trust.engine.act.answers import Answers, facts_from
from fabrica.trust.engine.act.conditions import Facts, Truth
from fabrica.trust.engine.act.ruleset import Decision, Rule, RuleSet, worst
from fabrica.trust.engine.act.versions import in_force


@dataclass(frozen=True)
class Step:
    """A rule on the path: it holds, or may hold (None), and leads to this. Excluded: its consequence is softened."""

    rule: str
    holds: Truth
    excluded: Truth
    decision: Decision


@dataclass(frozen=True)
class Obligation:
    """A duty, from a day on. `rules` say why; not certain: only if what is unsure turns out so."""

    duty: str
    applies_from: date
    rules: tuple[str, ...]
    is_certain: bool
    is_disputed: bool


@dataclass(frozen=True)
class Outcome:
    """The answer. `possible`: labels that hang on what is unsure or not answered yet."""

    version: str
    as_of: date
    answers: Answers
    decision: Decision
    labels: frozenset[str]
    possible: frozenset[str]
    obligations: tuple[Obligation, ...]
    path: tuple[Step, ...]
    not_met: tuple[str, ...]


def evaluate(answers: Answers, as_of: date, rules: RuleSet | None = None) -> Outcome:
    """The decision on a day, under a version or the one then in force. Raises Refused for what is no answer."""
    rules = rules or in_force(as_of)
    facts = facts_from(answers, as_of, rules)
    path = tuple(step for one in rules.rules.values() if (step := _step(one, facts)))
    labels = [(label, is_sure) for step in path for label, is_sure in _labels(step, rules.rules[step.rule], as_of)]
    certain = frozenset(label for label, is_sure in labels if is_sure)
    met = {step.rule for step in path}
    return Outcome(
        rules.version, as_of, dict(answers), worst(*(step.decision for step in path)), certain,
        frozenset(label for label, _ in labels) - certain, _obligations(path, rules, facts), path,
        tuple(key for key in rules.rules if key not in met),
    )  # fmt: skip


def _step(rule: Rule, facts: Facts) -> Step | None:
    holds = facts.held[rule.id]
    if holds is False:
        return None
    outcome = rule.on(facts.day)
    excluded = rule.excluded.value(facts) if rule.excluded else False
    decision = outcome.decision if holds else outcome.unsure
    return Step(rule.id, holds, excluded, decision if excluded is False else rule.softened)


def _labels(step: Step, rule: Rule, day: date) -> list[tuple[str, bool]]:
    """Each label with whether it is certain."""
    if step.excluded:
        return []
    return [(label, step.holds is True and step.excluded is False) for label in rule.on(day).labels]


def _obligations(path: tuple[Step, ...], rules: RuleSet, facts: Facts) -> tuple[Obligation, ...]:
    """Each duty once for each day it may begin, by day, then in the order of the data."""
    found: dict[tuple[str, date], Obligation] = {}
    for step in path:
        for owed in rules.rules[step.rule].owes:
            applies = owed.when.value(facts) if owed.when else True
            if applies is False:
                continue
            one = found.get((owed.duty, owed.applies_from))
            is_certain = (step.holds is True and applies is True) or bool(one and one.is_certain)
            names = (*(one.rules if one else ()), step.rule)
            found[owed.duty, owed.applies_from] = Obligation(
                owed.duty, owed.applies_from, names, is_certain, owed.is_disputed
            )
    return tuple(sorted(found.values(), key=lambda one: one.applies_from))


@dataclass(frozen=True)
class Comparison:
    """The same answers under two versions. `dropped`: answers to questions that the later one does not ask."""

    then: Outcome
    now: Outcome
    dropped: tuple[str, ...]
    gained: Mapping[str, frozenset[str]]
    lost: Mapping[str, frozenset[str]]


def compare(answers: Answers, then: tuple[RuleSet, date], now: tuple[RuleSet, date]) -> Comparison:
    """What another version, or another day, makes of answers: labels, duties and rules that come and go."""
    before = evaluate(answers, then[1], then[0])
    kept = {key: one for key, one in answers.items() if key in now[0].questions}
    after = evaluate(kept, now[1], now[0])
    first, second = _sets(before), _sets(after)
    return Comparison(
        before, after, tuple(sorted(answers.keys() - kept.keys())),
        {key: second[key] - first[key] for key in first}, {key: first[key] - second[key] for key in first},
    )  # fmt: skip


def _sets(one: Outcome) -> dict[str, frozenset[str]]:
    return {
        "labels": one.labels,
        "possible_labels": one.possible,
        "obligations": frozenset(f"{owed.duty} from {owed.applies_from.isoformat()}" for owed in one.obligations),
        "rules": frozenset(step.rule for step in one.path),
    }
