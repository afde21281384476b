"""The way of Large Scale on its pages: officer, experts, applicant, panel, decision, appeal."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from fabrica.allocations import services as allocations
from fabrica.allocations.models import Award, Offer
from fabrica.applications.models import Application
from fabrica.applications.states import State
from fabrica.conftest import make_person
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.people import services as roles
from fabrica.people.models import Person
from fabrica.people.states import Role
from fabrica.portal import services
from fabrica.portal.pages import panel as panel_pages
from fabrica.reviews.models import Expert, Outcome, Review
from fabrica.reviews.tests.factories import HOURS, expert, handed_in, large, large_call, panel_member, reviewed

from fabrica.reviews import services as reviews


@pytest.fixture
def wide(machine, now):
    return large_call(machine, now)


@pytest.fixture
def enter():
    def opened(person):
        client = Client()
        client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return opened


@pytest.fixture
def people(cast, now):
    return {
        "anna": expert(cast, "anna", now), "bert": expert(cast, "bert", now), "panel": panel_member(now),
        **{name: getattr(cast, name) for name in ("officer", "applicant", "assessor", "outsider")},
    }  # fmt: skip


THRESHOLDS = "the threshold is Fabrica&#x27;s proposal, for the site to change (checked 2026-11-01)"
UNSURE = '<strong class="badge tone-warning">Confidence C</strong>'


def at(monkeypatch, moment):
    monkeypatch.setattr(panel_pages, "utcnow", lambda: moment)


def ranked(cast, wide, people, now, **changes):
    evaluation = reviewed(cast, large(cast, wide, now, **changes), [people["anna"], people["bert"]], now)
    later = evaluation.reply_until + timedelta(seconds=1)
    reviews.rank(call=wide, order=[evaluation.application.code], reasons={}, by=people["panel"], now=later)
    return Application.objects.get(pk=evaluation.application_id)


def test_an_expert_joins_by_the_pages(cast, now, enter):
    person = make_person("erik", now)
    officer, erik = enter(cast.officer), enter(person)
    assert officer.post("/experts/", {"email": "erik@example.org"}).status_code == 302
    assert "You are invited into the pool" in erik.get("/reviewing/").content.decode()
    told = {"affiliation": "Uni", "fields_known": ["code", "health"], "languages": ["en"], "most_reviews": 2}
    assert erik.post("/reviewing/profile/", {**told, "orcid": "1"}).status_code == 200
    assert not Expert.objects.exists()
    assert erik.post("/reviewing/profile/", {**told, "keeps_confidential": "on"}).status_code == 302
    assert Expert.objects.get().fields == ["code", "health"]
    assert "Erik" in officer.get("/experts/").content.decode()


def test_who_is_invited_can_say_no_by_a_button(cast, now, enter):
    person = make_person("erik", now)
    enter(cast.officer).post("/experts/", {"email": "erik@example.org"})
    assert enter(person).post("/reviewing/profile/", {"decline": "1"}).status_code == 302
    assert not Expert.objects.exists()


def test_the_officer_opens_assigns_and_closes(cast, wide, people, now, enter):
    application = large(cast, wide, now)
    officer, address = enter(cast.officer), f"/evaluations/{application.code}/"
    assert f'href="{address}"' in officer.get(f"/desk/{application.code}/").content.decode()
    officer.post(address, {"act": "open", "fields_wanted": ["code"], "language": "en", "reviews": "2"})
    page = officer.get(address).content.decode()
    assert page.count('name="expert"') == 2
    assert page.count(" checked") - page.count('value="code" ') >= 2
    officer.post(address, {"act": "assign", "expert": [people["anna"].uid, people["bert"].uid]})
    for one in Review.objects.all():
        handed_in(one, now)
    officer.post(address, {"act": "close"})
    application.refresh_from_db()
    assert application.state == State.EVALUATED
    page = officer.get(address).content.decode()
    assert ("80.0 of 100 points" in page, page.count(THRESHOLDS)) == (True, 1)


def test_a_conflict_that_comes_to_light_later_is_shown_and_can_be_mended(cast, wide, people, now, enter):
    application, anna = large(cast, wide, now), people["anna"]
    evaluation = reviews.open_evaluation(
        application=application, fields=["code"], language="en", reviews=1, is_blind=False, by=cast.officer, now=now
    )
    reviews.assign(evaluation=evaluation, experts=[anna.uid], by=cast.officer, now=now)
    Expert.objects.filter(person=anna).update(affiliation_key="novalis labs")
    officer, address = enter(cast.officer), f"/evaluations/{application.code}/"
    page = officer.get(address).content.decode()
    assert "What is assigned already cannot stay" in page and "works for who applies" in page
    officer.post(address, {"act": "assign", "expert": [people["bert"].uid]})
    assert dict(Review.objects.values_list("reviewer", "stage")) == {anna.pk: "taken_back", people["bert"].pk: "asked"}


def test_an_expert_declares_writes_and_hands_in(cast, wide, people, now, enter):
    application = large(cast, wide, now)
    evaluation = reviews.open_evaluation(
        application=application, fields=["code"], language="en", reviews=2, is_blind=True, by=cast.officer, now=now
    )
    both = [people["anna"].uid, people["bert"].uid]
    reviews.assign(evaluation=evaluation, experts=both, by=cast.officer, now=now)
    mine = Review.objects.get(reviewer=people["anna"])
    anna, address = enter(people["anna"]), f"/reviewing/{mine.pk}/"
    before = anna.get(address).content.decode()
    assert "Novalis" not in before and application.purpose not in before
    anna.post(f"{address}answer/", {"answer": "accept"})
    page = anna.get(address).content.decode()
    words = set(re.findall(r"\w+", page))  # whole words: a random token may hold the letters of a name
    assert application.purpose in page and words.isdisjoint({"Novalis", "Bert", "Ada"})
    (sources,) = re.findall(r"Criteria of 2026-11\..*?</ul>", page, re.DOTALL)
    assert "Confidence B</strong> <span" in sources and "not found. How many reviews: a comparable call" in sources
    assert f"<li>Excellence, Impact, Quality and efficiency: {UNSURE}" in sources and sources.count(THRESHOLDS) == 1
    told = {"score_impact": "4", "comment": "Good.", "remark": "", "draft_version": "0"}
    assert anna.post(f"{address}autosave/", told).json()["draft_version"] == 1
    assert anna.post(f"{address}autosave/", told).status_code == 409
    whole = {**told, "score_excellence": "4", "score_quality": "5", "draft_version": "1"}
    incomplete = anna.post(address, {**told, "draft_version": "1", "submit": "1"})
    assert "Excellence, Quality and efficiency" in incomplete.content.decode()
    assert anna.post(address, {**whole, "draft_version": "2", "submit": "1"}).status_code == 302
    mine.refresh_from_db()
    assert (mine.stage, mine.scores) == ("submitted", {"excellence": 4, "impact": 4, "quality": 5})
    assert enter(people["bert"]).get(address).status_code == 404


def test_the_applicant_reads_and_answers_without_a_name_on_the_page(cast, wide, people, now, enter):
    evaluation = reviewed(cast, large(cast, wide, now), [people["anna"], people["bert"]], now)
    code = evaluation.application.code
    ada, address = enter(cast.applicant), f"/applications/{code}/reviews/"
    page = ada.get(address).content.decode()
    assert "Sound." in page and "Anna" not in page and "Bert" not in page
    assert "Read and answer" in ada.get(f"/applications/{code}/").content.decode()
    for who in ("outsider", "officer"):
        assert enter(people[who]).get(address).status_code == 404


@pytest.mark.parametrize("who", ["applicant", "assessor", "outsider", "anna"])
def test_the_panel_and_the_evaluation_are_closed_to_others(cast, wide, people, now, enter, who):
    evaluation = reviewed(cast, large(cast, wide, now), [people["anna"], people["bert"]], now)
    client = enter(people[who])
    for address in ("/panel/", "/panel/large-scale/"):
        assert client.get(address).status_code == 403
    assert client.get(f"/evaluations/{evaluation.application.code}/").status_code in (403, 404)
    assert client.get("/experts/").status_code == 403


def test_the_panel_sees_the_line_and_confirms_another_order_with_its_reasons(
    cast, wide, people, now, enter, monkeypatch, machine
):
    allocations.fund(key="f", machine=machine, gpu_seconds=HOURS + 1, by=cast.operator, now=now)
    experts = [people["anna"], people["bert"]]
    low = {"excellence": 3, "impact": 3, "quality": 3}
    worse = reviewed(cast, large(cast, wide, now, title="Worse"), experts, now, [low, low]).application
    best = reviewed(cast, large(cast, wide, now, title="Best"), experts, now).application
    panel = enter(people["panel"])
    at(monkeypatch, now)
    assert "Confirm the order" not in panel.get("/panel/large-scale/").content.decode()
    at(monkeypatch, now + timedelta(days=9))
    page = panel.get("/panel/large-scale/").content.decode()
    assert page.index("Best") < page.index("Worse")
    assert (page.count(THRESHOLDS), page.count(UNSURE)) == (1, 1)  # once, for both follow the same criteria
    assert (page.count("within<"), page.count(">beyond the line<")) == (1, 1)
    turned = {f"place_{worse.pk}": "1", f"place_{best.pk}": "2"}
    assert "needs a reason" in panel.post("/panel/large-scale/", turned).content.decode()
    same = {f"place_{worse.pk}": "1", f"place_{best.pk}": "1"}
    assert "Each place is given once." in panel.post("/panel/large-scale/", same).content.decode()
    told = {f"reason_{one.pk}": "Balance." for one in (worse, best)}
    assert panel.post("/panel/large-scale/", {**turned, **told}).status_code == 302
    assert [one.state for one in Application.objects.all()] == [State.RANKED] * 2
    assert "Balance." in enter(cast.officer).get("/panel/large-scale/").content.decode()


def test_where_nobody_of_the_panel_may_an_officer_confirms_the_points_on_the_page(
    cast, wide, people, now, enter, monkeypatch
):
    roles.grant_role(person=people["anna"], role=Role.PANEL, by=cast.operator, now=now)
    people["panel"].role_grants.all().delete()
    made = reviewed(cast, large(cast, wide, now), [people["anna"], people["bert"]], now).application
    at(monkeypatch, now + timedelta(days=9))
    officer = enter(cast.officer)
    shown = officer.get("/panel/large-scale/").content.decode()
    assert "Confirm the order of the points" in shown and f'name="code" value="{made.code}"' in shown
    for codes, state in (([], State.EVALUATED), ([made.code], State.RANKED)):  # what was not read is not confirmed
        assert officer.post("/panel/large-scale/", {"code": codes}).status_code == 302
        made.refresh_from_db()
        assert made.state == state


def test_the_panels_page_needs_the_same_statements_for_one_and_for_many(
    cast, wide, people, now, enter, django_assert_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    panel, experts, counted = enter(people["panel"]), [people["anna"], people["bert"]], []
    for title in ("One", "Two", "Three"):
        reviewed(cast, large(cast, wide, now, title=title), experts, now)
        with CaptureQueriesContext(
            connection,
        ) as found:
            panel.get("/panel/large-scale/")
        counted.append(len(found))
    assert counted == [counted[0]] * 3


AWARD = {"decision": "award", "gpu_hours": "60000", "months": "6", "note": "", "conditions": "", "kind": "full"}


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, "full"),
        ({"kind": "partial", "gpu_hours": "20000", "note": "The pool is small."}, "partial"),
        ({"kind": "conditional", "conditions": "Report after 3 months."}, "conditional"),
    ],
)
def test_an_officer_awards_in_full_in_part_or_with_conditions(cast, wide, people, now, enter, machine, changes, kind):
    allocations.fund(key="f", machine=machine, gpu_seconds=HOURS, by=cast.operator, now=now)
    application = ranked(cast, wide, people, now)
    answer = enter(cast.officer).post(f"/desk/{application.code}/", {**AWARD, **changes})
    assert answer.status_code == 302, answer.content.decode()
    offer, outcome = Offer.objects.get(), Outcome.objects.get()
    assert (outcome.kind, outcome.gpu_seconds, outcome.conditions) == (
        kind,
        offer.gpu_seconds,
        changes.get("conditions", ""),
    )
    assert (application.transitions.last().after, application.transitions.last().reason) == (
        State.OFFERED, changes.get("note") or changes.get("conditions", ""),
    )  # fmt: skip


def test_the_applicant_accepts_on_the_page_and_only_what_was_read(cast, wide, people, now, enter, machine):
    allocations.fund(key="f", machine=machine, gpu_seconds=HOURS, by=cast.operator, now=now)
    application = ranked(cast, wide, people, now)
    officer, ada, address = enter(cast.officer), enter(cast.applicant), f"/applications/{application.code}/answer/"
    officer.post(f"/desk/{application.code}/", AWARD)
    assert ada.get("/home/").context["step"].path == address
    assert (officer.get(address).status_code, enter(cast.outsider).get(address).status_code) == (403, 404)
    page = ada.get(address).content.decode()
    assert page.count('name="number" value="1"') == 2 and "60,000" in page
    ada.post(address, {"decision": "accept", "number": "2"})
    assert not Award.objects.exists()
    answer = ada.post(address, {"decision": "accept", "number": "1"})
    assert answer.headers["Location"] == Award.objects.get().project.page


def test_to_decline_needs_a_reason_and_a_tick(cast, wide, people, now, enter, machine):
    allocations.fund(key="f", machine=machine, gpu_seconds=HOURS, by=cast.operator, now=now)
    application = ranked(cast, wide, people, now)
    enter(cast.officer).post(f"/desk/{application.code}/", AWARD)
    ada, address = enter(cast.applicant), f"/applications/{application.code}/answer/"
    told = {"decision": "decline", "number": "1", "reason": "We were bought."}
    assert ada.post(address, told).context["declining"].errors.keys() == {"confirmed"}
    assert ada.post(address, {**told, "confirmed": "on"}).status_code == 302
    assert Application.objects.get().state == State.DECLINED


def test_an_officer_gives_more_time_or_takes_the_offer_back_on_the_desk(cast, wide, people, now, enter, machine):
    allocations.fund(key="f", machine=machine, gpu_seconds=HOURS, by=cast.operator, now=now)
    application = ranked(cast, wide, people, now)
    officer, address = enter(cast.officer), f"/desk/{application.code}/"
    officer.post(address, AWARD)
    assert application.code in officer.get("/desk/?state=offered").content.decode()
    assert officer.post(address, {"decision": "extend", "reason": "Illness."}).context["form"].errors.keys() == {
        "working_days"
    }
    assert officer.post(address, {"decision": "extend", "reason": "Illness.", "working_days": "20"}).status_code == 302
    assert Application.objects.get().answer_days == 20
    assert officer.post(address, {"decision": "withdraw", "reason": "No answer."}).status_code == 302
    assert Application.objects.get().state == State.REFUSED


def test_what_the_kind_does_not_allow_books_nothing(cast, wide, people, now, enter, machine):
    allocations.fund(key="f", machine=machine, gpu_seconds=HOURS, by=cast.operator, now=now)
    application = ranked(cast, wide, people, now)
    answer = enter(cast.officer).post(f"/desk/{application.code}/", {**AWARD, "kind": "conditional"})
    assert "Conditions belong to an award with conditions" in answer.content.decode()
    assert not Award.objects.exists() and not Outcome.objects.exists()


def test_an_award_on_another_system_takes_its_hours_there(cast, wide, people, now, machine):
    from fabrica.clusters import services as clusters

    two = clusters.register_machine(
        site=machine.site, slug="two", name="Machine Two", adapter="fake", device="cpu", devices_total=2,
        by=cast.operator, now=now,
    )  # fmt: skip
    allocations.fund(key="f", machine=two, gpu_seconds=HOURS, by=cast.operator, now=now)
    other = large_call(two, now, slug="large-two")
    application = ranked(cast, wide, people, now)
    told = {"application": application, "gpu_seconds": HOURS, "months": 6, "by": cast.officer, "now": now}
    with pytest.raises(Refused, match="Another system belongs"):
        services.conclude(kind="full", other_call=other, **told)
    made = services.conclude(kind="other_system", other_call=other, note="One is full.", **told)
    assert (made.machine, Outcome.objects.get().machine) == (two, two)


@pytest.mark.parametrize("who", ["panel", "assessor", "anna", "applicant"])
def test_only_officers_conclude(cast, wide, people, now, who):
    application = ranked(cast, wide, people, now)
    told = {"application": application, "gpu_seconds": HOURS, "months": 6, "now": now}
    with pytest.raises(NotAllowed):
        services.conclude(kind="full", by=people[who], **told)
    assert not Outcome.objects.exists()


def test_a_refusal_is_appealed_and_decided_by_a_colleague_on_the_pages(cast, wide, people, now, enter, monkeypatch):
    from fabrica.applications import pages as application_pages

    colleague = make_person("oscar", now, Role.OFFICER)
    application = ranked(cast, wide, people, now)
    officer, ada, oscar = enter(cast.officer), enter(cast.applicant), enter(colleague)
    assert (
        officer.post(f"/desk/{application.code}/", {"decision": "refuse", "note": "Beyond the line."}).status_code
        == 302
    )
    monkeypatch.setattr(application_pages, "utcnow", lambda: now + timedelta(days=1))
    address = f"/applications/{application.code}/"
    assert f'href="{address}appeal/"' in ada.get(address).content.decode()
    assert ada.post(f"{address}appeal/", {"reason": "The line moved."}).status_code == 302
    page = officer.get(f"/desk/{application.code}/").content.decode()
    assert "You had a part in it before" in page and 'name="decision"' not in page
    assert application.code not in officer.get("/desk/?state=mine").content.decode()
    assert application.code in oscar.get("/desk/?state=mine").content.decode()
    assert oscar.post(f"/desk/{application.code}/", {"decision": "grant", "reason": "It did."}).status_code == 302
    application.refresh_from_db()
    assert application.state == State.RANKED
    assert Person.objects.filter(pk=cast.officer.pk).exists()
