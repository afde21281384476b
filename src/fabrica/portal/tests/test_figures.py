"""The figures of a period: what they count, who sees them, as page, file and API."""

import csv
import io
from html import unescape
from datetime import date, timedelta

import pytest
from django.utils.timezone import localdate
from fabrica.allocations.models import Award, LedgerAccount
from fabrica.allocations.states import AccountKind
from fabrica.allocations.tests.factories import awarded, fund
from fabrica.applications.models import Application
from fabrica.applications.tests.factories import draft, screened, submitted
from fabrica.kit.errors import Refused
from fabrica.people.models import Organisation
from fabrica.portal.defining import FIGURES
from fabrica.portal.queries.kpis import COLUMNS, Kpi, kpis, kpis_for
from fabrica.projects import services as projects
from fabrica.projects.engine import consents
from fabrica.projects.models import Project

LONG = timedelta(days=30)


@pytest.fixture
def history(cast, call, machine, now):
    """One awarded of 10 GPU-hours of which 2.5 are used, one eligible of another country, one submitted, one draft."""
    fund(cast, machine, now)
    award = awarded(cast, call, now)
    Application.objects.filter(pk=award.application_id).update(submitted_at=now, days_taken=2)
    LedgerAccount.objects.filter(award=award, kind=AccountKind.USED).update(balance_gpu_seconds=9_000)
    eligible = screened(cast, call, now)
    other = Organisation.objects.create(
        name="Big", country="BE", kind="large", registration_number="B", registered_at=now
    )
    Application.objects.filter(pk=eligible.pk).update(organisation=other)
    submitted(cast, call, now)
    draft(cast, call, now)
    return award


def named(rows):
    return {(one.group, one.value): one for one in rows}


def test_counts_times_and_hours_of_all_and_of_each_group(history, now):
    rows = kpis(now - LONG, now + LONG)
    assert [(one.group, one.value, one.submitted) for one in rows] == [
        ("all", "", 3), ("mode", "playground", 3), ("country", "BE", 1), ("country", "FR", 2), ("sector", "", 3),
        ("kind", "large", 1), ("kind", "startup", 2),
    ]  # fmt: skip
    assert named(rows)["all", ""] == Kpi("all", "", 3, 2, 1, 0, 0, 0, 1, 2.0, 2.0, 30.0, 10.0, 2.5, 100.0, 0)
    assert named(rows)["country", "BE"] == Kpi(
        "country", "BE", 1, 1, 0, 0, 0, 0, 0, None, None, 10.0, 0.0, 0.0, None, 0
    )


def test_who_was_not_awarded_counts_in_the_sector_of_its_organisation(cast, call, now):
    Organisation.objects.filter(pk=cast.startup.pk).update(sector="energy")
    submitted(cast, call, now)
    assert [one.value for one in kpis(now - LONG, now + LONG) if one.group == "sector"] == ["energy"]


def test_an_award_that_was_declined_is_neither_refused_nor_withdrawn(cast, call, now):
    made = screened(cast, call, now)
    Application.objects.filter(pk=made.pk).update(state="declined")
    told = kpis(now - LONG, now + LONG)[0]
    assert (told.declined, told.refused, told.withdrawn, told.awarded) == (1, 0, 0, 0)


def test_what_was_submitted_outside_the_period_is_left_out(history, now):
    assert [one.submitted for one in kpis(now + timedelta(seconds=1), now + LONG)] == [0]
    assert kpis(now, now + LONG)[0].submitted == 3
    assert kpis(now - LONG, now)[0].submitted == 0


@pytest.mark.parametrize(
    ("days", "half", "most"), [([3], 3, 3), ([1, 2], 1.5, 2), (range(1, 21), 10.5, 19), (range(1, 22), 11, 20)]
)
def test_half_and_ninety_five_of_a_hundred_had_access_within_the_days_told(history, cast, call, now, days, half, most):
    Application.objects.filter(pk=history.application_id).update(days_taken=days[0])
    for day in days[1:]:
        made = submitted(cast, call, now)
        Application.objects.filter(pk=made.pk).update(submitted_at=now, days_taken=day)
    told = kpis(now - LONG, now + LONG)[0]
    assert (told.access_working_days_median, told.access_working_days_p95) == (half, most)


