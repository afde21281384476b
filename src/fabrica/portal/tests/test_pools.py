"""The page of pools and caps: who sees it, what it shows, its file."""

import pytest
from django.utils.timezone import localdate
from fabrica.allocations.queries.shares import COLUMNS
from fabrica.allocations.tests.factories import awarded, fund
from fabrica.allocations.tests.years import HOUR, parted


@pytest.fixture
def year(cast, call, machine, now):
    """A parted machine with an award of five hours from it."""
    parted(cast, machine, now)
    return awarded(cast, call, now, 5 * HOUR)


@pytest.mark.parametrize(
    ("who", "status"), [("officer", 200), ("operator", 200), ("assessor", 403), ("applicant", 403), ("outsider", 403)]
)
def test_who_sees_it(browser, cast, year, who, status):
    assert browser(who).get("/desk/pools/").status_code == status


def test_it_shows_pools_and_caps_of_the_day_and_links_to_the_file(browser, year):
    answer = browser("officer").get("/desk/pools/?on=2026-11-23")
    (name, told), *rest = answer.context["machines"]
    assert (name, rest, [(title, len(lines)) for title, lines in told["tables"]]) == (
        "Machine One", [], [("Pool", 5), ("Cap", 4)],
    )  # fmt: skip
    hours = [str(value) for _label, value in told["tables"][1][1][0]["cells"]]
    assert hours == ["7.00", "5.00", "0.00", "0.00", "5.00", "2.00"]
    page = answer.content.decode()
    assert "?on=2026-11-23&amp;format=csv" in page
    assert "Fast Lane + Playground" in page
    assert "confidence B" in page


def test_the_file_holds_the_same(browser, year):
    answer = browser("officer").get("/desk/pools/?on=2026-11-23&format=csv")
    assert (answer["Content-Type"], answer["Content-Disposition"]) == (
        "text/csv; charset=utf-8", 'attachment; filename="pools-2026-11-23.csv"',
    )  # fmt: skip
    lines = answer.content.decode().splitlines()
    assert (lines[0], len(lines)) == (",".join(COLUMNS), 10)


def test_today_is_shown_unless_asked_otherwise(browser, year):
    assert browser("officer").get("/desk/pools/").context["day"] == localdate()


def test_a_machine_that_nobody_parted_shows_its_one_pool(browser, cast, machine, now):
    fund(cast, machine, now, HOUR)
    (_name, told), *_rest = browser("officer").get("/desk/pools/").context["machines"]
    assert [title for title, _lines in told["tables"]] == ["Undivided pool"]


@pytest.mark.parametrize("query", ["on=x", "on="])
def test_a_day_that_is_none_is_told_on_the_form(browser, year, query):
    answer = browser("officer").get(f"/desk/pools/?{query}&format=csv")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert answer.context["form"].errors


def test_the_queue_leads_there(browser, year):
    assert '<a href="/desk/pools/">' in browser("officer").get("/desk/").content.decode()
