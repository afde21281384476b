"""Extending an award and taking it back in the portal: what is shown before, who may, and what the project sees."""

import re

import pytest
from fabrica.allocations import queries, services
from fabrica.allocations.models import Award, Extension
from fabrica.allocations.tests.factories import awarded
from fabrica.allocations.tests.test_extending import award  # noqa: F401 - a fixture
from fabrica.allocations.tests.years import HOUR, parted
from fabrica.clusters.models import JobUsage

WISH = {"key": "one", "months": "3", "gpu_hours": "4", "reason": "The interim report of 20 November is accepted."}
WHY = {"reason": "The plan was given up."}


def page(award, name=""):
    return f"/projects/{award.project.slug}/{name}"


def text(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


@pytest.mark.parametrize(("name", "wish"), [("extend/", WISH), ("revoke/", WHY)])
def test_who_may(browser, award, name, wish):
    expected = {"officer": 200, "operator": 200, "applicant": 403, "mate": 404, "outsider": 404, "": 302}
    assert {who: browser(who).get(page(award, name)).status_code for who in expected} == expected
    done = {name.strip("/"): "1"}
    sent = {who: browser(who).post(page(award, name), {**wish, **done}).status_code for who in ("applicant", "mate")}
    assert (sent, Extension.objects.count(), Award.objects.get().revoked_at) == (
        {"applicant": 403, "mate": 404},
        0,
        None,
    )
    linked = {
        who: page(award, name) in browser(who).get(page(award)).content.decode() for who in ("officer", "applicant")
    }
    assert linked == {"officer": True, "applicant": False}


def test_the_rule_stands_with_its_source_and_what_it_leaves_is_filled_in(browser, award):
    answer = browser("officer").get(page(award, "extend/"))
    assert "3 months and 10 % of the hours (4 GPU-hours), all extensions together" in text(answer)
    assert re.search(r"Source: .*checked 2026-11-01, confidence B", text(answer))
    form = answer.context["form"]
    assert (form["months"].value(), str(form["gpu_hours"].value())) == (3, "4.00")


def test_a_mode_without_a_rule_has_no_form_and_says_where_it_was_looked_for(browser, cast, call, machine, now):
    parted(cast, machine, now)
    answer = browser("officer").get(page(awarded(cast, call, now, HOUR), "extend/"))
    assert ("Its mode tells nothing of extensions" in text(answer), "Looked for in:" in text(answer)) == (True, True)
    assert 'name="months"' not in answer.content.decode()


def test_an_extension_is_shown_before_it_is_made_once_and_the_project_sees_it(browser, cast, award):
    officer = browser("officer")
    shown = officer.post(page(award, "extend/"), WISH)
    after = shown.context["after"]
    assert (after.ends_at.isoformat(), after.awarded) == ("2027-03-23T09:00:00+00:00", 44 * HOUR)
    assert (after.pool, Extension.objects.count()) == (HOUR, 0)
    for told in ("The award goes on until 23 March 2027 and has 44 GPU-hours now.",
                 "This form extended the award before; nothing was added again. Open it anew to extend it more."):  # fmt: skip
        answer = officer.post(page(award, "extend/"), {**WISH, "extend": "1"}, follow=True)
        assert [str(one) for one in answer.context["messages"]] == [told]
    seen = text(browser("applicant").get(page(award)))
    assert ("Extended by 3 months and 4 GPU-hours" in seen, WISH["reason"] in seen, str(cast.officer) in seen) == (
        True, True, False,
    )  # fmt: skip


@pytest.mark.parametrize("step", [{}, {"extend": "1"}])
def test_what_an_extension_cannot_be_is_told_on_the_form(browser, award, step):
    for changes, told in (({"months": "4"}, "at most 3 months and 10 %"), ({"gpu_hours": "4.01"}, "at most 3 months"),
                          ({"reason": " "}, "Say what was approved"), ({"months": "0", "gpu_hours": "0"}, "or both")):  # fmt: skip
        answer = browser("officer").post(page(award, "extend/"), {**WISH, **changes, **step})
        assert told in str(answer.context["form"].errors), changes
    assert (Extension.objects.count(), Award.objects.get().gpu_seconds) == (0, 40 * HOUR)


def test_taking_back_shows_what_happens_to_jobs_and_hours_before_it_does(browser, cast, award, machine, now):
    services.hold(award=award, gpu_seconds=5 * HOUR, hold_key="run", now=now)
    JobUsage.objects.create(
        machine=machine, key="7.1", job_id="7", account=award.account_name, gpu_seconds=2 * HOUR, started_at=now, devices=1,
        seen_at=now,
    )  # fmt: skip
    officer = browser("officer")
    shown = text(officer.post(page(award, "revoke/"), WHY))
    for told in ("1 job runs or waits to be booked (2 GPU-hours so far)", "5 GPU-hours are held for runs",
                 "33 GPU-hours go back to the pool “Union share for industrial innovation”", WHY["reason"]):  # fmt: skip
        assert told in shown
    assert Award.objects.get().revoked_at is None
    answer = officer.post(page(award, "revoke/"), {**WHY, "revoke": "1"}, follow=True)
    assert [str(one) for one in answer.context["messages"]] == [
        "The award was taken back; 33 GPU-hours went back to the pool. The project's leader is told."
    ]
    assert (Award.objects.get().revoked_by, queries.balance(award).held, queries.check_ledger()) == (
        cast.officer, 5 * HOUR, [],
    )  # fmt: skip
    seen = text(browser("applicant").get(page(award)))
    assert ("The award was taken back" in seen, WHY["reason"] in seen) == (True, True)
    again = officer.post(page(award, "revoke/"), {**WHY, "revoke": "1"})
    assert "ended on 23 November 2026" in str(again.context["form"].errors)


def test_an_officer_with_that_right_may_choose_the_directors_reserve(browser, cast, award, settings):
    wish = {"key": "one", "gpu_hours": "2", "reason": "The board asked.", "from_reserve": "on"}
    assert "from_reserve" not in browser("officer").get(page(award, "top-up/")).context["form"].fields
    settings.FABRICA_RESERVE_OFFICERS = [cast.officer.email]
    officer = browser("officer")
    assert "It has 10 GPU-hours left." in text(officer.get(page(award, "top-up/")))
    shown = officer.post(page(award, "top-up/"), wish)
    assert (shown.context["after"].pool_before, shown.context["after"].pool) == (10 * HOUR, 8 * HOUR)
    assert "The director’s reserve has then" in text(shown)
    officer.post(page(award, "top-up/"), {**wish, "add": "1"})
    assert "2 GPU-hours added from the director's reserve" in text(browser("applicant").get(page(award))).replace(
        "&#x27;", "'"
    )
    assert queries.check_ledger() == []


def test_no_award_is_taken_back_without_a_reason(browser, award):
    answer = browser("officer").post(page(award, "revoke/"), {"reason": "  ", "revoke": "1"})
    assert (list(answer.context["form"].errors), Award.objects.get().revoked_at) == (["reason"], None)


def test_hours_are_moved_after_both_sides_were_shown_once_and_both_see_it(browser, cast, call, award, now):
    other = awarded(cast, call, now, 5 * HOUR)
    wish = {"key": "one", "to": other.project.slug, "gpu_hours": "10", "reason": "The first ends early."}
    officer = browser("officer")
    shown = officer.post(page(award, "move/"), wish).context["preview"]
    assert (shown, Award.objects.get(pk=award.pk).gpu_seconds) == (
        {"hours": 10 * HOUR, "giving": 30 * HOUR, "receiving": 15 * HOUR}, 40 * HOUR,
    )  # fmt: skip
    for _ in range(2):
        done = officer.post(page(award, "move/"), {**wish, "move": "1"}, follow=True)
        assert [str(one) for one in done.context["messages"]] == [
            "10 GPU-hours were moved. The leaders of both projects are told."
        ]
    assert ([one.gpu_seconds for one in Award.objects.order_by("pk")], queries.check_ledger()) == (
        [30 * HOUR, 15 * HOUR], [],
    )  # fmt: skip
    told = [text(browser("applicant").get(page(one))) for one in (award, other)]
    assert ["10 GPU-hours moved to another project" in told[0], "moved here from another project" in told[1]] == [
        True,
        True,
    ]
    assert other.project.slug in text(browser("officer").get(page(award)))
    for changes, said in (({"to": "nothing-here"}, "no project"), ({"gpu_hours": "36"}, "can give 29.9997"),
                          ({"reason": " "}, "Say why"), ({"to": award.project.slug}, "two projects")):  # fmt: skip
        answer = officer.post(page(award, "move/"), {**wish, "key": "two", **changes, "move": "1"})
        assert said in str(answer.context["form"].errors), changes
    assert [browser(who).get(page(award, "move/")).status_code for who in ("applicant", "mate")] == [403, 404]