def test_it_takes_one_statement_however_many_there_are(history, cast, call, now, django_assert_num_queries):
    with django_assert_num_queries(1):
        kpis(now - LONG, now + LONG)
    for _ in range(5):
        submitted(cast, call, now)
    with django_assert_num_queries(1):
        assert kpis(now - LONG, now + LONG)[0].submitted == 8


@pytest.mark.parametrize(
    ("who", "status"), [("officer", 200), ("operator", 200), ("assessor", 403), ("applicant", 403)]
)
def test_who_sees_them(browser, cast, who, status):
    assert browser(who).get("/desk/figures/").status_code == status


def test_the_page_shows_this_year_and_links_to_the_file(browser, history, now):
    page = browser("officer").get("/desk/figures/").content.decode()
    year = localdate(now).year
    assert f"?since={year}-01-01&amp;until={year + 1}-01-01&amp;format=csv" in page
    assert "By country" in page and "Belgium" in page
    told = browser("officer").get(f"/desk/figures/?since={year}-01-01&until={year + 1}-01-01&format=csv")
    rows = list(csv.reader(io.StringIO(told.content.decode())))
    assert (tuple(rows[0]), rows[1][:3], told["Content-Type"]) == (COLUMNS, ["all", "", "3"], "text/csv; charset=utf-8")


def test_what_the_project_named_and_chose_is_counted_and_listed(browser, history, cast, now):
    projects.list_project(
        project=history.project,
        sector="health",
        abstract="x",
        version=consents()[-1].version,
        by=cast.applicant,
        now=now,
    )
    projects.add_publication(project=history.project, doi="10.1234/abc.5", by=cast.applicant, now=now)
    told = named(kpis(now - LONG, now + LONG))
    assert [(value, one.submitted, one.publications) for (group, value), one in told.items() if group == "sector"] == [
        ("", 2, 0), ("health", 1, 1),
    ]  # fmt: skip
    file = browser("officer").get("/desk/figures/?year=all&format=json").json()
    assert (file["rows"][0]["publications"], file["publications"]) == (
        1,
        [{"doi": "10.1234/abc.5", "project": history.project.slug, "organisation": "Novalis Labs",
          "named_on": "2026-11-23"}],
    )  # fmt: skip
    assert set(file["definitions"]) == set(COLUMNS) - {"group", "value"}
    table = browser("officer").get("/desk/figures/?year=all&format=publications").content.decode()
    assert table.splitlines()[1] == f"10.1234/abc.5,{history.project.slug},Novalis Labs,2026-11-23"


def test_a_year_is_chosen_by_its_number_and_each_figure_is_defined_on_the_page(browser, history):
    officer = browser("officer")
    chosen = {year: officer.get(f"/desk/figures/?year={year}").context["form"]["since"].value() for year in
              ("2026", "all", "1999")}  # fmt: skip
    assert chosen == {"2026": date(2026, 1, 1), "all": date(2007, 1, 1), "1999": date(2026, 1, 1)}
    page = officer.get("/desk/figures/").content.decode()
    assert [name for name, (_label, meaning) in FIGURES.items() if str(meaning) not in unescape(page)] == []


@pytest.mark.parametrize("query", ["since=x", "since=2026-02-02&until=2026-02-02", "since=0001-01-01&until=9999-01-01"])
def test_a_period_that_is_none_is_told_on_the_form(browser, history, query):
    answer = browser("officer").get(f"/desk/figures/?{query}&format=csv")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert answer.context["form"].errors


def test_a_program_is_refused_a_period_that_is_none(cast):
    with pytest.raises(Refused, match="There is no such period"):
        kpis_for(cast.officer, date(2026, 2, 2), date(2026, 2, 2))
