"""The questions of the first gate, by which old assessments are read."""

import pytest
from fabrica.kit.facts import load
from fabrica.trust.engine import gate

ASKED = ["P1", "A5a", "A5b", "A5ba", "A5c", "A5d", "A5e", "A5f", "A5gh", "HR", "P3"]
KEPT = {
    "rule": "HR", "question": "Will the system be high-risk?", "answer": "yes", "leads_to": "ACCEPT_CONDITIONS",
    "ref": "AI Act, Article 6 and Annexes I and III",
}  # fmt: skip


def test_they_are_these_in_this_order():
    assert [one.id for one in gate.questions()] == ASKED


def test_every_question_is_said_in_french_down_to_its_reference():
    rows = load("fabrica.trust", "questions.json")["questions"]
    said = [(one.id, one.question, one.ref) for one in gate.questions("fr")]
    assert said == [(row["id"], row["question_fr"], row["ref_fr"]) for row in rows]


def test_a_language_without_words_is_said_in_english():
    assert gate.questions("pl") == gate.questions() == gate.questions(None) == gate.questions("en-gb")


def test_reasons_are_kept_in_english_and_shown_in_the_readers_language():
    (shown,) = gate.translated([KEPT], "fr")
    (row,) = [one for one in gate.questions("fr") if one.id == "HR"]
    assert (shown["question"], shown["ref"], shown["rule"]) == (row.question, row.ref, "HR")
    assert row.question != KEPT["question"]


def test_a_reason_to_a_question_that_read_otherwise_then_keeps_its_words():
    (shown,) = gate.translated([{**KEPT, "question": "An older question?", "ref": "Then"}], "fr")
    assert (shown["question"], shown["ref"]) == ("An older question?", "Then")


def test_an_id_that_stands_twice_is_refused_on_load(monkeypatch):
    rows = gate.load("fabrica.trust", "questions.json")
    monkeypatch.setattr(gate, "load", lambda *_: {"questions": rows["questions"] + rows["questions"][:1]})
    with pytest.raises(ValueError, match="stands twice"):
        gate.questions.__wrapped__()
