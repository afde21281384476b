"""Reports: which are owed and by when, what is missing, who judges, whom an overdue one bars."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
from fabrica.audit.queries import about
from fabrica.conftest import make_person
from fabrica.kit.errors import NotAllowed, NotFound, Refused
from fabrica.notices.models import Notice
from fabrica.people.services import grant_role
from fabrica.people.states import Role as SiteRole
from fabrica.projects import queries, rules, services
from fabrica.projects.engine import Question, forms, gaps, length, months_later, owed, reminder, reminders
from fabrica.projects.models import ReclaimProposal, Report
from fabrica.projects.states import ProposalState, ReportState, Role
from fabrica.projects.tests.test_joining import join
from fabrica.projects.tests.test_services import open_project
from fabrica.reviews.models import Link

BEGIN, END = date(2026, 11, 23), date(2026, 12, 23)
NEEDED = {"summary": "s", "results": "r", "justification": "j"}
WHOLE = Question("q", "?", "?", 3, "words", is_needed=True)


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [(date(2026, 11, 30), 3, date(2027, 2, 28)), (date(2027, 11, 30), 3, date(2028, 2, 29)),
     (date(2026, 12, 31), 0, date(2026, 12, 31)), (date(2026, 12, 31), 12, date(2027, 12, 31))],
)  # fmt: skip
def test_three_months_later_is_the_same_day_or_the_last_of_its_month(day, months, later):
    assert months_later(day, months) == later


@pytest.mark.parametrize(
    ("mode", "months", "kinds"),
    [("playground", 1, ["final"]), ("ai-for-science", 6, ["progress", "final"]), ("ai-for-science", 5, ["final"]),
     ("a sites own", 3, ["final"])],
)  # fmt: skip
def test_a_mode_owes_what_the_data_say(mode, months, kinds):
    assert [one.kind for one in owed(mode, months, BEGIN)] == kinds


def test_the_final_report_is_due_three_months_after_the_end_and_says_who_says_so():
    (final,) = owed("playground", 1, BEGIN)
    assert final.due_on(BEGIN, END) == date(2027, 3, 23)
    assert (final.due_source.confidence, final.questions_source.confidence) == ("A", "B")
    assert replace(final, after="begin", months=1, days=-2).due_on(BEGIN, END) == date(2026, 12, 21)


def test_development_asks_other_questions_and_a_row_of_before_its_day_holds_not():
    (final,) = owed("development", 12, BEGIN)
    assert [one.key for one in final.questions][:2] == ["summary-short", "code"]
    assert owed("development", 12, date(2025, 12, 31)) == []
    newer = replace(final, since=BEGIN, questions=())
    assert [owed("development", 12, day, [final, newer])[0] for day in (BEGIN - timedelta(days=1), BEGIN)] == [
        final, newer,
    ]  # fmt: skip


def test_every_question_has_its_french():
    assert [one.key for form in forms() for one in form.questions if not one.text_fr or one.said("fr") == ""] == []


@pytest.mark.parametrize(
    ("text", "told"), [("", [(0, True)]), (" \n", [(0, True)]), ("a b c", []), ("a  b\nc d e", [(2, False)])]
)
def test_an_answer_is_missing_or_too_long_by_words(text, told):
    assert [(one.over, one.is_missing) for one in gaps([WHOLE], {"q": text})] == told


def test_letters_are_counted_without_the_white_around_them_and_what_is_not_needed_may_be_empty():
    assert length(" été ", "letters") == 3
    assert gaps([replace(WHOLE, is_needed=False)], {}) == []


@pytest.mark.parametrize(("days", "which"), [(-31, None), (-30, -30), (-8, -30), (-7, -7), (0, -1), (1, 1), (400, 30)])
def test_the_latest_reminder_that_has_come(days, which):
    assert reminder(END, END + timedelta(days=days), reminders().days) == which


@pytest.fixture
def project(cast, now):
    return open_project(cast, now)


@pytest.fixture
def report(project, now):
    return planned(project, now)


def planned(project, now, ends_at=datetime(2026, 12, 23, 9, tzinfo=UTC)):
    services.plan_reports(
        project=project, mode="playground", months=1, begins_at=now, ends_at=ends_at, now=now
    )  # fmt: skip
    return project.reports.get()


def submitted(report, cast, now):
    services.save_report(report=report, answers=NEEDED, version=report.draft_version, by=cast.applicant, now=now)
    return services.submit_report(report=report, figures={"used": 1}, by=cast.applicant, now=now)


def on(day):
    """Noon of a day, `day` days after the report is due."""
    return datetime(2027, 3, 23, 12, tzinfo=UTC) + timedelta(days=day)


def notices(kind):
    return list(Notice.objects.filter(kind=kind).order_by("pk").values_list("person__name", "subject"))


def test_a_report_is_planned_once_and_its_day_follows_the_end_of_the_award(project, report, now):
    assert (report.due_on, report.state) == (date(2027, 3, 23), ReportState.OPEN)
    assert planned(project, now).pk == report.pk
    assert planned(project, now, datetime(2027, 1, 31, 9, tzinfo=UTC)).due_on == date(2027, 4, 30)
    assert [one.facts["due_on"] for one in about("project:code-model") if one.verb == "report.plan"] == [
        "2027-03-23", "2027-04-30",
    ]  # fmt: skip


def test_who_loses_the_hours_has_time_to_write_before_a_report_bars_anybody(project, cast, now):
    def progress(ends_at, at):
        services.plan_reports(
            project=project, mode="ai-for-science", months=6, begins_at=now, ends_at=ends_at, now=at
        )  # fmt: skip
        return project.reports.get(kind="progress")

    revoked_at = now + timedelta(days=10)
    assert progress(now + timedelta(days=180), now).due_on > (now + timedelta(days=130)).date()
    for later in range(5):  # the worker looks again and again
        report = progress(revoked_at, revoked_at + timedelta(days=later))
    assert report.due_on == (revoked_at + timedelta(days=reminders().mend_days)).date()
    in_time, late = (revoked_at + timedelta(days=reminders().mend_days + more) for more in (0, 1))
    assert [queries.bar_on(cast.startup, cast.applicant, at) for at in (revoked_at, in_time, late)] == [
        None, None, report,
    ]  # fmt: skip


def test_it_keeps_its_questions_and_sources_whatever_becomes_of_the_data(report):
    assert report.questions == owed("playground", 1, BEGIN)[0].questions
    assert "confidence A" in report.form["due_source"]


def test_what_is_written_is_kept_and_two_editors_notice_each_other(report, cast, now):
    services.save_report(report=report, answers={"summary": "one"}, version=0, by=cast.applicant, now=now)
    services.save_report(report=report, answers={"results": "two"}, version=1, by=cast.applicant, now=now)
    assert report.answers == {"summary": "one", "results": "two"}
    with pytest.raises(services.ReportSavedMeanwhile):
        services.save_report(report=report, answers={"summary": "lost"}, version=1, by=cast.applicant, now=now)


@pytest.mark.parametrize("answers", [{"no": "x"}, {"summary": "x" * 20_001}, {"summary": 1}])
def test_what_is_not_asked_or_far_too_long_is_not_kept(report, cast, now, answers):
    with pytest.raises(Refused):
        services.save_report(report=report, answers=answers, version=0, by=cast.applicant, now=now)


@pytest.mark.parametrize(("role", "may"), [(Role.CO_PI, True), (Role.FACILITATOR, True), (Role.MEMBER, False),
                                           (Role.GUEST, False), (Role.ANTENNA, False)])  # fmt: skip
def test_who_writes_reports(project, report, cast, now, role, may):
    join(project, cast.outsider, role, cast, now)
    try:
        services.save_report(report=report, answers={"summary": "s"}, version=0, by=cast.outsider, now=now)
    except NotAllowed:
        assert not may
    else:
        assert may


def test_what_is_missing_is_named(report, cast, now):
    services.save_report(report=report, answers={"patents": "x" * 851}, version=0, by=cast.applicant, now=now)
    with pytest.raises(Refused) as told:
        services.submit_report(report=report, figures={}, by=cast.applicant, now=now)
    assert told.value.why == (
        "Summary for the public: an answer is missing. Results: an answer is missing. "
        "Time used against time planned: why they differ: an answer is missing. Patents: too long by 1 (at most 850 letters)."
    )


def test_the_figures_are_frozen_as_it_is_handed_in_and_officers_outside_are_told(report, cast, now):
    grant_role(person=cast.mate, role=SiteRole.OFFICER, by=None, now=now)  # of the same organisation
    made = submitted(report, cast, now)
    assert (made.state, made.figures, made.submitted_by) == (ReportState.SUBMITTED, {"used": 1}, cast.applicant)
    assert notices("report_waits") == [("Olga", "Final report of Code model waits for you")]
    for by in (cast.applicant, cast.mate, cast.provider):
        with pytest.raises(NotAllowed):
            services.accept_report(report=made, by=by, now=now)
    with pytest.raises(Refused):
        services.save_report(report=made, answers={}, version=made.draft_version, by=cast.applicant, now=now)


def test_an_officer_accepts_it_once(report, cast, now):
    made = submitted(report, cast, now)
    services.accept_report(report=made, by=cast.officer, now=now)
    assert (made.state, notices("report_accepted")) == (
        ReportState.ACCEPTED, [("Ada", "Final report of Code model is accepted")],
    )  # fmt: skip
    with pytest.raises(Refused):
        services.return_report(report=made, reason="no", by=cast.officer, now=now)


def test_it_comes_back_with_reasons_and_time_to_mend_it(report, cast):
    late = on(3)
    made = submitted(report, cast, late)
    with pytest.raises(Refused, match="reason"):
        services.return_report(report=made, reason=" ", by=cast.officer, now=late)
    services.return_report(report=made, reason="Say more of results.", by=cast.officer, now=late)
    assert (made.state, made.due_on, made.reason) == (
        ReportState.RETURNED, late.date() + timedelta(days=14), "Say more of results.",
    )  # fmt: skip
    assert submitted(made, cast, late).state == ReportState.SUBMITTED
    assert len(notices("report_waits")) == 2


def test_reminders_go_to_those_who_are_told_each_once_and_stop_when_it_is_handed_in(project, report, cast, now):
    join(project, cast.mate, Role.ANTENNA, cast, now)
    join(project, cast.outsider, Role.MEMBER, cast, now)
    for day in (-31, -30, -29, -7, 1, 2):
        services.remind(report=report, now=on(day))
    assert notices("report_due") == [
        (who, said)
        for said in ("Due on 23 March 2027: Final report of Code model",) * 2 + ("Overdue: Final report of Code model",)
        for who in ("Ada", "Max")
    ]
    submitted(report, cast, on(13))
    report.refresh_from_db()
    services.remind(report=report, now=on(14))
    assert len(notices("report_due")) == 6


@pytest.mark.parametrize(
    ("at", "bars"),
    [(datetime(2027, 3, 23, 22, 59, tzinfo=UTC), False), (datetime(2027, 3, 23, 23, 0, tzinfo=UTC), True)],
)
def test_it_bars_from_the_first_moment_after_its_day_where_the_site_is(report, cast, at, bars):
    assert (queries.bar_on(cast.startup, cast.mate, at) == report) is bars
    assert queries.bar_on(cast.hospital, cast.provider, at) is None


def test_it_bars_the_organisation_and_its_principal_investigator_elsewhere_too(report, cast):
    late = on(1)
    assert queries.bar_on(cast.hospital, cast.applicant, late) == report
    assert queries.bar_on(cast.hospital, cast.mate, late) is None
    submitted(report, cast, late)
    assert queries.bar_on(cast.startup, cast.applicant, late) is None


def test_an_officer_lifts_the_bar_with_a_reason_and_it_stays_due(report, cast, now):
    with pytest.raises(Refused, match="bars nobody"):
        services.lift_bar(report=report, reason="early", by=cast.officer, now=now)
    late = on(1)
    for by, reason, error in ((cast.applicant, "me", NotAllowed), (cast.officer, "", Refused)):
        with pytest.raises(error):
            services.lift_bar(report=report, reason=reason, by=by, now=late)
    services.lift_bar(report=report, reason="In hospital.", by=cast.officer, now=late)
    assert (queries.bar_on(cast.startup, cast.applicant, late), report.is_overdue(late.date())) == (None, True)
    assert list(queries.overdue(Report.objects.all(), late)) == [report]
    assert list(about("project:code-model"))[-1].verb == "report.lift_bar"


def test_who_may_not_see_the_project_may_not_see_its_report(report, cast):
    assert queries.report_of(cast.officer, "code-model", "final") == report
    for kind, person in (("final", cast.outsider), ("progress", cast.officer)):
        with pytest.raises(NotFound):
            queries.report_of(person, "code-model", kind)


FACTS = {"idle_since": "2026-12-01T00:00:00+00:00", "idle_days": 30}


def test_an_officer_is_asked_about_idle_hours_once_for_each_idleness(project, cast, now):
    for _ in range(2):
        services.propose_reclaim(project=project, facts=FACTS, now=now)
    (asked,) = queries.reclaims_visible_to(cast.officer)
    with pytest.raises(NotAllowed):
        services.keep_hours(proposal=asked, reason="ours", by=cast.applicant, now=now)
    services.keep_hours(proposal=asked, reason="They wait for data.", by=cast.officer, now=now)
    assert notices("hours_kept") == [("Ada", "The hours of Code model stay yours")]
    services.propose_reclaim(project=project, facts=FACTS, now=now)
    assert ReclaimProposal.objects.count() == 1
    services.propose_reclaim(project=project, facts={**FACTS, "idle_since": "later"}, now=now)
    services.lapse_reclaim(project=project, now=now)
    assert [one.state for one in ReclaimProposal.objects.order_by("pk")] == [ProposalState.KEPT, ProposalState.LAPSED]
    services.propose_reclaim(project=project, facts={**FACTS, "idle_since": "later"}, now=now)
    assert ReclaimProposal.objects.filter(state=ProposalState.OPEN).count() == 1
    with pytest.raises(Refused):
        services.keep_hours(proposal=asked, reason="again", by=cast.officer, now=now)


def test_who_has_an_interest_in_the_organisation_neither_judges_nor_is_asked_to(report, cast, now):
    kin = make_person("oscar", now, SiteRole.OFFICER)
    cast.stranger.members.create(person=kin, role="member", joined_at=now)
    Link.objects.create(
        **dict(zip(("one", "other"), sorted((cast.startup, cast.stranger), key=lambda one: one.pk), strict=True)),
        noted_by=cast.officer, noted_at=now,
    )  # fmt: skip
    made = submitted(report, cast, on(1))
    assert notices("report_waits") == [("Olga", "Final report of Code model waits for you")]
    assert rules.judges_of(report.project) == [cast.officer]
    for judge in (services.accept_report, partial(services.lift_bar, reason="Kin.")):
        with pytest.raises(NotAllowed):
            judge(report=made, by=kin, now=on(1))
