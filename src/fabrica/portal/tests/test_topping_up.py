"""Adding hours in the portal: who may, what is shown before, and that one form adds once."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from fabrica.allocations import queries, services, tasks
from fabrica.allocations.models import Award, ClusterAccount, TopUp
from fabrica.allocations.tests.factories import awarded, fund
from fabrica.audit.models import Entry
from fabrica.clusters import queries as clusters
from fabrica.clusters.adapters.fake import FakeCluster
from fabrica.clusters.models import Site
from fabrica.kit.errors import NotAllowed
from fabrica.notices.models import Notice
from fabrica.people.models import Member, RoleGrant
from fabrica.people.states import MemberRole, Role
from fabrica.projects.models import Member as Worker
from fabrica.projects.states import Role as ProjectRole

HOUR = 3_600
AWARDED = 10 * HOUR
WISH = {"key": "one", "gpu_hours": "2.5", "reason": "The second language needs as much again."}


@pytest.fixture
def fake(now, monkeypatch):
    made = FakeCluster(now)
    monkeypatch.setattr(clusters, "_makers", {})
    clusters.serve("fake", lambda _machine: made)
    return made


@pytest.fixture
def award(cast, call, machine, fake, now):
    """Ten hours of a pool of 27.78."""
    fund(cast, machine, now)
    return awarded(cast, call, now, AWARDED)


def address(award):
    return f"/projects/{award.project.slug}/top-up/"


def total(award):
    return Award.objects.get(pk=award.pk).gpu_seconds


def used_up(award, now, gpu_seconds=AWARDED):
    services.book(award=award, machine=award.machine, key="9.1", gpu_seconds=gpu_seconds, now=now)
    tasks.watch(now)


def text(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_who_may(browser, award):
    cast = ("officer", "operator", "applicant", "mate", "assessor", "provider", "outsider", "")
    expected = {
        "officer": 200, "operator": 200, "applicant": 403, "mate": 404, "assessor": 404, "provider": 404,
        "outsider": 404, "": 302,
    }  # fmt: skip
    assert {who: browser(who).get(address(award)).status_code for who in cast} == expected
    sent = {who: browser(who).post(address(award), {**WISH, "add": "1"}).status_code for who in reversed(cast)}
    assert sent == {**expected, "officer": 302, "operator": 302}
    assert total(award) == AWARDED + 9_000


def test_an_officer_who_works_for_the_organisation_or_assessed_it_does_not_add_hours(browser, cast, award, now):
    Member.objects.create(organisation=cast.startup, person=cast.officer, role=MemberRole.MEMBER, joined_at=now)
    RoleGrant.objects.create(person=cast.assessor, role=Role.OFFICER, granted_at=now)
    told = [browser(who).post(address(award), {**WISH, "add": "1"}).status_code for who in ("officer", "assessor")]
    assert (told, total(award)) == ([403, 403], AWARDED)
    assert "Add hours" not in browser("officer").get(f"/projects/{award.project.slug}/").content.decode()


def test_an_officer_who_works_in_the_project_does_not_add_hours_to_it(browser, cast, award, now):
    Worker.objects.create(project=award.project, person=cast.officer, role=ProjectRole.MEMBER, joined_at=now)
    assert browser("officer").post(address(award), {**WISH, "add": "1"}).status_code == 403
    with pytest.raises(NotAllowed):
        services.top_up(award=award, gpu_seconds=HOUR, key="one", by=cast.officer, now=now)
    assert total(award) == AWARDED
    assert address(award) not in browser("officer").get(f"/projects/{award.project.slug}/").content.decode()


def test_the_button_stands_on_the_projects_page_for_whoever_may(browser, award):
    told = {who: address(award) in browser(who).get(f"/projects/{award.project.slug}/").content.decode()
            for who in ("officer", "operator", "applicant")}  # fmt: skip
    assert told == {"officer": True, "operator": True, "applicant": False}


def test_the_desk_of_an_awarded_application_leads_to_its_project(browser, award):
    page = browser("officer").get(f"/desk/{award.application.code}/")
    assert f'href="/projects/{award.project.slug}/"' in page.content.decode()


def test_what_it_does_is_shown_before_anything_is_added(browser, award, now):
    answer = browser("officer").post(address(award), WISH)
    after = answer.context["after"]
    assert (after.awarded, after.free, after.pool) == (AWARDED + 9_000, AWARDED + 9_000, 100_000 - AWARDED - 9_000)
    assert (after.opens, after.stays_closed) == (False, False)
    assert [one in text(answer) for one in ("Add 2.5 GPU-hours?", "The second language", "raised within a minute")] == [
        True
    ] * 3
    assert (total(award), Entry.objects.filter(verb="award.top_up").count()) == (AWARDED, 0)


def test_confirmed_it_is_booked_audited_told_and_kept_with_its_reason(browser, cast, award, now):
    answer = browser("officer").post(address(award), {**WISH, "add": "1"}, follow=True)
    assert [str(one) for one in answer.context["messages"]] == [
        "2.5 GPU-hours were added; the award has 12.5 GPU-hours now. The machine follows within a minute."
    ]
    entry = Entry.objects.get(verb="award.top_up")
    assert (entry.actor, entry.facts) == (cast.officer.uid, {"gpu_seconds": 9_000, "total": AWARDED + 9_000})
    made = TopUp.objects.get()
    assert (made.by, made.reason, made.transfer.gpu_seconds) == (cast.officer, WISH["reason"], 9_000)
    assert f"Why: {WISH['reason']}" in Notice.objects.get(kind="award_topped_up").body
    assert queries.check_ledger() == []
    shown = {who: text(browser(who).get(f"/projects/{award.project.slug}/")) for who in ("officer", "applicant")}
    assert [WISH["reason"] in shown[who] for who in shown] == [True, True]
    assert [str(cast.officer) in shown["applicant"], "· Olga" in shown["officer"]] == [False, True]


def test_a_closed_account_opens_again_and_the_page_says_so_before(browser, award, fake, now):
    tasks.reconcile(now)
    used_up(award, now)
    form = browser("officer").get(address(award))
    assert "All hours are used. Add at least 0.5 GPU-hours to open the account again." in text(form)
    preview = browser("officer").post(address(award), WISH)
    assert (preview.context["after"].opens, "opens again within a minute" in text(preview)) == (True, True)
    browser("officer").post(address(award), {**WISH, "add": "1"})
    tasks.reconcile(now)
    there = fake.account(award.account_name)
    assert (there.is_open, there.gpu_seconds_limit) == (True, AWARDED + 9_000)


def test_hours_that_do_not_reach_are_told_with_the_least_that_does(browser, award, now):
    used_up(award, now, AWARDED + 3 * HOUR)
    preview = browser("officer").post(address(award), WISH)
    assert (preview.context["after"].opens, preview.context["after"].stays_closed) == (False, True)
    assert "Add at least 3.5 GPU-hours to open it again." in text(preview)
    browser("officer").post(address(award), {**WISH, "gpu_hours": "3.5", "add": "1"})
    assert ClusterAccount.objects.get(award=award).is_open_wanted


def test_in_dry_run_an_operator_has_to_apply_it(browser, award):
    Site.objects.update(is_dry_run=True)
    assert "is in dry run" in text(browser("officer").post(address(award), WISH))
    done = browser("officer").post(address(award), {**WISH, "add": "1"}, follow=True)
    assert [str(one) for one in done.context["messages"]] == [
        "2.5 GPU-hours were added; the award has 12.5 GPU-hours now. An operator applies it to the machine."
    ]


def test_an_account_changed_by_hand_is_told_of_before(browser, award, now):
    ClusterAccount.objects.update(drifted_at=now)
    assert "Somebody changed the account by hand" in text(browser("officer").post(address(award), WISH))


def test_one_form_adds_once_however_often_it_is_sent_or_changed(browser, award):
    client = browser("officer")
    client.post(address(award), {**WISH, "add": "1"}, follow=True)
    for again in ({**WISH, "add": "1"}, {**WISH, "gpu_hours": "3", "add": "1"}, WISH):
        answer = client.post(address(award), again, follow=True)
        assert [str(one) for one in answer.context["messages"]] == [
            "This form added 2.5 GPU-hours before; nothing was added again. Open it anew to add more."
        ]
    assert (total(award), TopUp.objects.count()) == (AWARDED + 9_000, 1)


def test_each_form_has_a_key_of_its_own(browser, award):
    keys = {browser("officer").get(address(award)).context["form"]["key"].value() for _ in range(2)}
    assert len(keys) == 2


def test_who_goes_back_to_change_finds_what_was_written(browser, award):
    answer = browser("officer").post(address(award), {**WISH, "change": "1"})
    assert {name: answer.context["form"][name].value() for name in WISH} == WISH
    assert ("after" in answer.context, total(award)) == (False, AWARDED)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"gpu_hours": ""}, "gpu_hours"),
        ({"gpu_hours": "0"}, "gpu_hours"),
        ({"gpu_hours": "-1"}, "gpu_hours"),
        ({"gpu_hours": "1.3"}, "gpu_hours"),
        ({"gpu_hours": "0.25"}, "gpu_hours"),
        ({"gpu_hours": "NaN"}, "gpu_hours"),
        ({"gpu_hours": "1e9"}, "gpu_hours"),
        ({"reason": "  "}, "reason"),
        ({"reason": "x" * 3_001}, "reason"),
        ({"key": ""}, "key"),
        ({"key": "x" * 101}, "key"),
        ({"key": "a|b"}, "__all__"),
        ({"gpu_hours": "18"}, "__all__"),
        ({"gpu_hours": "5000"}, "__all__"),
    ],
)
@pytest.mark.parametrize("step", [{}, {"add": "1"}])
def test_what_makes_no_sense_is_told_on_the_form_and_loses_nothing(browser, award, changes, field, step):
    sent = {**WISH, **changes}
    answer = browser("officer").post(address(award), {**sent, **step})
    form = answer.context["form"]
    assert (answer.status_code, list(form.errors), total(award)) == (200, [field], AWARDED)
    assert {name: form[name].value() for name in WISH} == sent


def test_the_refusals_say_what_is_left_and_where_a_limit_comes_from(browser, award):
    def told(hours):
        form = browser("officer").post(address(award), {**WISH, "gpu_hours": hours}).context["form"]
        return form.non_field_errors()[0]

    assert told("18") == (
        "The pool of Machine One has 17.7778 GPU-hours left; the award needs 18.00. "
        "Award less, or ask an operator to fund the pool."
    )
    assert "Source of the limit: EuroHPC" in told("4990.5")


def test_after_its_end_there_is_no_button_and_the_form_says_why(browser, award, now):
    Award.objects.update(starts_at=now - timedelta(days=1), ends_at=now)
    assert address(award) not in browser("officer").get(f"/projects/{award.project.slug}/").content.decode()
    form = browser("officer").post(address(award), WISH).context["form"]
    assert form.non_field_errors() == [
        f"The award of {award.project} ended on 23 November 2026. The project can apply again."
    ]


def test_a_project_without_an_award_has_nothing_to_add_to(browser, cast, call, award, now):
    assert browser("officer").get("/projects/nothing-here/top-up/").status_code == 404


def queries_of(client, path, data=None):
    ask = client.post if data else client.get
    ask(path, data)
    with CaptureQueriesContext(connection) as counted:
        assert ask(path, data).status_code == 200
    return len(counted)


def test_ten_top_ups_cost_no_more_queries_than_one(browser, cast, award, now):
    def counts():
        officer, project = browser("officer"), f"/projects/{award.project.slug}/"
        fresh = {**WISH, "key": "not yet"}
        return [
            queries_of(officer, project),
            queries_of(officer, address(award)),
            queries_of(officer, address(award), fresh),
        ]

    services.top_up(award=award, gpu_seconds=1, key="0", by=cast.officer, now=now, reason="More.")
    before = counts()
    for n in range(1, 10):
        services.top_up(award=award, gpu_seconds=1, key=str(n), by=cast.officer, now=now, reason="More.")
    assert counts() == before
