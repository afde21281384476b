"""The impact assessment as an engine: when one is needed, what is missing, what it concludes, what changed."""

import json
from datetime import date
from importlib.resources import files

import pytest
from fabrica.kit.errors import Refused
from fabrica.trust.engine.impact import Gap, changes, check, gaps, outcome, report, screen
from fabrica.trust.engine.impact.reading import read
from fabrica.trust.tests.impact import FORM, RISK, given

DAY = date(2026, 11, 27)
FLAGS = [one.id for one in FORM.by_id.values() if one.role]
SIGNS = [one for one in FLAGS if FORM.by_id[one].role == "sign"]
PLAIN = dict.fromkeys(FLAGS, "no")


@pytest.mark.parametrize(
    ("answers", "needed", "spared"),
    [
        ({}, False, False),
        (PLAIN, False, True),
        ({**PLAIN, "large": "yes"}, False, True),
        ({**PLAIN, "large": "yes", "matching": "unsure"}, True, False),
        ({**PLAIN, "on_list": "unsure"}, True, False),
        ({"large": "yes"}, False, False),
        ({"large": "yes", "sensitive": "yes"}, True, False),
    ],
)  # fmt: skip
def test_two_signs_or_one_case_of_the_law_ask_for_one_and_unsure_is_never_no(answers, needed, spared):
    found = screen(answers, FORM)
    assert (found.is_needed, found.is_spared, len(SIGNS)) == (needed, spared, 9)


def test_where_none_is_needed_only_the_reason_is_missing():
    assert gaps({**PLAIN, "large": "yes"}, [], FORM, DAY) == (Gap("screening", "why_not"),)
    answers = {**PLAIN, "why_not": "Names of authors."}
    assert (gaps(answers, [], FORM, DAY), outcome(answers, FORM)) == ((), "not_needed")
    assert [one.section.id for one in report(answers, [], FORM)] == ["screening"]
    assert [one.question for one in gaps({}, [], FORM, DAY)] == FLAGS


def test_a_complete_one_has_no_gaps_and_each_answer_it_needs_leaves_one():
    assert gaps(given(), [RISK], FORM, DAY) == ()
    assert outcome(given(), FORM) == "with_measures"
    spared = {"why_not", "special_basis", "children_care", *FLAGS}
    for key in set(FORM.by_id) - spared:
        assert gaps(given(**{key: ""}), [RISK], FORM, DAY) == (Gap(FORM.places[key], key),)
    for key in set(RISK) - {"id"}:
        assert gaps(given(), [{**RISK, key: ""}], FORM, DAY) == (Gap("risks", key, "a1"),)
    assert gaps(given(), [], FORM, DAY) == (Gap("risks", "what", why="no_risks"),)
    assert gaps(given(special="unsure", special_basis=""), [RISK], FORM, DAY) == (Gap("description", "special_basis"),)
    assert gaps(given(officer="none", officer_followed=""), [RISK], FORM, DAY) == ()


def test_a_high_risk_that_remains_leads_to_prior_consultation_and_a_look_lies_ahead():
    high = [RISK, {**RISK, "id": "b2", "left": "high"}]
    assert gaps(given(), high, FORM, DAY) == (Gap("conclusion", "conclusion", why="high_left"),)
    assert gaps(given(conclusion="prior_consultation"), high, FORM, DAY) == ()
    assert gaps(given(review_on="2026-11-27"), [RISK], FORM, DAY) == (Gap("conclusion", "review_on", why="past"),)


def test_what_changed_is_told_by_question_and_by_risk():
    other = {**RISK, "id": "b2"}
    found = changes((given(), [RISK, other]), (given(views="They agree."), [{**RISK, "left": "medium"}]), FORM)
    told = [(one.risk, one.question.id, one.before, one.after) for one in found]
    assert told == [
        (0, "views", "Said.", "They agree."), (1, "left", "low", "medium"),
        *((2, key, other[key], "") for key in ("what", "likelihood", "severity", "measures", "left")),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("answers", "risks"),
    [
        ({"nobody": "yes"}, []), ({"large": "perhaps"}, []), ({"review_on": "soon"}, []),
        ({"nature": "x" * 3_001}, []), ({}, [RISK, RISK]), ({}, [{**RISK, "left": "none"}]),
        ({}, [{**RISK, "owner": "me"}]), ({}, [{**RISK, "id": ""}]), ({}, [{**RISK, "id": str(n)} for n in range(31)]),
    ],
)  # fmt: skip
def test_what_the_form_does_not_know_is_refused(answers, risks):
    with pytest.raises(Refused):
        check(answers, risks, FORM)


def broken(change):
    data = json.loads((files("fabrica.trust") / "data" / "impact-2026-1.json").read_text(encoding="utf-8"))
    change(data)
    return data


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.pop("source"),
        lambda data: data["sections"].pop(),
        lambda data: data["sections"][0]["questions"].pop(4),
        lambda data: data["sections"][1]["questions"][0].update(question_fr=""),
        lambda data: data["sections"][1]["questions"][0].update(when="full_moon"),
        lambda data: data["sections"][1]["questions"][0].update(id="scope"),
        lambda data: data["sections"][1]["questions"][0].update(hint="x"),
        lambda data: data["sections"][6]["questions"][0].pop("answers"),
        lambda data: data["risk"]["fields"].pop(),
    ],
)
def test_a_form_that_makes_no_sense_is_not_loaded(change):
    with pytest.raises((ValueError, KeyError)):
        read(broken(change))
