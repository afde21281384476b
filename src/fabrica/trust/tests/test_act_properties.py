"""What must hold for any answers whatsoever."""

from datetime import date, timedelta

import pytest
from fabrica.trust import states
from fabrica.trust.engine.act import VERSIONS, Decision, evaluate, next_questions, ruleset
from fabrica.trust.engine.act.ruleset import SEVERITY, worst
from hypothesis import given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.long
NEWEST = ruleset(VERSIONS[-1])
DAY = date(2026, 11, 26)
WORDS = ("yes", "no", "unsure")
NUMBERS = ("0", "4e22", "5e22", "1e23", "2e23", "8e24", "2e25", "unsure")
PLAIN = [key for key, one in NEWEST.questions.items() if not one.is_number]
ANSWERS = {key: st.sampled_from(NUMBERS if one.is_number else WORDS) for key, one in NEWEST.questions.items()}
# Few differences from a project without a concern, many, and gaps among them.
near = st.fixed_dictionaries({}, optional=ANSWERS).map(lambda told: {**usual(), **told})
far = st.fixed_dictionaries({}, optional=ANSWERS)
answers = st.one_of(near, far)
days = st.dates(NEWEST.valid_from, NEWEST.valid_from + timedelta(days=900))


def usual():
    """No concern at all, every question answered."""
    told = {key: one.usual for key, one in NEWEST.questions.items()}
    return {**told, **{key: "yes" for key, one in NEWEST.questions.items() if one.stands_for}}


def severity(found):
    return SEVERITY.index(found.decision)


@given(answers, days)
def test_every_path_ends_in_a_decision_and_no_rule_is_lost(told, day):
    found = evaluate(told, day, NEWEST)
    assert found.decision is worst(*(step.decision for step in found.path))
    assert sorted([*(step.rule for step in found.path), *found.not_met]) == sorted(NEWEST.rules)
    assert found.labels | found.possible <= set(NEWEST.labels)
    assert {one.duty for one in found.obligations} <= set(NEWEST.duties)


@given(answers, days, st.sampled_from(PLAIN))
def test_a_refusal_stays_when_what_is_unsure_is_answered_with_the_worse_answer(told, day, key):
    for answer in ("unsure", None):
        open_one = {one: said for one, said in told.items() if one != key} | ({key: answer} if answer else {})
        if evaluate(open_one, day, NEWEST).decision is not Decision.REJECT:
            continue
        worse = NEWEST.questions[key].worse
        for said in [worse] if worse else WORDS:
            assert evaluate({**open_one, key: said}, day, NEWEST).decision is Decision.REJECT


@given(answers, days, st.sampled_from([key for key in PLAIN if NEWEST.questions[key].worse]))
def test_a_worse_answer_never_turns_a_refusal_into_anything_else(told, day, key):
    question = NEWEST.questions[key]
    better = {**told, key: "no" if question.worse == "yes" else "yes"}
    if evaluate(better, day, NEWEST).decision is Decision.REJECT:
        assert evaluate({**told, key: question.worse}, day, NEWEST).decision is Decision.REJECT


@given(answers, days, st.sampled_from(PLAIN))
def test_unsure_never_lets_through_what_an_answer_would_stop(told, day, key):
    unsure = evaluate({**told, key: "unsure"}, day, NEWEST)
    for said in ("yes", "no"):
        sure = evaluate({**told, key: said}, day, NEWEST)
        assert severity(unsure) <= max(severity(sure), SEVERITY.index(Decision.REFER_ETHICS))


@given(answers, days, st.sampled_from(PLAIN))
def test_an_answer_to_what_was_unsure_settles_and_never_takes_back(told, day, key):
    unsure = evaluate({**told, key: "unsure"}, day, NEWEST)
    for said in ("yes", "no"):
        sure = evaluate({**told, key: said}, day, NEWEST)
        assert unsure.labels <= sure.labels <= unsure.labels | unsure.possible
        assert set(unsure.not_met) <= set(sure.not_met)
        assert {s.rule for s in unsure.path if s.holds} <= {s.rule for s in sure.path if s.holds}
        sure_duties = {(one.duty, one.applies_from) for one in sure.obligations}
        assert {(one.duty, one.applies_from) for one in unsure.obligations if one.is_certain} <= sure_duties
        assert sure_duties <= {(one.duty, one.applies_from) for one in unsure.obligations}


@settings(max_examples=15)
@given(far, st.data())
def test_the_interview_ends_within_its_own_bound_and_then_nothing_else_matters(start, data):
    told, counts = {key: said for key, said in list(start.items())[:5]}, []
    while (asking := next_questions(told, DAY, NEWEST)).questions:
        counts.append(asking.at_most)
        key = asking.questions[0].id
        assert key not in told
        told[key] = data.draw(ANSWERS[key])
    assert counts == sorted(set(counts), reverse=True)
    assert len(counts) <= (counts or [0])[0]
    for key in rest(told):
        for said in NUMBERS if NEWEST.questions[key].is_number else WORDS:
            assert essence({**told, key: said}) == essence(told)


def rest(told):
    """What was not asked of the applicant, but for what an outer question settled with a no, or another ruled out."""
    out = {key for one, keys in NEWEST.ruled_out if told.get(one) == "yes" for key in keys}
    for key, one in NEWEST.questions.items():
        parent, is_settled = NEWEST.parents.get(key), key in out
        while parent:
            is_settled, parent = is_settled or told.get(parent) == "no", NEWEST.parents.get(parent)
        if key not in told and not is_settled and not one.stands_for and one.answered_by == "applicant":
            yield key


def essence(told):
    found = evaluate(told, DAY, NEWEST)
    return found.decision, found.labels, found.possible, found.obligations, found.path


def test_the_decisions_are_those_of_the_gate():
    assert [one.value for one in Decision] == [one.value for one in states.Decision]
