"""`fabrica sme`, without a site."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from fabrica.kit.facts import load

ALPHA = {"id": "alpha", "name": "Alpha", "dispersed": True}
YEAR = {"year": 2025, "staff": "9.5", "turnover": "1000000", "balance": "500000"}


def write(name="graph.json", before="none", **year):
    head = {"format": "fabrica-sme/1", "as_of": "2026-11-26", "applicant": "alpha", "category_before": before}
    content = json.dumps({**head, "enterprises": [{**ALPHA, "years": [{**YEAR, **year}]}]})
    Path(name).write_text(content)
    return content


def test_json_is_the_whole_answer(asked):
    write()
    told = asked("sme", "graph.json")
    assert list(told) == [
        "format", "applicant", "name", "as_of", "category", "possible", "type", "why", "years", "enterprises", "public",
        "predicates", "open", "explanation", "rule",
    ]  # fmt: skip
    assert (told["category"], told["years"][0]["staff"]) == ("micro", "9.5")


def test_without_json_it_is_a_table_and_sentences(fabrica):
    write(staff=None)
    result = fabrica("sme", "graph.json")
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    possible = "a microenterprise or a small enterprise or a medium-sized enterprise or not an SME"
    assert lines[:6] == [
        f"Alpha: {possible}", "", "year staff turnover balance category", f"2025 ≥ 0 1000000 500000 {possible}", "",
        "enterprise relation amounts added staff added",
    ]  # fmt: skip
    assert "- State staff of Alpha for 2025." in lines


def test_the_file_may_come_through_a_pipe(fabrica):
    content = write()
    result = fabrica("sme", "-", "--json", input=content)
    assert json.loads(result.stdout)["category"] == "micro"


def test_a_declaration_is_written_once_readable_for_its_owner_only(fabrica):
    write()
    assert fabrica("sme", "graph.json", "--declaration", "sign.html").exit_code == 0
    page = Path("sign.html")
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    again = fabrica("sme", "graph.json", "--declaration", "sign.html")
    assert (again.exit_code, again.stdout) == (1, "")
    assert again.stderr.splitlines()[0] == "sign.html is there already."


def test_an_undecided_status_is_told_but_not_signed(fabrica):
    write(before="small")
    told = fabrica("sme", "graph.json", "--json")
    assert (told.exit_code, json.loads(told.stdout)["category"]) == (0, "undecided")
    refused = fabrica("sme", "graph.json", "--declaration", "sign.html", "--json")
    assert refused.exit_code == 1
    assert json.loads(refused.stderr)["todo"] == (
        "State the figures of the year before as well: one year alone does not change the status (Article 4(2))."
    )
    assert not Path("sign.html").exists()


def test_a_rule_of_ones_own(asked, fabrica):
    write()
    rule = load("fabrica.people", "sme.json")
    rule["ceilings"][0]["staff_below"] = "9.5"
    Path("rule.json").write_text(json.dumps(rule))
    assert asked("sme", "graph.json", "--rules", "rule.json")["category"] == "small"
    Path("rule.json").write_text("[]")
    assert fabrica("sme", "graph.json", "--rules", "rule.json").stderr.splitlines()[0] == "rule.json is no rule."


@pytest.mark.parametrize(
    ("content", "first"),
    [
        ("{", "The file is no JSON document."),
        ("{}", "format cannot be used."),
        (" " * 2_000_001, "The file is too large."),
    ],
)
def test_a_file_that_is_none_is_refused_in_words(fabrica, content, first):
    Path("graph.json").write_text(content)
    result = fabrica("sme", "graph.json")
    assert (result.exit_code, result.stdout, result.stderr.splitlines()[0]) == (1, "", first)


def test_a_file_that_is_not_there_is_told(fabrica):
    result = fabrica("sme", "nowhere.json")
    assert (result.exit_code, result.stderr.splitlines()[0]) == (1, "nowhere.json cannot be used.")


def test_a_name_cannot_steer_the_terminal(fabrica):
    write()
    content = json.loads(Path("graph.json").read_text())
    content["enterprises"][0]["name"] = "[red]Alpha[/red] [link]"
    Path("graph.json").write_text(json.dumps(content))
    assert fabrica("sme", "graph.json").stdout.splitlines()[0] == "[red]Alpha[/red] [link]: a microenterprise"


def test_it_runs_without_django_and_without_a_site():
    write()
    code = (
        "import sys; from pathlib import Path; from fabrica.people.engine.sme import as_dict, assess, read;"
        "print(as_dict(assess(read(Path('graph.json').read_bytes())))['category']);"
        "print(sorted({one.partition('.')[0] for one in sys.modules} & {'django', 'ninja', 'httpx'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "micro\n[]\n"
