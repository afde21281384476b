"""Ownership graphs whose whole answer was worked out by hand, one rule each."""

import json
from pathlib import Path

import pytest
from fabrica.people.engine.sme import as_dict, assess, read

GOLDEN = sorted((Path(__file__).parent / "golden" / "sme").glob("*.json"))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_the_whole_answer_is_the_one_worked_out_by_hand(path):
    case = json.loads(path.read_text(encoding="utf-8"))
    found = as_dict(assess(read(json.dumps(case["given"]))))
    found["open"] = [{key: value for key, value in one.items() if key != "todo"} for one in found["open"]]
    named = {key: found.pop(key) for key in ("format", "applicant", "name", "as_of", "explanation", "rule")}
    assert found == case["expected"]
    assert (named["applicant"], named["name"], named["as_of"]) == ("alpha", "Alpha", "2026-11-26")


def test_there_are_enough_of_them_and_each_tells_its_rule_and_its_computation():
    cases = [json.loads(path.read_text(encoding="utf-8")) for path in GOLDEN]
    assert len(cases) > 50
    assert [one for one in cases if not (one["rule"] and one["computation"])] == []
