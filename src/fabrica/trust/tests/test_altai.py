"""The list of trustworthy AI: what comes along makes sense, what does not is refused, and how answers are weighed."""

import copy
from collections import Counter
from datetime import date

import pytest
from fabrica.kit.errors import NotFound, Refused
from fabrica.kit.facts import load
from fabrica.trust.engine.altai import VERSIONS, Answer, Scope, check, checklist, in_force, score, sets_on
from fabrica.trust.engine.altai.asking import read_sets
from fabrica.trust.engine.altai.given import read as read_given
from fabrica.trust.engine.altai.reading import read
from fabrica.trust.engine.altai.telling import as_dict, list_as_dict
from hypothesis import given
from hypothesis import strategies as st

DAY = date(2026, 11, 26)
RULES = in_force(DAY)
DATA = load("fabrica.trust", "altai-2026-1.json")
GATE = Scope.GATE.items(RULES)
ANSWERS = st.fixed_dictionaries({}, optional={one.id: st.sampled_from(one.kind.answers) for one in RULES.items[:40]})


def first_item(**values):
    return lambda doc: doc["items"][0].update(values)


BROKEN = [
    ("an item twice", lambda doc: doc["items"].append(doc["items"][0]), "stands twice"),
    ("a question twice", lambda doc: doc["items"][1].update(question=doc["items"][0]["question"]), "stands twice"),
    ("an item too few", lambda doc: doc["items"].pop(), "the items it counts"),
    ("no French", first_item(question_fr=" "), "question_fr"),
    ("an empty recommendation", first_item(recommendation=""), "recommendation"),
    ("a text without end", first_item(help="x" * 301), "help"),
    ("a key that nobody reads", first_item(colour="red"), "colour"),
    ("a topic that is missing", first_item(topic="weather"), "weather"),
    ("a kind that is none", first_item(kind="guess"), "guess"),
    ("a weight beyond three", first_item(weight=4), "weight"),
    ("a gate that is not true", first_item(gate=False), "gate"),
    ("a requirement too few", lambda doc: doc["requirements"].pop(), "topic"),
    ("a topic twice", lambda doc: doc["requirements"][0]["topics"].append(doc["requirements"][1]["topics"][0]), "twice"),
    ("a topic without items", lambda doc: doc["requirements"][0]["topics"].append(
        {"id": "empty", "title": "Empty", "title_fr": "Vide"}), "no items"),
    ("a requirement without gate", lambda doc: [one.pop("gate", 0) for one in doc["items"] if one["id"][0] == "P"],
     "of each requirement"),
    ("a gate for everything", lambda doc: [one.update(gate=True) for one in doc["items"]], "some 25"),
    ("no source", lambda doc: doc.pop("source"), "source"),
    ("no day", lambda doc: doc.update(valid_from="soon"), "soon"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "named"), [one[1:] for one in BROKEN], ids=[one[0] for one in BROKEN])
def test_a_list_that_makes_no_sense_is_refused_when_it_is_loaded(change, named):
    document = copy.deepcopy(DATA)
    change(document)
    with pytest.raises(ValueError, match=named):
        read(document)


def test_it_has_170_items_over_the_seven_requirements_and_25_for_every_mode():
    counts = Counter(one.requirement for one in RULES.items)
    assert counts == {"agency": 32, "robustness": 46, "privacy": 9, "transparency": 18, "fairness": 31,
                      "well_being": 20, "accountability": 14}  # fmt: skip
    assert (len(RULES.items), len(GATE)) == (170, 25)


def test_each_word_has_a_french_that_is_not_the_english():
    rows = [*RULES.items, *(one for one in RULES.requirements), RULES]
    same = [one for row in rows for name in row.words if not name.endswith("_fr") for one in [row.words[name]]
            if row.said(name, "fr") == one]  # fmt: skip
    assert same == []
    assert RULES.items[0].said("question", "de") == RULES.items[0].words["question"]


@given(answers=ANSWERS, data=st.data())
def test_unsure_counts_as_no_does_and_never_as_yes(answers, data):
    key = data.draw(st.sampled_from([one.id for one in RULES.items[:40]]))
    unsure, no, yes = (score({**answers, key: one}, RULES).scores for one in (Answer.UNSURE, Answer.NO, Answer.YES))
    assert [one.points for one in unsure] == [one.points for one in no]
    assert all(a.points == b.points is None or a.points <= b.points for a, b in zip(unsure, yes, strict=True))


@given(answers=ANSWERS)
def test_points_lie_between_0_and_100_and_100_is_only_what_is_all_yes(answers):
    for one in score(answers, RULES).scores:
        counted = [answers[item.id] for item in RULES.items
                   if item.requirement == one.requirement and answers.get(item.id, "not_applicable") != "not_applicable"]  # fmt: skip
        assert (one.points is None) == (not counted)
        assert one.points is None or 0 <= one.points <= 100
        assert (one.points == 100) == (set(counted) == {"yes"})


