"""`fabrica modes`, without a site."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from fabrica.calls.engine import terms

PROFILE = {"format": "fabrica-profile/1", "organisation": "company", "country": "FR", "sme": True, "hours": 5000}


def write(**changes):
    content = json.dumps({**PROFILE, "unit": "gpu_hour", **changes})
    Path("profile.json").write_text(content)
    return content


def test_json_is_the_whole_answer(asked):
    write()
    told = asked("modes", "--profile", "profile.json", "--on", "2026-11-26")
    assert list(told) == ["format", "on", "profile", "asks", "routes"]
    assert (told["format"], told["on"]) == ("fabrica-routes/1", "2026-11-26T00:00:00+00:00")
    assert {one["mode"]: one["verdict"] for one in told["routes"]}["large-scale"] == "does_not_fit"
    assert {len(one) for one in told["routes"]} == {8}


def test_without_json_it_is_a_table_with_every_reason_and_its_source(fabrica):
    write()
    result = fabrica("modes", "--profile", "profile.json", "--on", "2026-11-26")
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert (result.exit_code, lines[:2]) == (
        0, ["mode verdict opening", "Playground may fit Open now: first come, first served."]
    )  # fmt: skip
    assert "+ One fixed package of 5,000 GPU-hours. Wanted: 5,000 GPU-hours. [7, confidence B]" in lines
    assert lines[-1].startswith("[")
    assert any(one.startswith("These answers would settle more: civilian, ai, aim") for one in lines)


def test_alone_it_lists_the_modes_with_figures_and_sources(fabrica, asked):
    lines = fabrica("modes").stdout.splitlines()
    assert [line for line in lines if "(large-scale): " in line] == [
        "Large Scale (large-scale): Industry with a project of high impact that needs more than 50,000 GPU-hours."
    ]
    assert [one["mode"] for one in asked("modes")] == [one.key for one in terms()]


def test_the_profile_may_come_through_a_pipe(fabrica):
    result = fabrica("modes", "--profile", "-", "--json", input=write())
    assert json.loads(result.stdout)["profile"]["hours"] == 5000


@pytest.mark.parametrize(
    ("content", "first"),
    [
        ("{", "The file is no JSON document."),
        ("{}", "format cannot be used."),
        (" " * 20_001, "The file is too large."),
    ],
)
def test_a_file_that_is_none_is_refused_in_words(fabrica, content, first):
    Path("profile.json").write_text(content)
    result = fabrica("modes", "--profile", "profile.json")
    assert (result.exit_code, result.stdout, result.stderr.splitlines()[0]) == (1, "", first)


def test_a_file_or_a_day_that_is_not_there_is_told(fabrica):
    assert fabrica("modes", "--profile", "nowhere.json").stderr.splitlines()[0] == "nowhere.json cannot be used."
    write()
    told = fabrica("modes", "--profile", "profile.json", "--on", "tomorrow", "--json")
    assert json.loads(told.stderr)["what"] == "--on tomorrow is no day."


def test_it_runs_without_django_without_a_site_and_without_calendars():
    write()
    code = (
        "import sys; from pathlib import Path; from datetime import datetime, UTC; from fabrica.cli import modes;"
        "from fabrica.calls.engine.profile import read;"
        "found = modes.route(read(Path('profile.json').read_bytes()), datetime(2026, 11, 26, tzinfo=UTC), modes.terms());"
        "print(len(found.routes));"
        "print(sorted({one.partition('.')[0] for one in sys.modules} & {'django', 'ninja', 'holidays'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "9\n[]\n"
