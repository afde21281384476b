"""How votes become a finding, and what the gate's words bring: no database."""

from datetime import date

import pytest
from fabrica.trust.engine.act import evaluate
from fabrica.trust.engine.act.telling import as_dict
from fabrica.trust.engine.owed import owed_by, rows, soon_owed, words_of
from fabrica.trust.engine.voting import rules_on, tally, versions
from fabrica.trust.models import Condition
from fabrica.trust.states import Blocks, Finding, Vote
from fabrica.trust.tests.answers import answers_for

RULES = versions()[0]
YES, BUT, NO, NONE = Vote.ACCEPT, Vote.ACCEPT_WITH_CONDITIONS, Vote.REFUSE, Vote.ABSTAIN


@pytest.mark.parametrize(
    ("votes", "seats", "finding", "how"),
    [
        ([YES], 1, None, ""),  # one person is no board
        ([YES, YES], 2, Finding.APPROVED, "consensus"),
        ([YES, YES], 3, Finding.APPROVED, "majority"),
        ([YES, YES], 5, None, ""),  # half of five is three
        ([YES, NO], 2, None, ""),
        ([NO, NO, YES], 3, Finding.NOT_APPROVED, "majority"),
        ([YES, BUT], 2, Finding.APPROVED_WITH_CONDITIONS, "majority"),
        ([YES, YES, BUT], 3, Finding.APPROVED, "majority"),
        ([YES, BUT, NO], 3, Finding.APPROVED_WITH_CONDITIONS, "majority"),
        ([YES, NONE], 2, Finding.APPROVED, "majority"),  # who abstains counts for the quorum alone
        ([NONE, NONE], 2, None, ""),
        ([NO, NONE, NONE], 3, Finding.NOT_APPROVED, "majority"),
        ([], 0, None, ""),
    ],
)
def test_votes_come_to_a_finding_by_quorum_and_majority(votes, seats, finding, how):
    counted = tally(votes, seats, RULES)
    assert (counted.finding, counted.how) == (finding, how)


def test_the_rules_of_a_day_are_those_that_apply_then():
    assert rules_on(date(2026, 11, 26)) == RULES
    with pytest.raises(ValueError, match="no rules on 2020"):
        rules_on(date(2020, 1, 1))


def test_each_label_duty_and_rule_brings_its_conditions_once():
    assert [one.key for one in owed_by(["GPAI", "TR_50_2"], ["copyright_policy"], [])] == [
        "copyright_policy", "mark_output",
    ]  # fmt: skip
    assert [one.key for one in owed_by([], [], ["HR"])] == ["risk_management", "technical_documentation"]
    assert owed_by(["LITERACY"], [], ["P1"]) == ()


def test_a_duty_brings_conditions_where_it_is_certain_the_applicants_and_begins_soon():
    begins = {"mark_output": "2026-08-02", "logs": "2027-05-23", "data_governance": "2027-05-24"}
    duties = [{"duty": key, "owed_by": "provider", "applies_from": day, "certain": True} for key, day in begins.items()]
    assert soon_owed(duties, date(2026, 11, 24)) == ["mark_output", "logs"]
    assert soon_owed([{**duties[0], "owed_by": "site"}, {**duties[0], "certain": False}], date(2026, 11, 24)) == []


def test_a_plain_chat_owes_nothing_before_it_is_published():
    day = date(2026, 11, 23)
    told = as_dict(evaluate(answers_for("ACCEPT_CONDITIONS"), day))
    brought = owed_by([one["label"] for one in told["labels"]], soon_owed(told["obligations"], day), [])
    assert [(one.key, one.blocks) for one in brought] == [("mark_output", Blocks.PUBLICATION)]


def test_every_condition_hangs_on_something_that_the_rules_know():
    from fabrica.trust.engine.act.versions import in_force
    from fabrica.trust.engine.gate import questions

    act = in_force(date(2026, 11, 26))
    assert [
        one.key
        for one in rows()
        if one.labels - set(act.labels) or one.duties - set(act.duties) or one.rules - {q.id for q in questions()}
    ] == []


def test_only_days_of_a_law_are_given_as_sure_and_our_own_as_ours():
    assert {one.key: one.source.confidence for one in rows() if one.source.confidence != "C"} == {
        "systemic_notice": "A",
        "prior_consultation": "A",
    }
    assert [one.key for one in rows() if ("own choice" in one.source.text) != (one.source.confidence == "C")] == []
    assert max(len(one.kept) for one in rows()) <= Condition._meta.get_field("source").max_length
    assert {one.source.confidence for one in versions()} == {"C"}


def test_a_condition_is_said_in_french_only_while_it_says_the_same():
    row = rows()[0]
    assert words_of(row.key, row.text, "fr-be") == row.words["fr"]
    assert words_of(row.key, "Something else.", "fr") == "Something else."
    assert words_of("", "Written by hand.", "fr") == "Written by hand."
    assert all(set(one.words) == {"en", "fr"} for one in rows())
