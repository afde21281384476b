"""Idle hours go back only after a person announced it, the project could object, and a person confirmed it."""

from datetime import timedelta

import pytest
from fabrica.allocations import services as services_of_hours
from fabrica.allocations.models import Award, LedgerAccount, Phase
from fabrica.allocations.services import revoke
from fabrica.allocations.queries import balance, check_ledger, pool_of
from fabrica.allocations.services.transfers import transfer
from fabrica.audit.models import Entry
from fabrica.clusters.models import JobUsage
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.notices.models import Notice
from fabrica.portal import services
from fabrica.portal.api import idle as idle_api
from fabrica.portal.pages import idle, reports
from fabrica.portal.pages import project as project_page
from fabrica.portal.queries.changing import changes_of
from fabrica.portal.queries.workplace import workplace_of
from fabrica.portal.tasks import look_after
from fabrica.portal.tests.test_life import job
from fabrica.projects import services as projects
from fabrica.projects.models import Project, ReclaimProposal
from fabrica.registry.tests.conftest import key, run, site, version  # noqa: F401 - fixtures
from fabrica.web.words import gpu_hours

DAY = timedelta(days=1)


@pytest.fixture
def later(site, now):  # noqa: F811
    """When an officer is asked: 30 days without a job, of an award of 60."""
    JobUsage.objects.all().delete()
    Award.objects.update(ends_at=now + 60 * DAY)
    Project.objects.update(ends_at=now + 60 * DAY)
    return now + 30 * DAY


@pytest.fixture
def asked(later):
    while look_after(later):
        pass
    return ReclaimProposal.objects.get()


@pytest.fixture
def announced(cast, asked, later):
    services.announce_reclaim(proposal=asked, reason="Nothing runs.", by=cast.officer, now=later)
    return asked


def letters(*kinds):
    return list(Notice.objects.filter(kind__in=kinds).order_by("pk").values_list("kind", "person__name"))


def test_after_its_clock_an_officer_confirms_and_what_is_unused_is_in_the_pool(cast, site, announced, later):  # noqa: F811
    assert (announced.state, announced.objects_until) == ("announced", later + 14 * DAY)
    assert letters("hours_announced") == [("hours_announced", "Ada")]
    free, pool = balance(site.award).free, pool_of(site.machine)
    end = announced.objects_until
    with pytest.raises(Refused, match="cannot be taken now"):
        services.reclaim(proposal=announced, reason="x", by=cast.officer, now=end - timedelta(microseconds=1))
    assert (balance(site.award).free, pool_of(site.machine)) == (free, pool)
    award = services.reclaim(proposal=announced, reason="Nobody objected.", by=cast.officer, now=end)
    announced.refresh_from_db()
    assert (balance(award).free, pool_of(site.machine), announced.reclaimed_gpu_seconds) == (0, pool + free, free)
    assert (announced.state, award.ends_at) == ("reclaimed", end)
    assert letters("hours_announced", "award_revoked") == [("hours_announced", "Ada"), ("award_revoked", "Ada")]
    assert check_ledger() == []
    verbs = Entry.objects.filter(subject=site.project.subject, verb__endswith="reclaim").order_by("pk")
    assert list(verbs.values_list("verb", flat=True)) == [
        "project.propose_reclaim", "project.announce_reclaim", "project.reclaim",
    ]  # fmt: skip


def test_phases_still_to_come_go_back_too_and_the_project_is_told_of_them(cast, site, asked, later):  # noqa: F811
    award, hours = Award.objects.get(pk=site.award.pk), 3 * 3_600
    account = LedgerAccount.objects.create(kind="promised", machine=award.machine, award=award)
    Phase.objects.create(award=award, number=2, gpu_seconds=hours)
    services_of_hours.fund(machine=award.machine, gpu_seconds=hours, key="more", by=cast.operator, now=later)
    pool = LedgerAccount.objects.get(machine=award.machine, kind="pool")
    transfer(key="promise:x", kind="promise", source=pool, target=account, gpu_seconds=hours, now=later)
    whole = balance(award).free + hours
    services.announce_reclaim(proposal=asked, reason="Nothing runs.", by=cast.officer, now=later)
    assert gpu_hours(whole) in Notice.objects.get(kind="hours_announced").body
    taken = services.reclaim(proposal=asked, reason="So.", by=cast.officer, now=asked.objects_until)
    asked.refresh_from_db()
    (told,) = [one.told for one in changes_of(taken, names=True)]
    assert (asked.reclaimed_gpu_seconds, told) == (whole, f"Taken back; {gpu_hours(whole)} went back to the pool")
    assert check_ledger() == []


