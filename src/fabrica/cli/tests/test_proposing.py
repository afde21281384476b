"""`fabrica propose-awards` and `propose-reviewers`, without a site."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[4] / "docs" / "reviewer"
WISH = {"rank": 1, "mode": "ls", "hours": 70, "months": 3, "systems": ["leo"]}
CASE = {
    "format": "fabrica-awards/1",
    "periods": [{"id": "Q1", "months": 3}],
    "systems": [{"id": "leo", "hours": [100]}],
    "pools": [{"id": "ind", "modes": ["ls"]}],
    "applications": [{**WISH, "id": "x"}, {**WISH, "id": "y"}],
}


def write(**changed):
    Path("ranking.json").write_text(json.dumps({**CASE, **changed}))


def test_json_is_the_whole_answer(asked):
    write()
    told = asked("propose-awards", "ranking.json")
    assert list(told) == [
        "format", "is_settled", "awarded_hours", "awards", "left_out", "ties", "limits", "undecided",
    ]  # fmt: skip
    assert [(one["application"], one["hours"]) for one in told["awards"]] == [("x", "70")]


def test_without_json_it_is_a_table_and_sentences(fabrica):
    write()
    result = fabrica("propose-awards", "ranking.json", "--thorough")
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert lines[:4] == [
        "rank application system hours asked hours fixed", "1 x leo 70 70 no", "",
        "1 awards, 70 GPU-hours; 1 left out.",
    ]  # fmt: skip
    assert " ".join(lines[4:]) == (
        "- y (rank 1, 70 GPU-hours): Those before it leave no room, wherever each of them stands. Binding: capacity of leo "
        "in Q1. It would displace x on leo. On leo it would stand with 40 GPU-hours more in the capacity of leo in Q1. "
        "- Rank 1 is a tie: x in, y out; what decided was the name, which is no merit: decide it yourself."
    )


def test_a_file_that_is_none_is_refused_in_words(fabrica):
    write(format="other")
    result = fabrica("propose-awards", "ranking.json", "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert json.loads(result.stderr)["todo"] == "The format stands in docs/reviewer/awards-under-capacity.md."


def test_the_file_may_come_through_a_pipe(fabrica):
    told = json.loads(fabrica("propose-awards", "-", "--json", input=json.dumps(CASE)).stdout)
    assert told["awarded_hours"] == "70"


def test_it_prints_one_json_document_and_needs_neither_django_nor_holidays():
    write()
    code = (
        "import sys; from fabrica.cli.main import app;"
        "from typer.testing import CliRunner;"
        "import json; print(json.loads(CliRunner().invoke(app, ['propose-awards', 'ranking.json', '--json']).stdout)['is_settled']);"
        "print(sorted({one.partition('.')[0] for one in sys.modules} & {'django', 'ninja', 'holidays'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "True\n[]\n"


EXPERT = {"organisation": "o", "fields": ["ai"], "languages": ["en"], "limit": 1}
APPLICATION = {"organisation": "p", "fields": ["ai"], "language": "en", "reviews": 1}
REVIEWS = {
    "format": "fabrica-reviewers/1",
    "experts": [{**EXPERT, "id": "ada"}],
    "applications": [{**APPLICATION, "id": "a"}, {**APPLICATION, "id": "b", "reviews": 2}],
}


def test_reviewers_are_a_table_and_sentences(fabrica):
    Path("round.json").write_text(json.dumps({**REVIEWS, "assigned": [{"expert": "ada", "application": "a"}]}))
    result = fabrica("propose-reviewers", "round.json")
    assert [" ".join(line.split()) for line in result.stdout.splitlines()] == [
        "application expert points because kept", "a ada 100 ai 100; en yes", "",
        "- b lacks 2: All who could review it are at their limit. One review more by any of these: ada.",
    ]  # fmt: skip


def test_reviewers_as_json_are_the_whole_answer(asked):
    Path("round.json").write_text(json.dumps(REVIEWS))
    told = asked("propose-reviewers", "round.json")
    assert list(told) == ["format", "is_filled", "pairs", "unfilled", "one_organisation", "load"]
    assert (told["is_filled"], told["load"]) == (False, {"ada": 1})


def test_a_round_that_is_none_is_refused_in_words(fabrica):
    Path("round.json").write_text("{}")
    result = fabrica("propose-reviewers", "round.json")
    assert (result.exit_code, result.stderr.splitlines()[0]) == (1, "format cannot be used.")


@pytest.mark.parametrize(
    ("command", "page", "key", "expected"),
    [
        ("propose-awards", "awards-under-capacity.md", "awarded_hours", "70000"),
        ("propose-reviewers", "assigning-reviewers.md", "is_filled", False),
    ],
)
def test_the_file_in_the_document_is_understood(asked, command, page, key, expected):
    text = (DOCS / page).read_text(encoding="utf-8")
    Path("example.json").write_text(re.search(r"```json\n(.+?)```", text, re.DOTALL)[1])
    assert asked(command, "example.json")[key] == expected
