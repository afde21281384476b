"""Proposals with awards and reasons, one rule each, read against it; what is refused; what the solver is asked."""

import json
from pathlib import Path

import pytest
from fabrica.allocations.engine.capacity import as_dict, propose, read
from fabrica.config.bench_capacity import awards_case
from fabrica.kit.errors import Refused

GOLDEN = sorted((Path(__file__).parent / "golden" / "awards").glob("*.json"))
WISH = {"id": "w", "rank": 1, "mode": "ls", "hours": 10, "months": 3, "systems": ["leo"]}
CASE = {
    "format": "fabrica-awards/1",
    "periods": [{"id": "Q1", "months": 3}],
    "systems": [{"id": "leo", "hours": [100]}],
    "pools": [{"id": "ind", "modes": ["ls"]}],
    "applications": [WISH],
}


def wish(**changed):
    return {**CASE, "applications": [{**WISH, **changed}]}


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_the_whole_answer_is_the_one_worked_out_by_hand(path):
    case = json.loads(path.read_text(encoding="utf-8"))
    assert as_dict(propose(read(json.dumps(case["given"])))) == case["expected"]


def test_there_are_some_and_each_tells_its_rule():
    cases = [json.loads(path.read_text(encoding="utf-8")) for path in GOLDEN]
    assert len(cases) == 10
    assert [one for one in cases if not one["rule"]] == []


@pytest.mark.parametrize(
    ("case", "what", "why"),
    [
        ({}, "format cannot be used.", "It must be 'fabrica-awards/1'."),
        ({**CASE, "colour": 1}, "colour cannot be used.", "There is no such key."),
        (wish(hours="0.3333"), "applications[0].hours cannot be used.",
         "Hours must be whole GPU-seconds: 0.25 is 900, 0.3333 is none."),
        (wish(hours="NaN"), "applications[0].hours cannot be used.",
         "'NaN' must be a number from 0 to 1000000000, such as 1234.5."),
        (wish(mode="pg"), "applications[0].mode cannot be used.", "No pool has the mode 'pg'."),
        (wish(months=4), "applications[0].months cannot be used.", "The periods of the file end before."),
        (wish(systems=["lumi"]), "applications[0].systems cannot be used.", "There is no 'lumi' in the file."),
        (wish(least_hours=11), "applications[0].least_hours cannot be used.",
         "It must lie below `hours`, by whole steps (`step_hours`, one hour by itself)."),
        ({**CASE, "applications": [WISH, WISH]}, "applications cannot be used.",
         "It must hold at least 1, and each id once."),
        ({**CASE, "fixed": [{"application": "w", "hours": 11}]}, "fixed[0].hours cannot be used.",
         "It must lie between what the application accepts and what it asks for."),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_format_is_refused_with_its_place(case, what, why):
    with pytest.raises(Refused) as refused:
        read(json.dumps(case))
    assert (refused.value.what, refused.value.why) == (what, why)


def test_what_is_fixed_and_does_not_fit_together_is_refused():
    both = [{**WISH, "hours": 60}, {**WISH, "id": "v", "hours": 60}]
    fixed = [{"application": "w"}, {"application": "v"}]
    with pytest.raises(Refused) as refused:
        propose(read(json.dumps({**CASE, "applications": both, "fixed": fixed})))
    assert refused.value.what == "What you fixed does not fit together: w has no room beside the others."


def test_one_gpu_second_too_much_is_too_much():
    many = [{**WISH, "id": f"w{at}", "rank": at + 1, "hours": 10_000_000} for at in range(3)]
    exact = {**CASE, "systems": [{"id": "leo", "hours": [30_000_000]}], "applications": many}
    assert len(propose(read(json.dumps(exact))).awards) == 3
    exact["systems"] = [{"id": "leo", "hours": ["29999999.9975"]}]  # nine seconds less
    assert [one.wish.id for one in propose(read(json.dumps(exact))).awards] == ["w0", "w1"]


def test_the_solver_is_asked_about_as_often_as_there_are_applications():
    counts = {size: propose(read(json.dumps(awards_case(size, 10)))).calls for size in (75, 150)}
    assert counts[75] <= 4 * 75
    assert counts[150] <= 4 * 150


def test_the_same_file_gives_the_same_answer():
    case = json.dumps(awards_case(60, 5))
    assert as_dict(propose(read(case))) == as_dict(propose(read(case)))
