"""A version whose data makes no sense is refused when it is loaded; and what comes along makes sense."""

import copy
import re

import pytest
from fabrica.kit.errors import NotFound, Refused
from fabrica.trust.engine.act import VERSIONS, compare, evaluate, in_force, ruleset, versions
from fabrica.trust.engine.act.checking import check
from fabrica.trust.engine.act.reading import read
from fabrica.trust.tests.examples import EXAMPLES, NEWEST, agrees, answers_of, day_of, version_of
from datetime import date

FOUND = versions.whole(NEWEST)


def row(name, key):
    return lambda doc: next(one for one in doc[name] if one["id"] == key)


def put(where, **values):
    return lambda doc: where(doc).update(values)


def rule(key, **values):
    return put(row("rules", key), **values)


def question(key, **values):
    return put(row("questions", key), **values)


def outcome(key, *rows):
    return rule(key, outcomes=list(rows))


FIRST = {"decision": "REFER_ETHICS", "unsure": "REFER_ETHICS", "applies_to": "2026-12-01"}
LAST = {"decision": "REJECT", "unsure": "REFER_ETHICS", "applies_from": "2026-12-02", "labels": ["PROHIBITED"]}
BROKEN = [
    ("a key that nobody knows", rule("A5a", colour="red"), "colour"),
    ("a key that nobody knows in a question", question("civilian", colour="red"), "colour"),
    ("a key that nobody knows at the top", lambda doc: doc.update(more=1), "more"),
    ("no source", lambda doc: row("rules", "A5a")(doc).pop("source"), "source"),
    ("a source that is missing", rule("A5a", source="hearsay"), "hearsay"),
    ("a confidence that is none", rule("A5a", confidence="D"), "confidence"),
    ("a question that is missing", rule("A5a", elements=["subliminal", "no_such"]), "no_such"),
    ("a number taken for a yes", rule("A5a", elements=["flop"]), "flop"),
    ("a rule that is missing", rule("S7", exceptions=[{"rule": "A9"}]), "names nothing"),
    ("a condition that is missing", rule("H4", scope="nowhere"), "names nothing"),
    ("a duty that is missing", rule("A5ev", owes=[{"duty": "dance", "applies_from": "2026-12-02"}]), "dance"),
    ("a label that is missing", outcome("S0", {"decision": "ACCEPT", "unsure": "ACCEPT", "labels": ["NEW"]}), "NEW"),
    ("a consequence that is missing", rule("S0", consequence="none"), "consequences"),
    ("a question that nothing uses", rule("A5a", elements=["subliminal", "harm"]), "distorts"),
    ("a duty that nothing uses", rule("R7", owes=[]), "take_over"),
    ("a figure that nothing uses", rule("G5", elements=["designated"]), "figure systemic"),
    ("a condition that nothing uses", lambda doc: doc["conditions"].update(spare={"all": ["civilian"]}), "spare"),
    ("conditions in a circle", lambda doc: doc["conditions"].update(provides={"condition": "provides"}), "circle"),
    ("a condition without parts", rule("A5a", elements=[{"any": []}]), "without parts"),
    ("rules that wait for each other", rule("A3_1b", exceptions=[{"rule": "H4"}]), "later"),
    ("a rule that waits for itself", rule("A3_1c", exceptions=[{"rule": "A3_1c"}]), "later"),
    ("a rule that nothing reaches", rule("S6", elements=["private_use", {"none": ["private_use"]}]), "lead to S6"),
    ("a rule out of reach by another", rule("A3_1b", elements=[*row("rules", "A3_1b")(FOUND)["elements"], {"rule": "A5g"}]), "lead to A3_1b"),
    ("a duty that nobody comes to owe", rule("R7", owes=[{"duty": "take_over", "applies_from": "2025-02-02", "when": {"none": ["became_provider"]}}]), "take_over"),
    ("dates that overlap", outcome("A5ba", {**FIRST, "applies_to": "2026-12-05"}, LAST), "overlap"),
    ("dates with a gap", outcome("A5ba", {**FIRST, "applies_to": "2026-11-30"}, LAST), "overlap"),
    ("dates that end", outcome("A5ba", FIRST, {**LAST, "applies_to": "2027-01-01"}), "overlap"),
    ("dates that begin too late", outcome("A5ba", {**LAST}), "overlap"),
    ("dates backwards", outcome("A5ba", FIRST, {**LAST, "applies_to": "2026-12-01"}, {**LAST, "applies_from": "2026-12-02"}), "overlap"),
    ("a day that is none", outcome("A5ba", {**FIRST, "applies_to": "soon"}, LAST), "soon"),
    ("unsure that lets through", outcome("A5a", {**LAST, "applies_from": "2025-02-02", "unsure": "ACCEPT_CONDITIONS"}), "let through"),
    ("unsure that refuses", outcome("A5a", {**LAST, "applies_from": "2025-02-02", "unsure": "REJECT"}), "only what is sure"),
    ("a decision that is none", outcome("A5a", {**LAST, "decision": "PERHAPS"}), "PERHAPS"),
    ("a refusal in the wrong direction", question("civilian", worse="yes"), "civilian"),
    ("a refusal on an answer that is not the worse", question("harm", worse=""), "harm"),
    ("a no that refuses for others", question("practices", worse="no"), "practices"),
    ("two that stand for one question", question("special", stands_for=["no_eu_link", "le_agreement", "research_only", "premarket_only", "private_use", "crime_tool", "designated", "deployer"]), "two stand for"),
    ("one that stands for an earlier question", question("practices", stands_for=[*row("questions", "practices")(FOUND)["stands_for"], "civilian"]), "before"),
    ("words without French", lambda doc: row("questions", "civilian")(doc).pop("question_fr"), "question_fr"),
    ("empty words", rule("A5a", title=" "), "title"),
    ("an id that stands twice", lambda doc: doc["rules"].append(doc["rules"][0]), "twice"),
    ("a duty that nobody owes", put(row("duties", "literacy"), owed_by="somebody"), "nobody owes"),
    ("a yes that rules out what comes before", question("exclusively_military", rules_out=["civilian"]), "rules out"),
    ("a yes that rules out no question", question("civilian", rules_out=["nothing"]), "rules out"),
    ("a yes that rules out a number", question("civilian", rules_out=["flop"]), "rules out"),
    ("a yes that is the better answer twice", question("civilian", rules_out=["commitment"]), "cannot be a no to commitment"),
    ("a number counted with what is none", rule("G5", elements=[{"more": "flop", "than": "systemic", "plus": "text"}]), "text"),
    ("an answer that is usual but none", question("civilian", usual="perhaps"), "civilian"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "told"), [one[1:] for one in BROKEN], ids=[one[0] for one in BROKEN])