def test_an_objection_stops_the_clock_until_an_officer_answers_it(cast, site, announced, later):  # noqa: F811
    projects.object_to_reclaim(proposal=announced, objection="We wait for data.", by=cast.applicant, now=later + DAY)
    assert (announced.state, letters("hours_objected")) == ("objected", [("hours_objected", "Olga")])
    projects.keep_hours(proposal=announced, reason="Fair.", by=cast.officer, now=later + 20 * DAY)
    assert (announced.state, balance(site.award).returned) == ("kept", 0)
    with pytest.raises(Refused):
        services.reclaim(proposal=announced, reason="x", by=cast.officer, now=later + 20 * DAY)


def test_an_objection_that_does_not_convince_is_answered_with_a_reason(cast, announced, later):
    projects.object_to_reclaim(proposal=announced, objection="Hm.", by=cast.applicant, now=later + DAY)
    with pytest.raises(Refused, match="reason"):
        services.reclaim(proposal=announced, reason=" ", by=cast.officer, now=later + DAY)
    services.reclaim(proposal=announced, reason="No plan was given.", by=cast.officer, now=later + DAY)
    assert announced.state == "reclaimed"


def test_it_is_too_late_to_object_once_the_time_is_over_and_others_than_leaders_never_can(cast, announced):
    end = announced.objects_until
    for by, at, problem in ((cast.applicant, end, Refused), (cast.mate, end - DAY, NotAllowed),
                            (cast.officer, end - DAY, NotAllowed)):  # fmt: skip
        with pytest.raises(problem):
            projects.object_to_reclaim(proposal=announced, objection="x", by=by, now=at)
    assert announced.state == "announced"


def test_a_job_ends_the_matter_and_the_project_is_told(cast, site, announced, later):  # noqa: F811
    job(site, later + DAY, None, 60)
    with pytest.raises(Refused, match="does not ask"):
        services.reclaim(proposal=announced, reason="x", by=cast.officer, now=announced.objects_until)
    while look_after(later + 2 * DAY):
        pass
    announced.refresh_from_db()
    assert (announced.state, letters("hours_lapsed")) == ("lapsed", [("hours_lapsed", "Ada")])


def test_who_loses_the_award_meanwhile_is_neither_asked_to_object_nor_told_that_the_hours_stay(
    cast, site, announced, later  # noqa: F811
):  # fmt: skip
    assert workplace_of(cast.applicant, site.project.slug, later).may_object
    revoke(award=Award.objects.get(), by=cast.officer, now=later + DAY, reason="Misused.")
    place = workplace_of(cast.applicant, site.project.slug, later + DAY)
    assert (place.reclaim, place.may_object) == (None, False)
    announced = ReclaimProposal.objects.get()
    with pytest.raises(Refused, match="nothing that the project can object to"):
        projects.object_to_reclaim(proposal=announced, objection="x", by=cast.applicant, now=later + DAY)
    while look_after(later + 2 * DAY):
        pass
    announced.refresh_from_db()
    assert (announced.state, letters("hours_lapsed")) == ("lapsed", [])


def test_nobody_inside_announces_or_takes(cast, asked, announced, later):
    for by in (cast.applicant, cast.mate, cast.assessor, cast.operator):
        with pytest.raises(NotAllowed):
            services.reclaim(proposal=announced, reason="x", by=by, now=announced.objects_until)
    with pytest.raises(Refused, match="no longer where it was"):
        services.announce_reclaim(proposal=asked, reason="again", by=cast.officer, now=later)


def test_the_pages_lead_both_sides_through_it(cast, site, asked, later, browser, monkeypatch):  # noqa: F811
    def at(moment):
        for one in (idle, reports, project_page):
            monkeypatch.setattr(one, "utcnow", lambda: moment)

    at(later)
    monkeypatch.setattr(idle_api, "utcnow", lambda: later)
    officer, leader, where = browser("officer"), browser("applicant"), f"{site.project.page}idle-hours/"
    page = officer.get("/desk/projects/").content.decode()
    assert [name in page for name in ("Announce that they go back", "Take the unused hours back")] == [True, False]
    assert officer.post(f"{where}announce/", {"reason": "Nothing runs."}).status_code == 302
    assert officer.post(f"{where}take-back/", {"reason": "Now."}).status_code == 409
    assert "Unused hours are to go back to the pool" in leader.get(site.project.page).content.decode()
    assert leader.post(f"{where}take-back/", {"reason": "x"}).status_code == 403
    told = leader.post(
        f"/api{where}objection", {"objection": "We wait for data."}, content_type="application/json"
    ).json()
    assert (told["state"], told["reason"], told["facts"]["idle_days"]) == ("objected", "Nothing runs.", 30)
    page = officer.get("/desk/projects/").content.decode()
    assert ["We wait for data." in page, "Take the unused hours back" in page] == [True, True]
    given = {"decision": "take_back", "reason": "No plan."}
    told = officer.post(f"/api{where[:-1]}", given, content_type="application/json").json()
    assert (told["state"], told["reclaimed_gpu_seconds"] > 0) == ("reclaimed", True)
    assert "Unused hours went back to the pool" in leader.get(site.project.page).content.decode()
