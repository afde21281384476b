"""The forecast of a project from its machine's accounting, on its page and by the API."""

from datetime import timedelta

import pytest
from fabrica.clusters.models import JobUsage
from fabrica.portal.queries.life import life_of, used_between
from fabrica.registry.tests.conftest import key, run, site, version  # noqa: F401 - fixtures

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def job(site, began, ended, gpu_seconds, number=1, **more):  # noqa: F811
    return JobUsage.objects.create(
        machine=site.machine, key=f"{number}.1", job_id=str(number), account=site.award.account_name, devices=1,
        started_at=began, ended_at=ended, gpu_seconds=gpu_seconds, state="COMPLETED", seen_at=ended or began + HOUR,
        **more,
    )  # fmt: skip


def test_a_job_over_the_edge_of_a_span_counts_by_its_share_and_a_running_one_to_when_it_was_seen(site, now):  # noqa: F811
    job(site, now, now + 4 * HOUR, 4_000)
    assert used_between(site.award, now + HOUR, now + 3 * HOUR) == 2_000
    assert used_between(site.award, now + 4 * HOUR, now + DAY) == 0
    job(site, now + 2 * HOUR, None, 600, number=2)
    assert used_between(site.award, now, now + DAY) == 4_600
    job(site, now + HOUR, now + HOUR, 7, number=3)
    assert used_between(site.award, now, now + DAY) == 4_607


def test_the_site_is_idle_since_its_last_job_and_never_while_one_runs(site, now):  # noqa: F811
    JobUsage.objects.all().delete()
    later = now + 15 * DAY
    assert (life_of(site.award, later).idle.days, life_of(site.award, later).is_idle) == (15, True)
    job(site, now + 3 * DAY, now + 4 * DAY, 60)
    assert (life_of(site.award, later).idle.since, life_of(site.award, later).is_idle) == (now + 4 * DAY, False)
    job(site, now + 5 * DAY, None, 60, number=2)
    assert life_of(site.award, later).idle.days == 0


def test_an_award_that_ended_grows_no_more_idle(site):  # noqa: F811
    end = site.award.ends_at
    assert life_of(site.award, end).idle == life_of(site.award, end + 90 * DAY).idle


def test_rules_that_cannot_be_read_hide_no_page(browser, site, settings, tmp_path):  # noqa: F811
    settings.FABRICA_LIFE_RULES = str(tmp_path / "none.json")
    path = f"/projects/{site.project.slug}/"
    assert browser("applicant").get(path).status_code == 200
    assert browser("applicant").get(f"/api{path}forecast".rstrip("/")).status_code == 404


@pytest.mark.parametrize("who", ["applicant", "officer"])
def test_it_stands_on_the_page_and_in_the_api(browser, site, who):  # noqa: F811
    path = f"/projects/{site.project.slug}"
    page = browser(who).get(f"{path}/").content.decode()
    assert "In the first 3 days nothing is foreseen." in page
    told = browser(who).get(f"/api{path}/forecast").json()
    assert {name: told[name] for name in ("basis", "awarded", "expected", "is_idle", "recent_days")} == {
        "basis": "early", "awarded": 36_000, "expected": None, "is_idle": False, "recent_days": 28,
    }  # fmt: skip


def test_the_page_warns_of_idle_hours_and_says_what_it_assumes(browser, site, now, monkeypatch):  # noqa: F811
    JobUsage.objects.all().delete()
    monkeypatch.setattr("fabrica.portal.pages.project.utcnow", lambda: now + 20 * DAY)
    page = browser("applicant").get(f"/projects/{site.project.slug}/").content.decode()
    told = ("Nothing has run for 20 days", "as since the award began", "after 14 days without a job")
    assert [one in page for one in told] == [True] * 3


def test_the_outsider_is_told_nothing(browser, site):  # noqa: F811
    assert browser("outsider").get(f"/api/projects/{site.project.slug}/forecast").status_code == 404
