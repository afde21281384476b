"""Training compute on the portal: the project's panel, the officers' list, and another purpose, on pages and API."""

import pytest
from fabrica.projects.models import Project
from fabrica.registry.tests.conftest import key, site  # noqa: F401 - fixtures
from fabrica.trust.models import ComputeAlert, NotificationClock, Referral
from fabrica.trust.services import compute

HOUR = 3600


@pytest.fixture
def warned(site, now):  # noqa: F811
    """A project whose award could train a model with systemic risk."""
    machine = site.machine
    machine.device, machine.flops_per_second = "h100", None
    machine.save()
    compute.note_grant(
        project=site.project, machine=machine, gpu_seconds=8_000_000 * HOUR, plan=compute.Plan(None, None, None),
        answers={}, now=now,
    )  # fmt: skip
    compute.note_run(
        project=site.project, subject="run:x/1", model="base", machine=machine, gpu_seconds=30_000 * HOUR,
        operations=4e22, used_by_project=30_000 * HOUR, now=now,
    )  # fmt: skip
    return site


def words(answer):
    return " ".join(answer.content.decode().split())


def test_a_project_reads_its_compute_against_each_threshold(warned, browser):
    page = words(browser("applicant").get(warned.project.page))
    assert "42.7 % of 1.0 × 10²³ operations, at most 48.1 % (Art. 3(63), Art. 53)" in page
    assert "unknown stays unknown" in page
    assert "The Commission is to be notified by 7 December 2026." in page
    told = browser("applicant").get(f"/api/projects/{warned.project.slug}/compute").json()
    assert {(one["subject"].partition(":")[0], one["method"]) for one in told["estimates"]} == {
        ("project", "metered"), ("project", "architecture"), ("award", "granted"), ("award", "architecture"),
        ("model", "metered"), ("model", "architecture"),
    }  # fmt: skip
    assert [one["limit"] for one in told["thresholds"]] == [1e23, None, 1e25]
    assert browser("outsider").get(f"/api/projects/{warned.project.slug}/compute").status_code == 404


def test_officers_see_to_alerts_and_clocks_once(warned, cast, browser):
    officer = browser("officer")
    alert = ComputeAlert.objects.get(threshold="systemic")
    assert "The Commission is to be notified by 7 December 2026." in words(officer.get("/desk/compute/"))
    where = f"/desk/compute/{alert.pk}/"
    assert browser("applicant").get("/desk/compute/").status_code == 403
    assert browser("outsider").post(f"{where}acknowledge/", {"note": "Seen."}).status_code == 404
    assert browser("applicant").post(f"{where}acknowledge/", {"note": "Seen."}).status_code == 403
    officer.post(f"{where}acknowledge/", {"note": ""})
    assert ComputeAlert.objects.get(pk=alert.pk).acknowledged_at is None
    officer.post(f"{where}acknowledge/", {"note": "We talked."})
    browser("applicant").post(f"{where}notified/", {"evidence": "Receipt 17."})
    assert NotificationClock.objects.get().done_by == cast.applicant
    assert f"/desk/compute/{alert.pk}/" not in words(officer.get("/desk/compute/"))
    assert "Receipt 17." in words(officer.get("/desk/compute/?show=all"))
    rows = officer.get("/api/compute/alerts").json()["rows"]
    assert [(one["threshold"], one["clock"] and one["clock"]["evidence"]) for one in rows if one["note"]] == [
        ("systemic", "Receipt 17."),
    ]  # fmt: skip


def test_an_empty_list_says_what_will_stand_there(cast, browser):
    assert "No alert here" in words(browser("officer").get("/desk/compute/"))


def test_another_purpose_is_declared_answered_and_decided_on_its_page(site, cast, browser):  # noqa: F811
    where = f"{site.project.page}purpose/"
    pi, officer = browser("applicant"), browser("officer")
    pi.post(where, {"do": "propose", "purpose": "To sort people.", "reason": "A customer asked."})
    assert "The purpose of this project is under review" in words(pi.get(site.project.page))
    assert "Confirm these answers" in words(pi.get(where))
    assert "Confirm these answers" not in words(browser("mate").get(where))
    asked = pi.post(where, {"do": "answer", "civilian": "unsure"})
    assert [one.key for one in asked.context["anew"].left] == ["exclusively_military"]
    pi.post(where, {"do": "answer", "civilian": "unsure", "exclusively_military": "no"})
    assert officer.get(f"/api/projects/{site.project.slug}/purpose").json()["state"] == "referred"
    assert site.project.title in words(officer.get("/desk/compute/"))
    officer.post(where, {"do": "decide", "accepts": "yes", "note": "Too early."})
    assert Project.objects.get(pk=site.project.pk).purpose != "To sort people."
    Referral.objects.update(state="released", finding="approved")
    officer.post(where, {"do": "decide", "accepts": "yes", "note": "Only to sort files."})
    assert Project.objects.get(pk=site.project.pk).purpose == "To sort people."
    assert "Only to sort files." in words(pi.get(where))
    assert browser("outsider").get(where).status_code == 404
