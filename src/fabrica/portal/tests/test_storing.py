"""Storage comes with an award by dated data, is warned of before it may be purged, and only people delete it."""

import json
from datetime import date, datetime, timedelta

import pytest
from django.utils.timezone import localdate
from fabrica.allocations import services as allocations
from fabrica.audit.models import Entry
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.notices.models import Notice
from fabrica.portal.pages import reports
from fabrica.portal.storing import room_for, rooms
from fabrica.portal.tasks import look_after
from fabrica.projects import services as projects
from fabrica.projects.models import LifeWatch, Storage
from fabrica.registry.tests.conftest import key, run, site, version  # noqa: F401 - fixtures

DAY = timedelta(days=1)
ROW = {
    "machine": "*", "mode": "*", "from": "2026-01-01", "bytes": 10, "inodes": 5, "keep_days": 30, "warn_days": [30, 7, 1],
    "source": "test", "checked_on": "2026-11-01", "confidence": "A",
}  # fmt: skip


def written(tmp_path, *rows):
    path = tmp_path / "life.json"
    path.write_text(json.dumps({"rows": [], "storage": rows}))
    return str(path)


def looked(now):
    while look_after(now):
        pass


def warned():
    return [one.event.rsplit(":", 1)[1] for one in Notice.objects.filter(kind="storage_purge").order_by("pk")]


def test_a_row_of_the_machine_goes_before_one_of_the_mode_and_both_before_one_for_all(tmp_path):
    path = written(
        tmp_path, ROW, {**ROW, "mode": "playground", "bytes": 20}, {**ROW, "machine": "one", "bytes": 30},
        {**ROW, "machine": "one", "from": "2026-06-01", "bytes": 40},
    )  # fmt: skip
    asked = [("two", "fast-lane", "2026-12-01"), ("two", "playground", "2026-12-01"), ("one", "playground", "2026-05-31"),
             ("one", "playground", "2026-06-01")]  # fmt: skip
    assert [room_for(*one, date.fromisoformat(day), path).size_bytes for *one, day in asked] == [10, 20, 30, 40]
    assert room_for("two", "x", date(2025, 12, 31), path) is None


@pytest.mark.parametrize(
    "change", [{"bytes": -1}, {"bytes": "1 TB"}, {"inodes": True}, {"warn_days": 7}, {"warn_days": [1] * 11}, {"from": "x"},
               {"source": ""}],
)  # fmt: skip
def test_a_file_that_makes_no_sense_is_refused_and_hides_no_project(tmp_path, change, site, now, settings):  # noqa: F811
    settings.FABRICA_LIFE_RULES = written(tmp_path, {**ROW, **change})
    with pytest.raises(Refused, match="cannot be used"):
        rooms(settings.FABRICA_LIFE_RULES)
    looked(now)
    assert (Storage.objects.count(), LifeWatch.objects.get().next_look_at > now + DAY / 5) == (0, True)


def test_it_is_granted_once_moves_with_the_end_and_is_warned_of_three_times(cast, site, now):  # noqa: F811
    looked(now)
    made = Storage.objects.get()
    end = site.award.ends_at
    assert (made.size_bytes, made.inodes, made.purge_on) == (10**12, 10**6, localdate(end) + 30 * DAY)
    assert "own choice" in made.source
    assert warned() == []
    for days in (0, 1, 23, 24, 29, 30, 31):
        looked(end + days * DAY)
    assert warned() == ["-30", "-7", "-1"]
    granted = Entry.objects.filter(verb="project.grant_storage")
    assert [one.facts["purge_on"] for one in granted] == [str(made.purge_on)]


def test_the_purge_moves_when_the_award_is_taken_back(cast, site, now):  # noqa: F811
    looked(now)
    award = site.award
    allocations.revoke(award=award, by=cast.officer, now=now + DAY, reason="x")
    looked(now + DAY)
    assert Storage.objects.get().purge_on == localdate(now) + 31 * DAY
    assert warned() == ["-30"]


def test_only_an_operator_notes_that_it_was_deleted_and_not_before_its_day(cast, site, now, browser, monkeypatch):  # noqa: F811
    looked(now)
    found = Storage.objects.get()
    day = datetime.combine(found.purge_on, now.timetz())
    with pytest.raises(Refused, match="kept until"):
        projects.note_purged(storage=found, by=cast.operator, now=day - DAY)
    for by in (cast.applicant, cast.officer):
        with pytest.raises(NotAllowed):
            projects.note_purged(storage=found, by=by, now=day)
    monkeypatch.setattr(reports, "utcnow", lambda: day)
    operator, where = browser("operator"), f"{site.project.page}storage/purged/"
    assert "I have deleted it" in operator.get("/desk/projects/").content.decode()
    assert "I have deleted it" not in browser("officer").get("/desk/projects/").content.decode()
    assert [browser("outsider").post(where).status_code, operator.post(where).status_code] == [404, 302]
    found.refresh_from_db()
    assert (found.purged_at, found.purged_by) == (day, cast.operator)
    assert site.project.slug not in operator.get("/desk/projects/").content.decode().split('id="purges"')[1]
    with pytest.raises(Refused, match="already"):
        projects.note_purged(storage=found, by=cast.operator, now=day)


def test_the_project_reads_it_on_its_page_and_over_the_api(site, now, browser):  # noqa: F811
    member = browser("applicant")
    where = f"/api/projects/{site.project.slug}/storage"
    assert member.get(where).status_code == 404
    looked(now)
    page = member.get(site.project.page).content.decode()
    assert ["1.0 TB" in page, "This portal does not learn it" in page] == [True, True]
    told = member.get(where).json()
    assert (told["size_bytes"], told["keep_days"], told["purged_at"]) == (10**12, 30, None)
    assert member.post(f"{where}/purged").status_code == 403
