"""The gate: decisions, reasons and the languages of its questions."""

import pytest
from django.utils import translation
from fabrica.kit.errors import Refused
from fabrica.kit.facts import load
from fabrica.trust.engine import gate as engine
from fabrica.trust.states import Decision

PASSING = {one.id: one.expects.value for one in engine.questions()}


def test_the_expected_answers_pass_without_reasons():
    assert engine.evaluate(PASSING) == engine.Outcome(Decision.ACCEPT, (), engine.version())


@pytest.mark.parametrize("question", engine.questions(), ids=lambda one: one.id)
def test_each_question_leads_where_its_row_says(question):
    other = {"yes": "no", "no": "yes"}[question.expects]
    assert engine.evaluate({**PASSING, question.id: other}).decision is question.otherwise
    assert engine.evaluate({**PASSING, question.id: "unsure"}).decision is question.unsure


def test_unsure_is_never_taken_as_the_answer_that_passes():
    assert [one.id for one in engine.questions() if one.unsure is Decision.ACCEPT] == []


def test_the_worst_answer_decides_and_every_reason_is_told():
    outcome = engine.evaluate({**PASSING, "HR": "yes", "A5a": "unsure", "P1": "no"})
    assert outcome.decision is Decision.REJECT
    assert [(one.rule, one.answer, one.leads_to) for one in outcome.reasons] == [
        ("P1", "no", "REJECT"), ("A5a", "unsure", "REFER_ETHICS"), ("HR", "yes", "ACCEPT_CONDITIONS"),
    ]  # fmt: skip


def test_a_missing_answer_is_refused_by_name():
    with pytest.raises(Refused, match="Missing: HR, P3"):
        engine.evaluate({key: answer for key, answer in PASSING.items() if key not in ("HR", "P3")})


def test_every_question_is_said_in_french_down_to_its_reference():
    rows = load("fabrica.trust", "questions.json")["questions"]
    said = [(one.id, one.question, one.help, one.ref) for one in engine.questions("fr")]
    assert said == [(row["id"], row["question_fr"], row["help_fr"], row["ref_fr"]) for row in rows]


def test_a_language_without_words_is_said_in_english():
    assert engine.questions("pl") == engine.questions() == engine.questions(None) == engine.questions("en-gb")


def test_reasons_are_kept_in_english_and_shown_in_the_readers_language():
    with translation.override("fr"):
        kept = engine.evaluate({**PASSING, "HR": "yes"}).as_dict()["reasons"]
    assert kept[0]["question"] == "Will the system be high-risk?"
    (shown,) = engine.translated(kept, "fr")
    assert (shown["question"], shown["ref"], shown["rule"]) == (
        "Le système sera-t-il à haut risque ?", "Règlement sur l’IA, article 6 et annexes I et III", "HR",
    )  # fmt: skip


def test_a_reason_to_a_question_that_read_otherwise_then_keeps_its_words():
    old = {"rule": "HR", "question": "An older question?", "answer": "yes", "leads_to": "REJECT", "ref": "Then"}
    (shown,) = engine.translated([old], "fr")
    assert (shown["question"], shown["ref"]) == ("An older question?", "Then")
