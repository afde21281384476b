"""The interview: few questions for a plain project, and each that can matter."""

from datetime import date

import pytest
from fabrica.trust.engine.act import Decision, evaluate, in_force, next_questions
from fabrica.trust.engine.act.keeping import laid_over

DAY = date(2026, 11, 26)
TEXT_MODEL = {"text": "yes", "interacts": "yes", "flop": "1.98e22"}


def interview(answers, day=DAY):
    """(question, at most left, usually left) in the order asked; what `answers` does not name is answered as usual."""
    told, asked = {}, []
    while (asking := next_questions(told, day)).questions:
        one = asking.questions[0]
        asked.append((one.id, asking.at_most, asking.usually))
        told[one.id] = answers.get(one.id, one.usual)
    return told, asked


@pytest.mark.parametrize("day", [DAY, date(2026, 12, 2), date(2027, 8, 2), date(2026, 1, 15)])
def test_a_plain_text_model_is_asked_fifteen_questions_at_most(day):
    told, asked = interview(TEXT_MODEL, day)
    assert len(asked) <= 15
    assert evaluate(told, day).decision is Decision.ACCEPT_CONDITIONS
    assert sorted(evaluate(told, day).labels) == ["LITERACY", "ROLE_PROVIDER", "TR_50_1", "TR_50_2"]


def test_how_many_are_left_is_said_each_time():
    _, asked = interview(TEXT_MODEL)
    assert [usually for _, _, usually in asked] == list(range(len(asked), 0, -1))
    assert [at_most for _, at_most, _ in asked] == sorted({at_most for _, at_most, _ in asked}, reverse=True)
    assert all(usually <= at_most for _, at_most, usually in asked)


def test_the_order_of_a_plain_text_model_is_this():
    _, asked = interview(TEXT_MODEL)
    assert [key for key, _, _ in asked] == [
        "civilian", "programme_purpose", "commitment", "ai_system", "special", "provider", "other_roles", "practices",
        "media", "text", "high_risk", "interacts", "exempt", "on_market", "flop",
    ]  # fmt: skip


def test_a_no_that_stands_for_others_leaves_them_unasked_and_a_yes_or_unsure_asks_each():
    education = ["edu_access", "edu_outcomes", "edu_level", "edu_cheating"]
    for answer, asks in (("no", []), ("yes", education), ("unsure", education)):
        told, asked = interview({"high_risk": "yes", "education": answer})
        assert [key for key, _, _ in asked if key.startswith("edu_")] == asks
        assert evaluate(told, DAY).labels == {"ROLE_PROVIDER", "LITERACY"} | {"TR_50_1", "TR_50_2"}


def test_an_outer_no_reaches_down_to_what_an_inner_question_stands_for():
    told, _ = interview(TEXT_MODEL)
    assert (told["high_risk"], "work" in told, "job_selection" in told) == ("no", False, False)
    assert "A3_4a" in evaluate(told, DAY).not_met


def test_an_answer_of_its_own_counts_more_than_the_no_that_stands_for_it():
    told, _ = interview(TEXT_MODEL)
    found = evaluate({**told, "job_selection": "yes"}, DAY)
    assert ("A3_4a" in found.not_met, "HR_ANNEX_III" in found.possible) == (False, True)


def test_a_yes_rules_out_what_is_then_not_asked_unless_it_was_answered():
    for answer, asks in (("yes", []), ("no", ["exclusively_military"]), ("unsure", ["exclusively_military"])):
        _, asked = interview({"civilian": answer})
        assert [key for key, _, _ in asked if key == "exclusively_military"] == asks
    told, _ = interview(TEXT_MODEL)
    assert "S2" in evaluate(told, DAY).not_met
    assert evaluate({**told, "exclusively_military": "yes"}, DAY).decision is Decision.REJECT


def test_a_new_yes_forgets_what_it_rules_out_unless_that_is_told_with_it():
    kept, rules = {"civilian": "no", "exclusively_military": "yes"}, in_force(DAY)
    assert laid_over(kept, {"civilian": "yes"}, rules) == {"civilian": "yes"}
    both = {"civilian": "yes", "exclusively_military": "yes"}
    assert laid_over(kept, both, rules) == both
    assert laid_over(both, {"civilian": "yes"}, rules) == both
    assert laid_over(kept, {"civilian": "unsure"}, rules) == {**kept, "civilian": "unsure"}


def test_whether_the_commission_designated_it_is_asked_of_a_special_case_alone():
    for special, asks in (("no", []), ("yes", ["designated"])):
        _, asked = interview({**TEXT_MODEL, "special": special})
        assert [key for key, _, _ in asked if key == "designated"] == asks


def test_what_the_site_knows_is_never_asked_of_the_applicant():
    _, asked = interview({})
    site = {key for key, one in in_force(DAY).questions.items() if one.answered_by == "site"}
    assert site == {"union_share", "free_user", "commercial"}
    assert site.isdisjoint(key for key, _, _ in asked)


def test_an_unsure_answer_is_not_asked_again_but_stays_open():
    told, asked = interview({**TEXT_MODEL, "practices": "unsure", "emotions": "unsure", "work_school": "unsure"})
    assert len({key for key, _, _ in asked}) == len(asked)
    found = evaluate(told, DAY)
    assert (found.decision, "PROHIBITED" in found.possible) == (Decision.REFER_ETHICS, True)
