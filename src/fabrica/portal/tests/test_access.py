"""How long access took: counted per mode from what was decided, shown to everybody, and never of a few."""

from datetime import timedelta

import pytest
from fabrica.allocations.tests.factories import awarded, fund
from fabrica.applications import queries, services
from fabrica.applications.models import Application
from fabrica.applications.tests.factories import submitted
from fabrica.calls import services as calls
from fabrica.portal.pages import front
from fabrica.portal.queries.access import AccessTime, access_times, within

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def rows(cast, call, now):
    """Awarded applications that took so many working days, decided just now or before: plain rows, in bulk."""

    def make(*taken, of=call, decided_at=now, state="awarded"):
        start = Application.objects.count()
        Application.objects.bulk_create(
            Application(
                code=f"X-{start + n}", call=of, organisation=cast.startup, applicant=cast.applicant, state=state,
                created_at=now, saved_at=now, submitted_at=now, decided_at=decided_at, days_taken=days,
            )
            for n, days in enumerate(taken)
        )  # fmt: skip

    return make


@pytest.mark.parametrize(
    ("taken", "median", "p95"),
    [([3], 3, 3), ([1, 2], 1, 2), ([1, 2, 9], 2, 9), ([0] * 19 + [40], 0, 0), ([0] * 18 + [7, 40], 0, 7)],
)
def test_half_and_95_per_cent_lie_within(taken, median, p95):
    by_days = {days: taken.count(days) for days in taken}
    assert (within(by_days, 50), within(by_days, 95)) == (median, p95)


def test_an_award_keeps_the_working_days_it_took(cast, call, machine, now):
    fund(cast, machine, now)
    made = awarded(cast, call, now).application
    made.refresh_from_db()
    assert (made.days_taken, queries.clock_of(made).taken) == (0, 0)


def test_the_time_with_the_applicant_is_left_out(cast, call, now):
    made = submitted(cast, call, now)
    services.send_back(application=made, reason="Why?", by=cast.officer, now=now + DAY)
    services.submit(application=made, by=cast.applicant, now=now + 20 * DAY)
    services.screen(application=made, by=cast.officer, now=now + 21 * DAY)
    services.mark_assessed(application=made, by=cast.assessor, now=now + 21 * DAY)
    services.mark_awarded(application=made, by=cast.officer, now=now + 21 * DAY)
    assert made.days_taken == 1  # ten hours of a Tuesday and ten of a Monday


def test_each_mode_has_its_line_and_refusals_and_old_awards_are_no_part_of_it(cast, call, machine, rows, now):
    fast = calls.open_call(slug="fast", title="Fast", mode="fast-lane", machine=machine, by=cast.operator, now=now)
    rows(0, 1, 1, 2, 9)
    rows(4, 4, 4, 4, 3, of=fast)
    rows(50, 50, decided_at=now - timedelta(days=366))
    rows(60, state="refused")
    assert access_times(now) == [
        AccessTime("fast-lane", "Fast Lane", 5, 4, 4),
        AccessTime("playground", "Playground", 5, 1, 9),
    ]


def test_nothing_is_shown_of_fewer_than_five(browser, rows, now):
    rows(0, 1, 1, 2)
    assert access_times(now) == []
    assert "How long access took" not in browser().get("/").text


def test_everybody_reads_it_on_the_start_page_and_as_json(browser, cast, call, machine, rows, now):
    fund(cast, machine, now)
    awarded(cast, call, now)
    rows(1, 1, 1, 9)
    assert "How long access took" in browser().get("/").text
    told = browser().get("/access-times.json").json()
    assert told == {
        "as_of": "2026-11-23T09:00:00Z", "from": "2025-11-23T09:00:00Z", "fewest_awards": 5, "unit": "working days",
        "modes": [{"mode": "playground", "title": "Playground", "awards": 5, "median_working_days": 1,
                   "p95_working_days": 9}],
    }  # fmt: skip
    assert browser("applicant").get("/api/access-times").json() == told


def test_however_many_awards_it_is_two_statements(rows, now, django_assert_num_queries):
    for _ in range(2):
        rows(*range(30))
        with django_assert_num_queries(2):
            assert access_times(now)[0].awards % 30 == 0


def test_the_page_looks_at_the_moment_of_the_call(browser, rows, now, monkeypatch):
    rows(1, 1, 1, 1, 9)
    monkeypatch.setattr(front, "utcnow", lambda: now + timedelta(days=365))
    assert browser().get("/access-times.json").json()["modes"] == []
