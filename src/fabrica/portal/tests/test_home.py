"""A person's home: the next step with real rows, the lists, the notices, and what it asks of the database."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from fabrica.applications import services as applications
from fabrica.applications.models import Application
from fabrica.applications.tests.factories import draft, submitted
from fabrica.dataspaces.tests.factories import published
from fabrica.notices.models import Notice
from fabrica.people.models import Member
from fabrica.portal.engine import Kind
from fabrica.portal.queries.home import home_of
from fabrica.projects import services as projects
from fabrica.projects.states import Role
from fabrica.registry.tests.conftest import key, run, site, version  # noqa: F401 - fixtures
from fabrica.reviews import services as reviews
from fabrica.reviews.tests.factories import expert, handed_in, large, large_call, opened, panel_member
from fabrica.training.models import Run
from fabrica.trust.models import Condition


def step(person, now):
    return home_of(person, now).step.kind


def test_a_stranger_to_the_site_is_led_to_the_sign_in(browser, cast):
    answer = browser().get("/home/")
    assert (answer.status_code, answer.url) == (302, "/accounts/login/?next=/home/")


def test_who_has_no_organisation_registers_one(cast, call, now):
    Member.objects.filter(person=cast.outsider).delete()
    assert step(cast.outsider, now) == Kind.REGISTER


def test_from_the_first_look_to_the_decision(cast, call, now):
    assert step(cast.applicant, now) == Kind.APPLY
    made = draft(cast, call, now)
    assert step(cast.applicant, now) == step(cast.mate, now) == Kind.FINISH_DRAFT
    applications.submit(application=made, by=cast.applicant, now=now)
    assert step(cast.applicant, now) == Kind.WAIT_DECISION
    applications.send_back(application=made, reason="Which licence?", by=cast.officer, now=now)
    assert step(cast.mate, now) == Kind.MEND
    assert step(cast.outsider, now) == Kind.APPLY


def test_a_condition_owed_before_the_award_is_shown_by_its_side_before_anybody_waits(cast, call, now):
    made = submitted(cast, call, now)
    about = {"subject": made.subject, "organisation": made.organisation, "applicant": made.applicant}
    told = {"text": "A plan.", "blocks": "award", "due_on": now.date(), "opened_at": now}
    Condition.objects.create(**about, **told, owner="site")
    assert step(cast.applicant, now) == Kind.WAIT_DECISION
    owed = Condition.objects.create(**about, **told)
    found = home_of(cast.mate, now).step
    assert (found.kind, found.target, found.words["owed"]) == (Kind.SHOW_CONDITION, (owed.pk,), "A plan")
    Condition.objects.filter(pk=owed.pk).update(state="evidence_given")
    assert step(cast.applicant, now) == Kind.WAIT_DECISION


def test_from_the_award_to_the_model(cast, site, run, now):  # noqa: F811
    assert step(cast.applicant, now) == Kind.APPLY
    Run.objects.update(state="failed")
    assert step(cast.applicant, now) == Kind.MEND_RUN
    launched = site.launch(now)
    assert step(cast.applicant, now) == Kind.WATCH
    assert [one.number for one in home_of(cast.mate, now).runs] == [launched.number]


def test_a_registered_model_is_to_be_looked_at(cast, version, browser):  # noqa: F811
    answer = browser("applicant").get("/home/")
    assert (answer.context["step"].kind, answer.context["step"].path) == ("look_at_model", version.page)


def test_hours_left_stand_beside_each_project(cast, site, now):  # noqa: F811
    found = home_of(cast.applicant, now).standings
    assert [(one.project, one.balance.free, one.facts.staged) for one in found] == [(site.project, 36_000, 1)]


def test_a_facilitator_sees_what_is_stuck_and_whom_to_write_to_and_members_do_not(browser, cast, site, run, now):  # noqa: F811
    Run.objects.update(state="failed")
    projects.add_member(project=site.project, email=cast.outsider.email, by=cast.applicant, now=now)
    projects.set_role(project=site.project, person=cast.outsider, role=Role.FACILITATOR, by=cast.applicant, now=now)
    answer = browser("outsider").get("/home/")
    (shown,) = answer.context["home"].standings
    assert (answer.context["step"].kind, answer.context["step"].path) == ("help", site.project.page)
    assert ([str(one) for one in shown.stuck], shown.pi) == (["its last run failed"], cast.applicant)
    assert f'<a href="mailto:{cast.applicant.email}?subject=' in answer.content.decode()
    assert b"mailto:" not in browser("applicant").get("/home/").content


def test_an_officer_sees_everybodys_project_elsewhere_but_not_at_home(cast, site, now):  # noqa: F811
    assert home_of(cast.officer, now).standings == []


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("officer", Kind.QUEUE_EMPTY),
        ("assessor", Kind.QUEUE_EMPTY),
        ("operator", Kind.OPERATE),
        ("provider", Kind.PUBLISH_DATA),
    ],
)
def test_who_is_here_for_a_role_is_not_asked_to_apply(cast, call, now, who, expected):
    assert step(getattr(cast, who), now) == expected


def test_a_provider_with_a_dataset_sees_its_use(cast, now, settings, tmp_path):
    settings.FABRICA_STORAGE = tmp_path
    published(cast, now)
    assert step(cast.provider, now) == Kind.SEE_USAGE


def test_staff_are_told_what_waits_and_what_is_late(cast, call, now):
    submitted(cast, call, now)
    late = submitted(cast, call, now)
    Application.objects.filter(pk=late.pk).update(step_due_at=now - timedelta(days=3))
    found = home_of(cast.officer, now)
    assert (found.step.kind, found.step.words) == (Kind.DECIDE, {"count": 2, "overdue": 1})
    assert home_of(cast.assessor, now).waiting.due == 0


def test_notices_are_new_until_marked_and_only_mine(browser, cast, call, now):
    submitted(cast, call, now)
    assert browser("applicant").get("/home/").context["home"].unread == 1
    browser("outsider").post("/home/notices/read/")
    assert Notice.objects.filter(read_at=None, person=cast.applicant).count() == 1
    answer = browser("applicant").post("/home/notices/read/")
    assert (answer.status_code, answer.url) == (302, "/home/")
    assert Notice.objects.filter(read_at=None, person=cast.applicant).count() == 0


def test_reading_a_page_marks_nothing(browser, cast):
    assert browser("applicant").get("/home/notices/read/").status_code == 405


def test_empty_lists_say_what_to_do(browser, cast):
    told = browser("outsider").get("/home/").content.decode()
    assert "You have not applied yet" in told
    assert "What we send you by e-mail also stands here." in told


def queries_of(client, path):
    client.get(path)
    with CaptureQueriesContext(
        connection,
    ) as counted:
        assert client.get(path).status_code == 200
    return len(counted)


def test_ten_rows_cost_no_more_queries_than_one(browser, cast, call, site, version, now):  # noqa: F811
    site.launch(now)
    before = queries_of(browser("applicant"), "/home/")
    for n in range(10):
        draft(cast, call, now, title=f"Draft {n}")
        site.launch(now, time_limit_seconds=60)
        Notice.objects.create(
            person=cast.applicant, kind="x", event=str(n), subject="x", body="x", created_at=now, next_try_at=now
        )
    assert queries_of(browser("applicant"), "/home/") == before


def test_ten_projects_cost_no_more_queries_than_one(browser, cast, call, site, now):  # noqa: F811
    from fabrica.allocations.tests.factories import awarded, fund

    before = queries_of(browser("applicant"), "/home/")
    fund(cast, call.machine, now, key="more")
    for _ in range(9):
        awarded(cast, call, now, gpu_seconds=3_600)
    assert queries_of(browser("applicant"), "/home/") == before
    assert len(home_of(cast.applicant, now).standings) == 10


def test_experts_and_the_panel_are_led_to_what_waits_for_them(cast, machine, now):
    application = large(cast, large_call(machine, now), now)
    ines, paula = expert(cast, "ines", now), panel_member(now)
    assert (step(ines, now), step(paula, now)) == (Kind.NOTHING_TO_REVIEW, Kind.NOTHING_TO_RANK)
    evaluation = opened(cast, application, now, reviews=1)
    (asked,) = reviews.assign(evaluation=evaluation, experts=[ines.uid], by=cast.officer, now=now)
    assert home_of(ines, now).step.words == {"count": 1}
    assert step(ines, now) == Kind.REVIEW
    handed_in(asked, now)
    assert step(ines, now) == Kind.NOTHING_TO_REVIEW
    reviews.close_evaluation(evaluation=evaluation, by=cast.officer, now=now)
    assert step(paula, now) == Kind.NOTHING_TO_RANK  # the applicant may still answer
    assert step(paula, now + timedelta(days=60)) == Kind.RANK