def test_data_that_makes_no_sense_is_refused_on_load(change, told):
    doc = copy.deepcopy(FOUND)
    change(doc)
    with pytest.raises(ValueError, match=re.escape(told)):
        check(read(doc))


def test_the_data_as_it_is_passes():
    check(read(copy.deepcopy(FOUND)))


@pytest.mark.parametrize("version", VERSIONS)
def test_each_version_says_its_own_name_day_and_sources(version):
    found = ruleset(version)
    assert found.version == version
    assert {one.source.checked_on for one in found.rules.values()} == {found.checked_on}
    assert all(one.article for one in [*found.rules.values(), *found.duties.values()])


def test_versions_begin_one_after_the_other():
    days = [ruleset(version).valid_from.isoformat() for version in VERSIONS]
    assert days == ["2025-08-02", "2026-07-27", "2026-07-27"]  # the last corrects the one before it


def test_a_day_is_answered_by_the_version_then_in_force():
    told = [
        in_force(date.fromisoformat(day)).version for day in ("2025-08-02", "2026-07-26", "2026-07-27", "2030-01-01")
    ]
    assert told == ["act-2025-08-1", "act-2025-08-1", "act-2026-11-2", "act-2026-11-2"]
    with pytest.raises(Refused, match="No version of the trust rules covers 2025-08-01"):
        in_force(date(2025, 8, 1))


def test_a_version_that_is_not_there_is_told_with_those_that_are():
    with pytest.raises(NotFound, match="Use one of: act-2025-08-1, act-2026-11-1, act-2026-11-2"):
        ruleset("2031-01-1")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"rules": {"Z9": {}}}, "changes what is not there: Z9"),
        ({"leaves_out": {"rules": ["Z9"]}}, "leaves out what is not there: Z9"),
        ({"asks": {"z9": {}}}, "questions after one that is not there: z9"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_version_that_changes_what_another_does_not_have_is_refused(change, told):
    with pytest.raises(ValueError, match=told):
        versions.laid_over(FOUND, {**versions._data("act-2025-08-1"), **change})


OLD = [name for name in EXAMPLES if version_of(name) != NEWEST]


@pytest.mark.parametrize("name", OLD)
def test_an_old_assessment_is_the_same_again_under_its_own_version(name):
    newest = (ruleset(NEWEST), date(2026, 11, 26))
    found = compare(answers_of(name), (ruleset(version_of(name)), day_of(name)), newest)
    assert agrees(found.then, name)
    assert (found.now.version, found.now.as_of) == (NEWEST, newest[1])


def test_what_the_amendment_changed_is_told():
    name = "then-pictures"
    found = compare(answers_of(name), (ruleset("act-2025-08-1"), day_of(name)), (ruleset(NEWEST), date(2026, 12, 3)))
    assert (found.then.decision.value, found.now.decision.value) == ("ACCEPT_CONDITIONS", "REFER_ETHICS")
    assert found.gained["possible_labels"] == {"PROHIBITED"}  # what was not asked then is open now
    assert found.gained["rules"] == {"A5ba", "A5bb", "A5ev"}
    assert found.lost == {"labels": set(), "possible_labels": set(), "obligations": set(), "rules": set()}


def test_what_the_correction_changed_is_told():
    then, now = ((ruleset(version), date(2026, 11, 27)) for version in ("act-2026-11-1", NEWEST))
    lost_and_gained = {}
    for name in ("first-giant-on-small-base", "first-assistant-at-cvs", "first-military-contradiction"):
        found = compare(answers_of(name), then, now)
        assert found.dropped == ()
        lost_and_gained[name] = [
            found.now.decision.value,
            *(sorted(one["rules"]) for one in (found.lost, found.gained)),
        ]
    assert lost_and_gained == {
        "first-giant-on-small-base": ["REFER_ETHICS", [], ["G1", "G5"]],
        "first-assistant-at-cvs": ["ACCEPT_CONDITIONS", [], []],
        "first-military-contradiction": ["REJECT", ["L1"], ["S2"]],
    }


def test_an_answer_that_is_not_asked_any_more_is_left_out_and_named():
    told = {**answers_of("weather-model"), "convenience_only": "yes"}
    found = compare(told, (ruleset(NEWEST), date(2026, 11, 26)), (ruleset("act-2025-08-1"), date(2026, 1, 1)))
    assert "convenience_only" in found.dropped
    assert evaluate(told, date(2026, 11, 26)) == found.then
