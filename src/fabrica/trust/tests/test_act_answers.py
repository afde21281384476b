"""Answers in a file: what is none is refused by its name, and nothing crashes."""

import json
from datetime import date

import pytest
from fabrica.kit.errors import Refused
from fabrica.trust.engine.act import VERSIONS, evaluate, ruleset
from fabrica.trust.engine.act.answers import FORMAT, MAX_BYTES, read
from fabrica.trust.engine.act.telling import as_dict, question_as_dict
from fabrica.trust.tests.examples import EXAMPLES, answers_of
from hypothesis import given
from hypothesis import strategies as st

DAY = date(2026, 11, 26)


def test_a_file_holds_answers_and_may_hold_a_day_and_a_version():
    found = read(json.dumps({"format": FORMAT, "answers": {"civilian": "yes", "flop": 2e22}}))
    assert (found.answers, found.as_of, found.version) == ({"civilian": "yes", "flop": "2e+22"}, None, "")
    found = read(json.dumps({"format": FORMAT, "answers": {}, "as_of": "2026-01-15", "version": "act-2025-08-1"}))
    assert (found.answers, found.as_of, found.version) == ({}, date(2026, 1, 15), "act-2025-08-1")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "The file is no JSON document."),
        ("[" * 40_000, "The file is no JSON document."),
        (" " * (MAX_BYTES + 1), "The file is too large."),
        ("[]", "format cannot be used."),
        ({"format": "other"}, "format cannot be used."),
        ({"more": 1}, "more cannot be used."),
        ({"answers": []}, "answers cannot be used."),
        ({"answers": {"civilian": True}}, "civilian cannot be used."),
        ({"answers": {"civilian": None}}, "civilian cannot be used."),
        ({"version": 3}, "version cannot be used."),
        ({"as_of": "soon"}, "as_of cannot be used."),
        ({"as_of": 20261126}, "as_of cannot be used."),
        ('{"format": "fabrica-trust/1", "format": "fabrica-trust/1"}', "The file is no JSON document."),
    ],
)
def test_a_file_that_is_none_is_refused_in_words(content, told):
    whole = content if isinstance(content, str) else json.dumps({"format": FORMAT, "answers": {}, **content})
    with pytest.raises(Refused) as refused:
        read(whole)
    assert refused.value.what == told


@pytest.mark.parametrize(
    ("key", "answer"),
    [
        ("civilian", "perhaps"), ("civilian", "1e22"), ("civilian", ""), ("no_such", "yes"), ("flop", "yes"),
        ("flop", "-1"), ("flop", "1e33"), ("flop", "nan"), ("flop", "inf"), ("flop", "1e-99999999"), ("flop", "9" * 61),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused_by_the_name_of_its_question(key, answer):
    with pytest.raises(Refused) as refused:
        evaluate({key: answer}, DAY)
    assert refused.value.what == f"{key} cannot be used."


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=8), min_size=1, max_size=5))
def test_nonsense_is_refused_and_never_crashes(answers):
    with pytest.raises(Refused):
        evaluate(answers, DAY)


def test_the_record_names_version_day_path_duties_and_that_it_is_no_legal_advice():
    told = as_dict(evaluate(answers_of("cv-duplicates"), DAY))
    assert (told["format"], told["ruleset_version"], told["as_of"]) == (FORMAT, VERSIONS[-1], "2026-11-26")
    assert told["answers"] == answers_of("cv-duplicates")
    (step,) = [one for one in told["path"] if one["rule"] == "F7"]
    assert step == {
        "rule": "F7", "title": "Exception of Article 6(3)", "article": "AI Act, Art. 6(3), 6(4)", "holds": True,
        "excluded": False, "leads_to": "REFER_ETHICS", "text": "An exception is claimed; a person confirms it.",
        "source": "Regulation (EU) 2024/1689 as amended by Regulation (EU) 2026/1744", "checked_on": "2026-11-27",
        "confidence": "B",
    }  # fmt: skip
    disputed = [(one["applies_from"], one["in_force"]) for one in told["obligations"] if one["date_disputed"]]
    assert disputed == [("2026-08-02", True), ("2027-12-02", False)]
    assert "It is no legal advice" in told["notice"]
    assert "Ce n’est pas un avis juridique" in as_dict(evaluate({}, DAY), "fr")["notice"]


@pytest.mark.parametrize("name", list(EXAMPLES)[:12])
def test_a_record_can_be_kept_as_json_and_leads_to_the_same_again(name):
    told = json.loads(json.dumps(as_dict(evaluate(answers_of(name), DAY))))
    again = evaluate(told["answers"], date.fromisoformat(told["as_of"]), ruleset(told["ruleset_version"]))
    assert as_dict(again) == told


def test_each_question_is_said_in_both_languages():
    for one in ruleset(VERSIONS[-1]).questions.values():
        english, french = question_as_dict(one), question_as_dict(one, "fr")
        for name in ("question", "help", "example"):
            assert (english[name] == french[name]) == (english[name] == "")
        assert (english["question"][-1], french["question"][-2:]) == ("?", "\N{NO-BREAK SPACE}?")
