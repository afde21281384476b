"""Profiles whose verdicts were worked out by hand, each rule and both sides of each limit among them."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from fabrica.calls.engine import terms
from fabrica.calls.engine.answer import as_dict
from fabrica.calls.engine.limits import SIZES
from fabrica.calls.engine.profile import FORMAT, read
from fabrica.calls.engine.routing import When, route

GOLDEN = sorted((Path(__file__).parent / "golden" / "routes").glob("*.json"))
CASES = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in GOLDEN}
ALWAYS_UNKNOWN = {("pay-per-use", "size_at_most"), ("pay-per-use", "months")}


def found(case):
    profile = read(json.dumps({"format": FORMAT, **case["given"]}))
    return as_dict(route(profile, datetime.fromisoformat(case["on"]), terms()))


def short(one):
    """A route without its words: those are held by the test of one whole answer."""
    opening = one["opening"]
    return {
        "verdict": one["verdict"],
        "reasons": {reason["rule"]: reason["holds"] for reason in one["reasons"]},
        "asks": one["asks"],
        "prepare": [paper["id"] for paper in one["prepare"]],
        "opening": [opening["when"], opening["at"] or opening["day"]],
    }


@pytest.mark.parametrize("name", CASES)
def test_the_answer_is_the_one_worked_out_by_hand(name):
    case, told = CASES[name], found(CASES[name])
    assert [(one["mode"], short(one)) for one in told["routes"]] == list(case["expected"].items())
    assert (told["profile"], told["asks"]) == (case["given"], case["asks"])


def test_there_are_enough_of_them_and_each_tells_what_it_is_about():
    assert len(CASES) >= 25
    assert [name for name, case in CASES.items() if not case["about"]] == []


def answers():
    """(mode, rule) with every answer that some case gives it."""
    seen = {}
    for case in CASES.values():
        for mode, one in case["expected"].items():
            for rule, holds in one["reasons"].items():
                seen.setdefault((mode, rule), set()).add(holds)
    return seen


def test_each_rule_is_met_broken_and_left_open_by_some_profile():
    wanted = {}
    for mode in terms():
        for rule in mode.rules:
            is_complete = "otherwise" not in rule.needs
            wanted[mode.key, rule.id] = {True, False, None} if is_complete else {True, None}
        limits = {*SIZES, "months", "inference_percent_at_most"} & set(mode.figures)
        wanted |= {(mode.key, name): {True, False, None} for name in limits}
        if mode.value("months"):
            wanted[mode.key, "calendar"] = {True, False}
    wanted |= {key: {None} for key in ALWAYS_UNKNOWN}
    seen = answers()
    missing = {key: need - seen.get(key, set()) for key, need in wanted.items() if need - seen.get(key, set())}
    assert missing == {}
    assert set(seen) == set(wanted)


def test_each_limit_is_tried_on_it_and_one_beyond():
    """For each size: the most (or least) that fits, and one hour further, in the unit of the mode."""
    tried = {(case["given"].get("unit"), case["given"].get("hours")) for case in CASES.values()}
    missing = []
    for mode in terms():
        for name, beyond in (("size_above", 0), ("size_at_least", -1), ("size_at_most", 1), ("package", 1)):
            limit = mode.value(name)
            near = [] if limit is None else [limit, limit + 1] if name == "size_above" else [limit, limit + beyond]
            missing += [(mode.key, name, hours) for hours in near if (mode.value("unit"), hours) not in tried]
        longest = (mode.value("months") or [None])[-1]
        months = {case["given"].get("months") for case in CASES.values()}
        missing += [(mode.key, one) for one in ([] if longest is None else [longest, longest + 1]) if one not in months]
    assert missing == []


def test_each_thing_to_prepare_and_each_way_of_opening_occurs():
    routes = [one for case in CASES.values() for one in case["expected"].values()]
    assert {paper.id for mode in terms() for paper in mode.prepare} == {id for one in routes for id in one["prepare"]}
    assert {one["opening"][0] for one in routes} == {when.value for when in When}


def test_one_whole_answer_with_its_words_and_sources():
    told = found(CASES["fast-lane-most"])["routes"][0]
    golden = Path(__file__).parent / "golden" / "route-whole.json"
    assert told == json.loads(golden.read_text(encoding="utf-8"))
