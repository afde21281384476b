"""The project page: who sees what, who may change members, and what it asks of the database."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from fabrica.allocations.models import ClusterAccount
from fabrica.clusters import services as names
from fabrica.clusters.models import JobUsage
from fabrica.dataspaces.tests import factories as data
from fabrica.people.states import MEMBER_COUNTRIES
from fabrica.portal.queries.workplace import workplace_of
from fabrica.registry.tests.conftest import key, run, site, version  # noqa: F401 - fixtures


def page(site):  # noqa: F811
    return f"/projects/{site.project.slug}/"


def members(site):  # noqa: F811
    return {str(one.person) for one in site.project.members.select_related("person")}


def test_who_sees_it(browser, site):  # noqa: F811
    told = {who: browser(who).get(page(site)).status_code for who in
            ("applicant", "mate", "officer", "operator", "assessor", "provider", "outsider", "")}  # fmt: skip
    assert told == {
        "applicant": 200, "mate": 200, "officer": 200, "operator": 200,
        "assessor": 404, "provider": 404, "outsider": 404, "": 302,
    }  # fmt: skip


def test_hours_data_runs_and_models_stand_there(cast, site, version, now):  # noqa: F811
    site.launch(now)
    place = workplace_of(cast.applicant, site.project.slug, now)
    assert (place.can_work, place.leads, place.is_open, place.hours.is_ready) == (True, True, True, True)
    assert place.hours.balance.awarded == 36_000
    assert [one.number for one in place.runs] == [2, 1]
    assert (place.stagings, place.models) == ([site.staging], [version])
    assert place.hours.bill.runs == 2


def test_ready_is_said_only_after_the_account_was_read_back(browser, site, now):  # noqa: F811
    assert "Ready on the cluster" in browser("applicant").get(page(site)).content.decode()
    ClusterAccount.objects.update(ready_at=None, error="The machine does not answer.")
    told = browser("applicant").get(page(site)).content.decode()
    assert "Ready on the cluster" not in told
    assert "The machine does not answer." in told


def test_an_account_changed_by_hand_is_shown_as_not_ready_with_what_happens(browser, site, now):  # noqa: F811
    ClusterAccount.objects.update(drifted_at=now, error="Somebody changed it.")
    told = browser("applicant").get(page(site)).content.decode()
    assert "Ready on the cluster" not in told
    assert [one in told for one in ("Changed by hand", "The operators were told", "Somebody changed it.")] == [True] * 3


def test_what_is_in_flight_and_that_all_is_used_stand_there(browser, site, now):  # noqa: F811
    before = browser("applicant").get(page(site)).content.decode()
    assert "In flight" not in before and "Closed for new jobs" not in before
    JobUsage.objects.create(
        machine=site.machine, key="8.1", job_id="8", account=site.award.account_name, devices=1, started_at=now,
        gpu_seconds=5_400, state="RUNNING", seen_at=now,
    )  # fmt: skip
    ClusterAccount.objects.update(is_open_wanted=False)
    answer = browser("applicant").get(page(site))
    assert answer.context["place"].hours.in_flight == 5_400
    assert "used so far by jobs that run, booked when they end" in answer.content.decode()
    assert "Closed for new jobs" in answer.content.decode()


def test_the_commands_name_project_data_and_site(browser, site, settings):  # noqa: F811
    settings.FABRICA_URL = "https://factory.example"
    lines = [line for _id, _label, line in browser("mate").get(page(site)).context["commands"]]
    assert lines == [
        "fabrica login https://factory.example",
        f"fabrica train --project {site.project.slug} --recipe demo --data {site.staging.version.uri}",
        f"fabrica runs --project {site.project.slug}",
    ]


def test_staff_read_only(browser, cast, site):  # noqa: F811
    told = browser("officer").get(page(site)).content.decode()
    assert "You only read here" in told
    assert [one in told for one in ("Launch a run", "fabrica login", "Invite somebody")] == [False, False, False]
    answer = browser("officer").post(f"{page(site)}invite/", {"email": cast.outsider.email, "role": "member"})
    assert (answer.status_code, members(site)) == (403, {"Ada", "Max"})


def test_who_leads_removes_members(browser, cast, site):  # noqa: F811
    client = browser("applicant")
    assert client.post(f"{page(site)}members/{cast.mate.uid}/remove/").status_code == 302
    assert members(site) == {"Ada"}


def test_who_may_not_remove_members(browser, cast, site):  # noqa: F811
    removing = {who: browser(who).post(f"{page(site)}members/{cast.mate.uid}/remove/").status_code
                for who in ("mate", "officer", "outsider")}  # fmt: skip
    assert removing == {"mate": 403, "officer": 403, "outsider": 404}
    assert members(site) == {"Ada", "Max"}


def test_the_leader_stays_and_a_stranger_cannot_be_removed(browser, cast, site):  # noqa: F811
    told = [browser("applicant").post(f"{page(site)}members/{who.uid}/remove/").status_code
            for who in (cast.applicant, cast.outsider)]  # fmt: skip
    assert (told, members(site)) == ([403, 404], {"Ada", "Max"})


def test_own_data_is_hidden_from_staff(cast, site, now):  # noqa: F811
    assert workplace_of(cast.officer, site.project.slug, now).stagings == []


def test_a_project_without_an_award_says_so(browser, cast, call, now):
    made = data.project(cast, now)
    answer = browser("applicant").get(f"/projects/{made.slug}/")
    assert (answer.status_code, answer.context["place"].hours) == (200, None)
    assert "No hours yet" in answer.content.decode()


def queries_of(client, path):
    client.get(path)
    with CaptureQueriesContext(connection) as counted:
        assert client.get(path).status_code == 200
    return len(counted)


def test_ten_rows_cost_no_more_queries_than_one(browser, cast, site, version, now):  # noqa: F811
    data.waiting(cast, now, data.published(cast, now), site.project)
    before = queries_of(browser("applicant"), page(site))
    for n in range(9):
        site.launch(now, time_limit_seconds=60)
        data.waiting(cast, now, data.published(cast, now, title=f"Letters {n}"), site.project)
    assert queries_of(browser("applicant"), page(site)) == before


def test_members_are_told_what_they_are_called_on_the_machine(browser, cast, site, now):  # noqa: F811
    told = "On Machine One itself you are called <code>ada</code>, and sign in with one of"
    assert told not in browser("applicant").get(page(site)).content.decode()
    names.change_unix_name(site=site.machine.site, person=cast.applicant, name="ada", by=cast.operator, now=now)
    assert told in browser("applicant").get(page(site)).content.decode()
    card = browser("applicant").get(page(site)).context["place"].card
    assert card == (f"#JOB --account={site.award.account_name}", "#JOB --programme=playground")
    assert browser("mate").get(page(site)).context["place"].card == ()
    assert "itself you are called" not in browser("mate").get(page(site)).content.decode()
    type(site.machine).objects.update(adapter="local")
    assert told not in browser("applicant").get(page(site)).content.decode()


def test_what_publications_say_names_project_machine_site_and_mode(browser, site, settings):  # noqa: F811
    told = browser("mate").get(page(site)).context["acknowledgement"]
    code = site.award.application.code
    assert told == (
        f"We acknowledge the EuroHPC Joint Undertaking for awarding the project {code} access to Machine One, hosted by "
        f"{site.machine.site.name} ({MEMBER_COUNTRIES[site.machine.site.country]}), through a Playground access call."
    )
    settings.FABRICA_ACKNOWLEDGEMENT = "Thanks to {site} & all."
    assert f"Thanks to {site.machine.site.name} &amp; all." in browser("mate").get(page(site)).content.decode()
