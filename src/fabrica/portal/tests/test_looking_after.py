"""The worker looks after projects: reports are planned, reminders sent, idle hours told of, officers asked."""

from datetime import UTC, datetime, timedelta

import pytest
from fabrica.allocations.models import Award
from fabrica.allocations.services import accept
from fabrica.allocations.services.awarding import check_award
from fabrica.applications import services as applications
from fabrica.applications.models import Application
from fabrica.applications.states import State
from fabrica.applications.tests.factories import draft
from fabrica.calls.models import Call
from fabrica.clusters.models import JobUsage
from fabrica.kit.errors import Refused
from fabrica.notices.models import Notice
from fabrica.portal.queries.reporting import figures_of
from fabrica.portal.tasks import AGAIN_AFTER, EVERY, look_after
from fabrica.portal.tests.test_life import job
from fabrica.projects import queries
from fabrica.projects import services as projects
from fabrica.projects.models import LifeWatch, Member, Project, ReclaimProposal, Report
from fabrica.registry.tests.conftest import key, run, site, version  # noqa: F401 - fixtures

DAY = timedelta(days=1)


def kinds():
    return sorted(Notice.objects.filter(kind__in=("project_idle", "report_due")).values_list("kind", "person__name"))


def all_looked(now):
    while look_after(now):
        pass


def test_each_project_is_looked_at_four_times_a_day(site, now):  # noqa: F811
    assert [look_after(now), look_after(now), look_after(now + EVERY), look_after(now + EVERY)] == [
        True, False, True, False,
    ]  # fmt: skip
    (report,) = Report.objects.all()
    assert (report.kind, report.due_on.isoformat()) == ("final", "2027-03-23")


def test_idle_hours_are_told_of_once_and_again_only_after_a_job_ran(site, now):  # noqa: F811
    JobUsage.objects.all().delete()
    for days in (13, 14, 15):
        all_looked(now + days * DAY)
    assert kinds() == [("project_idle", "Ada")]
    assert Notice.objects.get(kind="project_idle").subject == f"Nothing runs in {site.project.title}"
    job(site, now + 15 * DAY, now + 16 * DAY, 60)
    all_looked(now + 16 * DAY)
    assert len(kinds()) == 1


def test_an_officer_is_asked_and_nothing_is_taken_until_a_job_runs_again(site, now):  # noqa: F811
    JobUsage.objects.all().delete()
    before = site.award.gpu_seconds
    site.award.ends_at = now + 40 * DAY
    site.award.save(update_fields=["ends_at"])
    all_looked(now + 29 * DAY)
    assert not ReclaimProposal.objects.exists()
    all_looked(now + 30 * DAY)
    (asked,) = ReclaimProposal.objects.all()
    site.award.refresh_from_db()
    assert (asked.facts["idle_days"], asked.facts["time_percent"], site.award.gpu_seconds) == (30, 75, before)
    job(site, now + 31 * DAY, None, 60)
    all_looked(now + 31 * DAY)
    asked.refresh_from_db()
    assert asked.state == "lapsed"


def test_after_its_end_it_is_looked_at_until_its_report_is_accepted(cast, site, now):  # noqa: F811
    all_looked(now)
    report = Report.objects.get()
    end = datetime(2027, 3, 24, 12, tzinfo=UTC)
    all_looked(end)
    assert kinds() == [("report_due", "Ada")]
    answers = {"summary": "s", "results": "r", "justification": "j"}
    projects.save_report(report=report, answers=answers, version=0, by=cast.applicant, now=end)
    made = projects.submit_report(report=report, figures=figures_of(site.project, end), by=cast.applicant, now=end)
    projects.accept_report(report=made, by=cast.officer, now=end)
    all_looked(end + DAY)
    assert LifeWatch.objects.get().next_look_at is None


