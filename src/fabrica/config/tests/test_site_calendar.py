"""`fabrica-site clusters calendar` and its neighbours, as an operator calls them."""

import json

import pytest
from fabrica.config import site_calendar
from fabrica.config.site_clusters import app
from fabrica.kit.time import utcnow
from typer.testing import CliRunner

YEAR = utcnow().year  # an operator closes days of this year or the next: the command looks at the clock


@pytest.fixture
def run(monkeypatch, machine):
    """Run `fabrica-site clusters ...`; returns exit status and output."""
    monkeypatch.setattr(site_calendar, "start", lambda: None)

    def run(*words):
        answer = CliRunner().invoke(app, words)
        return answer.exit_code, answer.output

    return run


def test_an_operator_edits_the_calendar(run):
    days = [f"{YEAR}-12-{day}" for day in (28, 29)]
    assert run("close", "here", days[0], "Winter", "--last", days[1]) == (0, "here is closed on 2 more days.\n")
    assert run("set-calendar", "here", "--time-zone", "Europe/Paris", "--subdivision", "974") == (
        0, "The calendar of here is kept; its clocks are counted anew.\n",
    )  # fmt: skip
    assert run("reopen", "here", days[0]) == (0, f"here works on {days[0]}.\n")
    assert run("calendar", "here") == (0, f"Here: FR 974, Europe/Paris\n{days[1]} Winter\n")
    code, output = run("calendar", "here", "--json")
    assert (code, json.loads(output)) == (0, {
        "site": "here", "country": "FR", "subdivision": "974", "time_zone": "Europe/Paris",
        "closing_days": [{"day": days[1], "name": "Winter"}],
    })  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        ("close", "here", "tomorrow", "x"),
        ("close", "here", "1999-12-31", "x"),
        ("close", "nowhere", f"{YEAR}-12-28", "x"),
        ("reopen", "here", f"{YEAR}-12-28"),
        ("set-calendar", "here", "--time-zone", "Mars/North"),
    ],
)
def test_what_makes_no_sense_is_told_in_a_sentence(run, words):
    code, output = run(*words)
    assert (code, "Traceback" in output) == (1, False)
