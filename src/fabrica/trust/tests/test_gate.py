"""The gate, question by question. The table below is written by hand, so that a slip in the data is noticed."""

import itertools

import pytest
from fabrica.kit.errors import Refused
from fabrica.trust.engine import gate as engine
from fabrica.trust.states import SEVERITY, Answer, Decision
from hypothesis import given
from hypothesis import strategies as st

A, R, E, C = Decision.ACCEPT, Decision.REJECT, Decision.REFER_ETHICS, Decision.ACCEPT_CONDITIONS
PROHIBITED = ["A5a", "A5b", "A5ba", "A5c", "A5d", "A5e", "A5f", "A5gh"]
# What each answer leads to: yes, no, unsure.
TABLE = {
    "P1": (A, R, E),
    **{one: (R, A, E) for one in PROHIBITED},
    "HR": (C, A, E),
    "P3": (A, R, E),
}
ANSWERS = ("yes", "no", "unsure")
CLEAN = {one: "yes" if TABLE[one][0] is A else "no" for one in TABLE}
CASES = [(one, answer, TABLE[one][place]) for one in TABLE for place, answer in enumerate(ANSWERS)]
complete = st.fixed_dictionaries({one: st.sampled_from(ANSWERS) for one in TABLE})


def test_the_questions_are_these_in_this_order():
    assert [one.id for one in engine.questions()] == list(TABLE)


def test_clean_answers_are_accepted_without_a_reason():
    outcome = engine.evaluate(CLEAN)
    assert (outcome.decision, outcome.reasons) == (A, ())


@pytest.mark.parametrize(("question", "answer", "decision"), CASES)
def test_each_answer_alone_decides(question, answer, decision):
    outcome = engine.evaluate({**CLEAN, question: answer})
    assert outcome.decision is decision
    assert [(one.rule, one.answer, one.leads_to) for one in outcome.reasons] == (
        [] if decision is A else [(question, answer, decision.value)]
    )


@given(complete)
def test_any_complete_answers_are_decided_by_the_worst(answers):
    outcome = engine.evaluate(answers)
    found = {one: TABLE[one][ANSWERS.index(answer)] for one, answer in answers.items()}
    assert outcome.decision is min(found.values(), key=[R, E, C, A].index)
    assert {one.rule: one.leads_to for one in outcome.reasons} == {
        one: decision.value for one, decision in found.items() if decision is not A
    }


@given(complete, st.sampled_from(sorted(TABLE)))
def test_unsure_never_becomes_accept_nor_conditions(answers, question):
    assert engine.evaluate({**answers, question: "unsure"}).decision in (R, E)


@given(complete, st.sampled_from(sorted(TABLE)))
def test_a_clean_answer_never_makes_the_decision_worse(answers, question):
    better = engine.evaluate({**answers, question: CLEAN[question]}).decision
    assert SEVERITY.index(better) >= SEVERITY.index(engine.evaluate(answers).decision)


@pytest.mark.parametrize("question", TABLE)
def test_a_missing_answer_is_refused_by_its_name(question):
    answers = {one: answer for one, answer in CLEAN.items() if one != question}
    assert [one.id for one in engine.missing(answers)] == [question]
    with pytest.raises(Refused, match=f"needs every answer. Missing: {question}."):
        engine.evaluate(answers)


@pytest.mark.parametrize("answer", ["", "Yes", "maybe", "y", None, True, 1])
def test_what_is_no_answer_is_refused(answer):
    with pytest.raises(Refused, match="P1: .* is no answer"):
        engine.evaluate({**CLEAN, "P1": answer})


def test_an_unknown_question_is_refused_with_the_list():
    with pytest.raises(Refused, match="There is no question P2. Answer these: P1, A5a"):
        engine.evaluate({**CLEAN, "P2": "yes"})


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=15))
def test_nonsense_is_refused_and_never_crashes(answers):
    with pytest.raises(Refused):
        engine.evaluate(answers)


def test_the_worst_decision_comes_first():
    assert SEVERITY == [R, E, C, A]


def test_each_question_has_words_and_a_reference():
    for one in engine.questions():
        assert one.question.endswith("?")
        assert one.help.endswith((".", "?"))
        assert "Article" in one.ref


MUTATIONS = [
    (place, field, value)
    for place in range(len(TABLE))
    for field, values in (("expects", Answer), ("otherwise", Decision), ("unsure", Decision))
    for value in values
]


@pytest.mark.parametrize(("place", "field", "value"), MUTATIONS)
def test_a_slip_in_the_data_is_noticed_by_the_table(monkeypatch, place, field, value):
    """Each outcome in the data is changed to each other word: some case of the table must then fail."""
    rows = engine.load("fabrica.trust", "questions.json")
    if rows["questions"][place][field] == value:
        return
    rows["questions"][place][field] = value.value
    try:
        mutated = tuple(engine._question(row, "en") for row in rows["questions"])
    except ValueError:
        return  # a slip that is refused when the file is loaded
    monkeypatch.setattr(engine, "questions", lambda: mutated)
    assert any(
        engine.evaluate({**CLEAN, question: answer}).decision is not decision for question, answer, decision in CASES
    )


def test_an_unsure_that_accepts_is_refused_on_load():
    rows = engine.load("fabrica.trust", "questions.json")["questions"]
    for decision in ("ACCEPT", "ACCEPT_CONDITIONS"):
        with pytest.raises(ValueError, match="unsure"):
            engine._question({**rows[0], "unsure": decision}, "en")


@pytest.mark.parametrize(
    "change", [{"expects": "unsure"}, {"otherwise": "PERHAPS"}, {"otherwise": "ACCEPT"}, {"source": ""}]
)
def test_a_question_that_makes_no_sense_is_refused_on_load(change):
    row = engine.load("fabrica.trust", "questions.json")["questions"][0]
    with pytest.raises(ValueError):
        engine._question({**row, **change}, "en")


def test_an_id_that_stands_twice_is_refused_on_load(monkeypatch):
    rows = engine.load("fabrica.trust", "questions.json")
    monkeypatch.setattr(engine, "load", lambda *_: {"questions": rows["questions"] + rows["questions"][:1]})
    with pytest.raises(ValueError, match="stands twice"):
        engine.questions.__wrapped__()


def test_every_combination_of_the_first_three_questions():
    for answers in itertools.product(ANSWERS, repeat=3):
        given_answers = {**CLEAN, **dict(zip(list(TABLE)[:3], answers, strict=True))}
        worst = min((TABLE[one][ANSWERS.index(answer)] for one, answer in given_answers.items()), key=SEVERITY.index)
        assert engine.evaluate(given_answers).decision is worst
