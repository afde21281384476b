"""Answers that are kept while an interview goes on: what a new answer makes of those before it."""

from collections.abc import Mapping

from fabrica.trust.engine.act.answers import Answers
from fabrica.trust.engine.act.ruleset import RuleSet

YES, NO = "yes", "no"


def known(answers: Answers, rules: RuleSet) -> dict[str, str]:
    """Those that a version asks for, in the order of its questions: others are asked anew."""
    return {key: answers[key] for key in rules.questions if key in answers}


def laid_over(kept: Answers, told: Mapping[str, str | None], rules: RuleSet) -> dict[str, str]:
    """Kept answers with new ones, where None takes one away.

    A no to a question that stands for others is their no, as a yes is the no of those it rules out, so what was said
    to them before is forgotten; what is told with it counts.
    """
    found = dict(kept)
    for key in sorted(told, key=lambda one: rules.order.get(one, len(rules.order))):
        if told[key] != kept.get(key):
            for settled in _settled(key, told[key], rules):
                found.pop(settled, None)
        _set(found, key, told[key])
    return found


def _settled(key: str, answer: str | None, rules: RuleSet) -> list[str]:
    """The questions that an answer is a no to."""
    if answer == YES and key in rules.questions:
        return list(rules.questions[key].rules_out)
    return below(key, rules) if answer == NO else []


def _set(found: dict[str, str], key: str, answer: str | None) -> None:
    if answer is None:
        found.pop(key, None)
    else:
        found[key] = answer


def below(key: str, rules: RuleSet) -> list[str]:
    """The questions that one stands for, and those that they stand for."""
    members = rules.questions[key].stands_for if key in rules.questions else ()
    return [one for member in members for one in (member, *below(member, rules))]
