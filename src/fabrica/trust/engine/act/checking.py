"""What a version must be as a whole: every name leads somewhere, everything is used, every path ends. ValueError."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from fabrica.trust.engine.act.conditions import Node, questions_of, rules_of
from fabrica.trust.engine.act.reaching import check_reachable
from fabrica.trust.engine.act.ruleset import SEVERITY, Decision, Outcome, Rule, RuleSet, worst

DAY = timedelta(days=1)


def check(rules: RuleSet) -> None:
    """Raises ValueError for what could not be true of a rule set that a decision rests on."""
    _names(rules)
    _groups(rules)
    _ruled_out(rules)
    _order(rules)
    for rule in rules.rules.values():
        _dates(rule, rules)
        _unsure(rule)
        _worse(rule, rules)
    check_reachable(rules)


def _names(rules: RuleSet) -> None:
    every = list(rules.rules.values())
    outcomes = [one for rule in every for one in rule.outcomes]
    _same("duties", rules.duties, (one.duty for rule in every for one in rule.owes))
    _same("labels", rules.labels, (label for one in outcomes for label in one.labels))
    _same("consequences", rules.consequences, (rule.consequence for rule in every))
    asked = {key for rule in every for one in nodes_of(rule) for key, _ in questions_of(one)}
    groups = {key for key, one in rules.questions.items() if one.stands_for}
    _same("questions", rules.questions, asked | groups)
    if asked & groups:
        raise ValueError(f"a question that stands for others decides nothing itself: {sorted(asked & groups)}")


def nodes_of(rule: Rule) -> Iterator[Node]:
    """Every condition of a rule."""
    yield rule.condition
    if rule.excluded is not None:
        yield rule.excluded
    yield from (one.when for one in rule.owes if one.when is not None)


def _same(name: str, told: Iterable[str], used: Iterable[str]) -> None:
    if odd := set(told).symmetric_difference(used):
        raise ValueError(f"{name} that nothing uses, or that are missing: {', '.join(sorted(odd))}")


def _groups(rules: RuleSet) -> None:
    """A question comes before those it stands for, which have no other; a no to it is never the better answer."""
    members = [member for one in rules.questions.values() for member in one.stands_for]
    if len(set(members)) != len(members) or set(members) - set(rules.questions):
        raise ValueError("questions that two stand for, or that are missing")
    for one in rules.questions.values():
        if any(rules.order[member] <= rules.order[one.id] for member in one.stands_for):
            raise ValueError(f"{one.id} stands for a question that is asked before it")
        found = [rules.questions[member] for member in one.stands_for]
        if any(member.is_number for member in found) or {m.worse for m in found if m.worse} - {one.worse}:
            raise ValueError(f"a no to {one.id} cannot be a no to each question it stands for")


def _ruled_out(rules: RuleSet) -> None:
    """A question comes before those it rules out, and its yes is never worse, nor their no."""
    for one in rules.questions.values():
        for key in one.rules_out:
            other = rules.questions.get(key)
            if other is None or other.is_number or other.stands_for or rules.order[key] <= rules.order[one.id]:
                raise ValueError(f"{one.id} rules out what comes before it, or is no question with a no: {key}")
            if one.worse == "yes" or other.worse == "no":
                raise ValueError(f"a yes to {one.id} cannot be a no to {key}")


def _order(rules: RuleSet) -> None:
    """Conditions name earlier rules only, so that none waits for itself."""
    place = {key: number for number, key in enumerate(rules.rules)}
    for rule in rules.rules.values():
        nodes = [rule.condition, *([rule.excluded] if rule.excluded else [])]
        if late := [one for node in nodes for one in rules_of(node) if place[one] >= place[rule.id]]:
            raise ValueError(f"{rule.id} waits for a rule that is weighed later: {', '.join(late)}")


def _dates(rule: Rule, rules: RuleSet) -> None:
    """Exactly one outcome for each day from the version's first on, for ever."""
    first, last = rule.outcomes[0], rule.outcomes[-1]
    is_whole = (first.applies_from or rules.valid_from) <= rules.valid_from and last.applies_to is None
    for one, following in zip(rule.outcomes, rule.outcomes[1:], strict=False):
        is_whole = is_whole and one.applies_to is not None and following.applies_from == one.applies_to + DAY
    if not is_whole or any(_is_backwards(one) or _is_past(one, rules) for one in rule.outcomes):
        raise ValueError(f"the dates of {rule.id} overlap, leave a gap, or never come")


def _is_backwards(one: Outcome) -> bool:
    return one.applies_from is not None and one.applies_to is not None and one.applies_to < one.applies_from


def _is_past(one: Outcome, rules: RuleSet) -> bool:
    return one.applies_to is not None and one.applies_to < rules.valid_from


def _unsure(rule: Rule) -> None:
    """Unsure never lets through what a yes would stop."""
    for one in rule.outcomes:
        least = max(one.decision, Decision.REFER_ETHICS, key=SEVERITY.index)
        if worst(one.unsure, least) is not one.unsure:
            raise ValueError(f"unsure may never let through: {rule.id}")
        if Decision.REJECT in (one.unsure, rule.softened):
            raise ValueError(f"only what is sure is refused: {rule.id}")


def _worse(rule: Rule, rules: RuleSet) -> None:
    """What can refuse hangs on each question in one direction, the one its `worse` names."""
    if not any(one.decision is Decision.REJECT for one in rule.outcomes):
        return
    if list(rules_of(rule.condition)) or (rule.excluded and list(rules_of(rule.excluded))):
        raise ValueError(f"a refusal hangs on answers alone: {rule.id}")
    found = [*questions_of(rule.condition)]
    found += [(key, not is_kept) for key, is_kept in questions_of(rule.excluded)] if rule.excluded else []
    for key, is_kept in found:
        if rules.questions[key].worse != ("yes" if is_kept else "no"):
            raise ValueError(f"{rule.id} refuses on an answer to {key} that is not said to be the worse")
