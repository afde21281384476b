"""Why a question is asked: the rules that look at it."""

from functools import cache

from fabrica.trust.engine.act.conditions import questions_of
from fabrica.trust.engine.act.keeping import below
from fabrica.trust.engine.act.ruleset import Rule, RuleSet
from fabrica.trust.engine.act.versions import ruleset

SITE = "site"


def rules_about(question: str, rules: RuleSet) -> tuple[Rule, ...]:
    """The rules for which an answer counts, those of the questions that it settles among them, in their order."""
    found = _about(rules.version)
    keys = {question, *below(question, rules), *rules.questions[question].rules_out}
    return tuple(rule for rule in rules.rules.values() if not keys.isdisjoint(found[rule.id]))


def is_about_site(rule: str, rules: RuleSet) -> bool:
    """Whether a rule looks at nothing but what the site knows, such as who pays."""
    return all(rules.questions[key].answered_by == SITE for key in _about(rules.version)[rule])


@cache
def _about(version: str) -> dict[str, frozenset[str]]:
    return {key: frozenset(_asked_by(rule)) for key, rule in ruleset(version).rules.items()}


def _asked_by(rule: Rule) -> set[str]:
    nodes = [rule.condition, rule.excluded, *(one.when for one in rule.owes)]
    return {key for node in nodes if node is not None for key, _ in questions_of(node)}