def test_weights_count_partly_is_half_and_what_is_not_applicable_is_left_out():
    found = score({"A01": "yes", "A02": "partly", "A07": "no", "A08": "not_applicable"}, RULES).scores[0]
    assert (found.points, found.asked, found.answered, found.not_applicable) == (100 * (6 + 2) // 12, 32, 4, 1)
    assert score({"P01": "not_applicable"}, RULES).scores[2].points is None


def test_what_hangs_most_on_it_is_advised_first_and_no_before_unsure_before_partly():
    answers = {"A07": "no", "A02": "partly", "A04": "unsure", "A05": "no", "W01": "unsure", "A01": "yes"}
    found = score(answers, RULES).advice
    assert [(one.item.id, one.item.weight) for one in found] == [
        ("W01", 3),
        ("A05", 2),
        ("A04", 2),
        ("A02", 2),
        ("A07", 1),
    ]


def test_the_gate_weighs_its_own_items_only_and_stands_first_where_all_is_asked():
    found = score({"A01": "yes", "A07": "no"}, RULES, Scope.GATE)
    assert (found.scores[0].points, found.asked, found.advice) == (100, 25, ())
    assert Scope.ALL.items(RULES)[:25] == GATE
    assert score({one.id: "unsure" for one in GATE}, RULES, Scope.GATE).is_complete


def test_who_rates_themselves_two_steps_above_their_answers_is_told():
    answers = {"A01": "yes", "A03": "no", "A17": "yes", "A18": "no"}  # 50 points: 2.5 steps
    told = [score(answers, RULES, Scope.GATE, {"agency": one}).scores[0].rates_itself_higher for one in (4, 5)]
    assert told == [False, True]


@pytest.mark.parametrize(
    ("answers", "ratings"),
    [({"Z9": "yes"}, {}), ({"A01": "maybe"}, {}), ({"A01": "partly"}, {}), ({}, {"luck": 3}), ({}, {"agency": 6}),
     ({}, {"agency": True}), ({}, {"agency": -1})],
)  # fmt: skip
def test_what_the_list_does_not_know_is_refused(answers, ratings):
    with pytest.raises(Refused):
        check(answers, ratings, RULES)


def test_a_large_mode_is_asked_all_and_the_others_the_gate_and_none_must():
    asked = sets_on(DAY)
    told = {key: asked.of(key) for key in ("playground", "fast-lane", "large-scale", "a-mode-of-the-site")}
    assert {key: one.scope.value for key, one in told.items()} == {
        "playground": "gate", "fast-lane": "gate", "large-scale": "all", "a-mode-of-the-site": "gate"}  # fmt: skip
    assert not any(one.is_required for one in told.values())
    with pytest.raises(Refused):
        sets_on(date(2020, 1, 1))
    with pytest.raises(Refused):
        in_force(date(2020, 1, 1))
    with pytest.raises(NotFound):
        checklist("altai-1999-1")


def test_sets_that_make_no_sense_are_refused():
    (row,) = load("fabrica.trust", "altai-modes.json")["versions"]
    for change in ({"otherwise": {"asks": "some", "is_required": False}}, {"otherwise": {"asks": "all"}},
                   {"otherwise": {"asks": "all", "is_required": "no"}}, {"valid_from": "soon"}):  # fmt: skip
        with pytest.raises((ValueError, KeyError)):
            read_sets([{**row, **change}])
    for rows in ([], [row, row]):
        with pytest.raises(ValueError, match="one after the other"):
            read_sets(rows)


def test_a_result_is_told_in_the_readers_language():
    told = as_dict(score({"A01": "no"}, RULES, Scope.GATE, {"agency": 1}), "fr")
    assert (told["version"], told["scope"], told["asked"], told["answered"]) == (VERSIONS[-1], "gate", 25, 1)
    assert told["scores"][0] == {
        "requirement": "agency", "title": "Autonomie et contrôle humains", "points": 0, "asked": 4, "answered": 1,
        "not_applicable": 0, "unsure": 0, "rating": 1,
    }  # fmt: skip
    assert [one["recommendation"] for one in told["recommendations"]] == [RULES.by_id["A01"].words["recommendation_fr"]]
    assert len(list_as_dict(RULES)["items"]) == 170


@pytest.mark.parametrize(
    "raw",
    [b"", b"[]", b"{}", b'{"format": "fabrica-altai/1", "more": 1}', b'{"format": "fabrica-altai/1", "answers": []}',
     b'{"format": "fabrica-altai/1", "answers": {"A01": 1}}', b'{"format": "fabrica-altai/1", "ratings": {"agency": "5"}}',
     b'{"format": "fabrica-altai/1", "scope": "some"}', b'{"format": "fabrica-altai/1", "scope": []}',
     b'{"format": "fabrica-altai/1", "version": 1}', b"[" * 50_000, b" " * 50_001],
)  # fmt: skip
def test_a_file_that_is_none_is_refused(raw):
    with pytest.raises(Refused):
        read_given(raw)
