"""Examples worked out by hand; together they cover every rule, and notice a change to any of them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from fabrica.trust.engine.act import VERSIONS, Decision, evaluate, ruleset
from fabrica.trust.engine.act.conditions import Some
from fabrica.trust.tests.examples import (
    EXAMPLES,
    NEWEST,
    agrees,
    answers_of,
    day_of,
    expected_of,
    short,
    version_of,
)

DAY = timedelta(days=1)
NEVER, ALWAYS = Some(()), Some((), is_none=True)
REFERENCE = [name for name in EXAMPLES if EXAMPLES[name]["given"]["about"].startswith("reference: ")]


def found(name, rules=None):
    return evaluate(answers_of(name), day_of(name), rules or ruleset(version_of(name)))


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_outcome_is_the_one_worked_out_by_hand(name):
    told, expected = short(found(name)), expected_of(name)
    assert told == {**expected, "may_owe": told["may_owe"] if expected["may_owe"] is None else expected["may_owe"]}


def test_the_twelve_of_the_reference_and_many_more_are_there():
    assert len(REFERENCE) == 12
    assert len(EXAMPLES) - len(REFERENCE) >= 60


def covered(version, what):
    return {rule for name in EXAMPLES if version_of(name) == version for rule, _ in expected_of(name)[what]}


def test_each_rule_holds_in_some_example_is_open_in_one_and_does_not_hold_in_another():
    rules = ruleset(NEWEST).rules
    assert sorted(set(rules) - covered(NEWEST, "holds")) == []
    assert sorted(set(rules) - covered(NEWEST, "unsure")) == []
    not_met = {rule for name in EXAMPLES if version_of(name) == NEWEST for rule in found(name).not_met}
    assert sorted(set(rules) - not_met) == []


def changed(version):
    """The rules of an older version that are not word for word those of the one that follows it."""
    later = ruleset(VERSIONS[VERSIONS.index(version) + 1]).rules
    return {key for key, one in ruleset(version).rules.items() if (one.outcomes, one.owes, one.condition) != (
        later[key].outcomes, later[key].owes, later[key].condition
    )}  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS[:-1])
def test_each_rule_that_was_otherwise_in_an_older_version_holds_in_an_example_of_it(version):
    assert sorted(changed(version) - covered(version, "holds")) == []


def mutants(rule):
    """(what was changed, the rule with it), for every part of its outcome."""
    yield "never holds", replace(rule, condition=NEVER)
    yield "always holds", replace(rule, condition=ALWAYS)
    for place, one in enumerate(rule.outcomes):
        for what, other in outcomes(one):
            yield what, replace(rule, outcomes=(*rule.outcomes[:place], other, *rule.outcomes[place + 1 :]))
    for place, one in enumerate(rule.owes):
        rest = (rule.owes[:place], rule.owes[place + 1 :])
        yield f"{one.duty} is not owed", replace(rule, owes=(*rest[0], *rest[1]))
        for what, other in owed(one):
            yield f"{one.duty} {what}", replace(rule, owes=(*rest[0], other, *rest[1]))
    if rule.excluded:
        yield "nothing excludes it", replace(rule, excluded=None)
        yield "always excluded", replace(rule, excluded=ALWAYS)
        yield "excluded leads to ACCEPT", replace(rule, softened=Decision.ACCEPT)
    for first, second in zip(rule.outcomes, rule.outcomes[1:], strict=False):
        for by in (DAY, -DAY):
            moved = (
                replace(first, applies_to=first.applies_to + by),
                replace(second, applies_from=second.applies_from + by),
            )
            yield f"its day is moved by {by}", replace(rule, outcomes=moved)


def outcomes(one):
    for decision in Decision:
        if decision is not one.decision:
            yield f"leads to {decision}", replace(one, decision=decision)
        if decision is not one.unsure:
            yield f"unsure leads to {decision}", replace(one, unsure=decision)
    for label in one.labels:
        yield f"without {label}", replace(one, labels=tuple(key for key in one.labels if key != label))
    yield "with a label more", replace(one, labels=(*one.labels, "MORE"))


def owed(one):
    yield "begins a day later", replace(one, applies_from=one.applies_from + DAY)
    if one.when:
        yield "is owed by everybody", replace(one, when=None)
        yield "is owed by the others", replace(one, when=Some((one.when,), is_none=True))


def touches(name, key):
    return any(rule == key for what in ("holds", "unsure") for rule, _ in expected_of(name)[what])


def survivors(version, keys):
    """Every changed rule that no example notices."""
    rules = ruleset(version)
    names = [name for name in EXAMPLES if version_of(name) == version]
    living, tried = [], 0
    for key in keys:
        first = [name for name in names if touches(name, key)]
        near = [*first, *(name for name in names if name not in first)]
        for what, mutant in mutants(rules.rules[key]):
            tried += 1
            other = replace(rules, rules={**rules.rules, key: mutant})
            if all(agrees(found(name, other), name) for name in near):
                living.append(f"{key}: {what}")
    return living, tried


def test_a_change_to_the_outcome_of_any_rule_is_noticed_by_an_example():
    living, tried = survivors(NEWEST, ruleset(NEWEST).rules)
    assert living == []
    assert tried > 800


@pytest.mark.parametrize("version", VERSIONS[:-1])
def test_a_change_to_what_was_otherwise_in_an_older_version_is_noticed_as_well(version):
    living = [one for key in sorted(changed(version)) for one in survivors(version, [key])[0]]
    # Who owes a duty and where unsure leads is the same in the newest version, and tried there.
    assert [one for one in living if not one.endswith(("everybody", "others")) and ": unsure" not in one] == []