def test_the_figures_are_those_of_the_ledger_with_the_source_of_the_carbon_factor(site, now):  # noqa: F811
    JobUsage.objects.all().delete()
    before = figures_of(site.project, now)["used"]
    job(site, now, now + timedelta(hours=1), 3_600, energy_joules=3_600_000)
    told = figures_of(site.project, now)
    assert (told["used"], told["awarded"], told["jobs"], told["months"]) == (
        before + 3_600, 36_000, 1, [["2026-11", 3_600]],
    )  # fmt: skip
    assert (told["machine"], told["begins_on"], told["team"][0][1]) == ("Machine One", "2026-11-23", "pi")
    assert told["co2e_grams"] == round(told["energy_wh"] / 1000 * told["grams_per_kwh"])
    assert "checked 2026-11-01" in told["carbon_source"]
    assert told["energy_is"] == ("mixed" if before else "recorded")


def test_an_overdue_report_bars_a_new_application_says_which_and_how_to_lift_it(cast, call, site, now):  # noqa: F811
    all_looked(now)
    report = Report.objects.get()
    late = datetime(2027, 3, 24, 12, tzinfo=UTC)
    wish = draft(cast, call, now)
    with pytest.raises(Refused) as told:
        applications.submit(application=wish, by=cast.mate, now=late)
    assert told.value.as_dict() == {
        "what": "A report is overdue, so no new application can be submitted.",
        "why": f"Final report of {site.project.title} was due on 23 March 2027.",
        "todo": "Hand it in on the project's page, or ask an officer to lift the bar. This draft stays as it is.",
        "report": report.page,
    }
    wish.refresh_from_db()
    assert wish.state == State.DRAFT
    projects.lift_bar(report=report, reason="They moved.", by=cast.officer, now=late)
    assert applications.submit(application=wish, by=cast.mate, now=late).state == State.SUBMITTED
    assert queries.bar_on(cast.startup, cast.mate, late) is None


def test_a_colleagues_click_does_not_pass_the_bar_of_who_will_lead_nor_does_an_award(cast, call, site, now):  # noqa: F811
    late = datetime(2027, 3, 24, 12, tzinfo=UTC)
    wish = draft(cast, call, now)
    Member.objects.filter(project=site.project, role="pi").update(person=cast.outsider)
    all_looked(now)
    Report.objects.update(project=site.project)
    Project.objects.filter(pk=site.project.pk).update(organisation=cast.hospital)
    Application.objects.filter(pk=wish.pk).update(applicant=cast.outsider)
    wish.refresh_from_db()
    with pytest.raises(Refused, match="A report is overdue, so no new application"):
        applications.submit(application=wish, by=cast.mate, now=late)
    done = applications.submit(application=wish, by=cast.mate, now=now)
    with pytest.raises(Refused, match="who is to lead the project, is overdue"):
        check_award(
            application=done, gpu_seconds=3600, months=1, note="", phases=(), from_reserve=False, by=cast.officer,
            now=late,
        )  # fmt: skip
    with pytest.raises(Refused, match="who is to lead the project, is overdue"):
        accept(application=done, by=cast.mate, now=late)


def test_a_project_that_fails_keeps_no_other_waiting_and_is_tried_again(cast, site, now, caplog):  # noqa: F811
    broken = projects.open_project(
        title="Aaa", organisation=cast.startup, purpose="p", gate_decision="pass", pi=cast.applicant,
        ends_at=now + 90 * DAY, by=cast.officer, now=now,
    )  # fmt: skip
    Award.objects.filter(project=site.project).update(project=broken)
    Call.objects.update(mode_row={})
    all_looked(now)
    assert [one.getMessage() for one in caplog.records] == [f"{broken.subject} could not be looked after"]
    looks = dict(LifeWatch.objects.values_list("project__slug", "next_look_at"))
    assert looks == {broken.slug: now + AGAIN_AFTER, site.project.slug: now + EVERY}
    assert set(LifeWatch.objects.values_list("claim_token", flat=True)) == {""}
