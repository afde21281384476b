"""`fabrica-site clusters part`, as an operator calls it."""

import re
from pathlib import Path

import pytest
from fabrica.allocations.tests.years import text
from fabrica.config import site_pools
from fabrica.config.site_clusters import app
from typer.testing import CliRunner

PAGE = Path(__file__).parents[4] / "docs" / "operator" / "pools.md"


@pytest.fixture
def run(monkeypatch, machine, tmp_path):
    """Run `fabrica-site clusters part one FILE` on a file with these words; returns exit status and output."""
    monkeypatch.setattr(site_pools, "start", lambda: None)
    monkeypatch.setenv("COLUMNS", "200")

    def run(words):
        file = tmp_path / "year.json"
        file.write_text(words, encoding="utf-8")
        answer = CliRunner().invoke(app, ["part", "one", str(file)])
        return answer.exit_code, answer.output

    return run


def test_an_operator_parts_a_machines_year(run):
    assert run(text(hours=1_000, parts={"union_commercial": 40, "national": "59.5"})) == (
        0,
        "Machine One from 2026-01-01 to before 2027-01-01: 1,000.00 GPU-hours.\n"
        "  union_commercial: 40 %, 400.00 GPU-hours, 400.00 left\n"
        "  national: 59.5 %, 595.00 GPU-hours, 595.00 left\n"
        "  cap union_commercial: 80.00 GPU-hours, 80.00 left\n",
    )


def test_a_file_that_makes_no_sense_is_told_in_words(run):
    code, output = run(text(hours=-1))
    assert (code, "hours cannot be used." in output) == (1, True)


def test_the_file_in_the_document_is_one(run):
    words = re.search(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)[1]
    code, output = run(words)
    assert (code, output.splitlines()[0]) == (
        0, "Machine One from 2027-01-01 to before 2028-01-01: 8,000,000.00 GPU-hours.",
    )  # fmt: skip
