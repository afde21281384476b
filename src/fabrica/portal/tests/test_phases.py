"""Awards in phases at the desk and on the project's page."""

import re

import pytest
from fabrica.allocations import queries
from fabrica.allocations.models import Award, Phase
from fabrica.allocations.tests.conftest import reporting  # noqa: F401 - a fixture
from fabrica.allocations.tests.years import HOUR, parted
from fabrica.notices.models import Notice
from fabrica.portal.queries.topping import room_of
from fabrica.reviews.tests.factories import assessed

DECISION = {"decision": "award", "gpu_hours": "6", "months": "1", "note": "In two steps.", "first_percent": "40"}


def text(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


@pytest.fixture
def decided(browser, cast, call, machine, now):
    """Decide at the desk on an application for six hours, some of it for later."""
    parted(cast, machine, now)
    made = assessed(cast, call, now, gpu_seconds_requested=6 * HOUR)
    return lambda **changes: browser("officer").post(f"/desk/{made.code}/", {**DECISION, **changes}, follow=True)


def test_an_officer_awards_a_part_now_and_the_rest_once_the_report_is_accepted(browser, decided, reporting):  # noqa: F811
    decided(rest="report")
    award = Award.objects.get()
    assert (queries.balance(award).free, queries.promised(award), queries.check_ledger()) == (8_640, 12_960, [])
    seen = text(browser("applicant").get(f"/projects/{award.project.slug}/"))
    assert ("3.6 GPU-hours promised for later" in seen, "usable once the progress report is accepted" in seen) == (
        True, True,
    )  # fmt: skip
    address = f"/projects/{award.project.slug}/phases/2/"
    linked = {who: address in browser(who).get(f"/projects/{award.project.slug}/").content.decode()
              for who in ("officer", "applicant")}  # fmt: skip
    assert linked == {"officer": True, "applicant": False}


def test_the_report_is_no_choice_where_none_will_be_owed(decided):
    answer = decided(rest="report")
    assert (list(answer.context["form"].errors), Award.objects.count()) == (["rest"], 0)
    assert [name for name, _label in answer.context["form"].fields["rest"].choices] == ["", "day", "officer"]


def test_what_may_be_added_leaves_room_for_what_is_promised(cast, decided, now):
    decided(rest="officer")
    assert room_of(cast.officer, Award.objects.get().project.slug, now).mode_left == (5_000 - 6) * HOUR


def test_the_rest_may_wait_for_a_day(decided):
    decided(rest="day", rest_on="2026-12-01")
    assert Phase.objects.get().opens_at.isoformat() == "2026-11-30T23:00:00+00:00"


@pytest.mark.parametrize(
    ("changes", "field"),
    [({}, "rest"), ({"rest": "day"}, "rest_on"), ({"rest": "officer", "first_percent": "100"}, "first_percent"),
     ({"rest": "officer", "first_percent": "0"}, "first_percent"), ({"rest": "day", "rest_on": "2020-01-01"}, "__all__")],
)  # fmt: skip
def test_phases_that_do_not_fit_together_are_told_on_the_form(decided, changes, field):
    answer = decided(**changes)
    assert (list(answer.context["form"].errors), Award.objects.count()) == ([field], 0)


def test_an_officer_releases_a_phase_or_withholds_it_with_a_reason(browser, decided, now):
    decided(rest="officer")
    award = Award.objects.get()
    address = f"/projects/{award.project.slug}/phases/2/"
    expected = {"officer": 200, "operator": 200, "applicant": 403, "mate": 404, "": 302}
    assert {who: browser(who).get(address).status_code for who in expected} == expected
    told = {
        who: browser(who).post(address, {"reason": "x", "release": "1"}).status_code for who in ("applicant", "mate")
    }
    assert told == {"applicant": 403, "mate": 404}
    assert list(browser("officer").post(address, {"release": "1"}).context["form"].errors) == ["reason"]
    answer = browser("officer").post(address, {"reason": "It goes well.", "release": "1"}, follow=True)
    assert [str(one) for one in answer.context["messages"]] == [
        "3.6 GPU-hours are usable now. The project's leader is told."
    ]
    assert (queries.balance(award := Award.objects.get()).free, queries.promised(award)) == (6 * HOUR, 0)
    assert "It goes well." in text(browser("applicant").get(f"/projects/{award.project.slug}/"))
    late = browser("officer").post(address, {"reason": "No.", "drop": "1"})
    assert "Phase 2 was released before." in text(late)
    assert Notice.objects.filter(kind="award_phase").count() == 1
    assert browser("officer").get(f"/projects/{award.project.slug}/phases/3/").status_code == 404
