"""Large Scale in a real browser, by one person after the other: officer, experts, applicant, panel, officer, applicant."""

from datetime import timedelta

import pytest
from fabrica.allocations import services as allocations
from fabrica.allocations.models import Award
from fabrica.applications import pages as application_pages
from fabrica.applications.models import Application
from fabrica.applications.tests.factories import draft
from fabrica.conftest import make_person
from fabrica.people.states import Role
from fabrica.portal.pages import panel as panel_pages
from fabrica.projects import services as projects
from fabrica.projects.states import Role as ProjectRole
from fabrica.reviews.models import Evaluation, Outcome, Review
from fabrica.reviews.pages import applicant as applicant_pages
from fabrica.reviews.tests.factories import HOURS, expert, large, large_call, panel_member, reviewed
from fabrica.web.tests.visiting import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def enter(visit):
    """Somebody's browser, on their home."""
    return lambda person, width=1280, scheme="light": Visitor(
        visit("/home/", person, color_scheme=scheme, viewport={"width": width, "height": 900})
    )


@pytest.fixture
def clock(monkeypatch, now):
    """The pages that count days look at this moment; `clock(later)` moves it."""

    def moved(moment):
        for edge in (panel_pages, applicant_pages, application_pages):
            monkeypatch.setattr(edge, "utcnow", lambda: moment)

    moved(now)
    return moved


def test_from_the_application_to_a_project_with_a_facilitator(cast, machine, now, enter, clock):
    """By keyboard or mouse, as people do; `press` is by keyboard alone."""
    allocations.fund(key="f", machine=machine, gpu_seconds=HOURS, by=cast.operator, now=now)
    code = draft(cast, large_call(machine, now), now, gpu_seconds_requested=HOURS, months=6).code
    anna, bert, panel = expert(cast, "anna", now), make_person("bert", now), panel_member(now)

    ada = enter(cast.applicant, 390)
    page = ada.go(f"/applications/{code}/check/")
    ada.press("Submit")
    page.wait_for_selector("text=Submitted. We have written to you")

    olga, tomas = enter(cast.officer), enter(cast.assessor)
    page = olga.go(f"/desk/{code}/")
    olga.press("Eligible")
    page.wait_for_selector("text=Nothing else waits for you.")
    page = tomas.go(f"/desk/{code}/")
    page.check("[name=verdict][value=fit]")
    page.fill("[name=gpu_hours]", str(HOURS // 3_600))
    page.fill("[name=comment]", "Feasible here.")
    page.check("[name=no_conflict]")
    tomas.press("Hand in the assessment")
    page.wait_for_selector("text=Nothing else waits for you.")

    page = olga.go("/experts/", "experts")
    page.fill("[name=email]", bert.email)
    olga.press("Invite")
    page.wait_for_selector("#messages >> text=Invited.")

    bert_ = enter(bert, 390, "dark")
    page = bert_.go("/reviewing/", "reviewing-invited")
    page.click("text=Answer the invitation")
    bert_.look("reviewing-profile")
    page.fill("[name=affiliation]", "University of Bert")
    page.check("[name=fields_known][value=code]")
    page.check("[name=languages][value=en]")
    page.check("[name=keeps_confidential]")
    bert_.press("Join the pool")
    page.wait_for_selector("#messages >> text=Saved.")

    page = olga.go(f"/desk/{code}/", "desk-experts")
    page.click("text=To its evaluation")
    page.check("[name=fields_wanted][value=code]")
    page.check("[name=is_blind]")
    olga.press("See who could review it")
    page.wait_for_selector("text=Confirm who reviews it")
    olga.look("evaluation-proposal")
    assert page.locator("[name=expert]:checked").count() == 2
    olga.press("Confirm who reviews it")
    page.wait_for_selector("#messages >> text=Confirmed.")

    for person, visitor in ((anna, enter(anna)), (bert, bert_)):
        mine = Review.objects.get(reviewer=person)
        page = visitor.go(f"/reviewing/{mine.pk}/", f"review-asked-{person.name}")
        page.click("text=I have none, and take it on")
        page.wait_for_selector("#review")
        assert page.locator("text=Novalis Labs").count() == 0
        for name in ("excellence", "impact", "quality"):
            page.check(f"[name=score_{name}][value='4']")
        page.fill("[name=comment]", f"{person.name} finds it sound.")
        page.wait_for_selector('[data-autosave-status]:text-matches("^Saved ", "")')
        visitor.look(f"review-writing-{person.name}")
        visitor.press("Hand in the review")
        page.wait_for_selector("#messages >> text=Handed in.")

    page = olga.go(f"/evaluations/{code}/", "evaluation-reviews")
    olga.press("Close the evaluation")
    page.wait_for_selector("#messages >> text=Closed.")

    Evaluation.objects.update(reply_until=now + timedelta(days=2))
    page = ada.go(f"/applications/{code}/", "application-evaluated")
    page.click("text=Read and answer")
    ada.look("reviews-applicant")
    page.fill("[name=text]", "We hired two more people.")
    ada.press("Send the answer")
    page.wait_for_selector("#messages >> text=Sent.")

    paula = enter(panel)
    page = paula.go("/panel/", "panels")
    page.click("text=Large Scale 2026")
    paula.look("panel")
    paula.press("Confirm the order")
    page.wait_for_selector("#messages >> text=Confirmed: 1 ranked.")
    paula.look("panel-ranked")

    page = olga.go(f"/desk/{code}/", "desk-conclude")
    page.check("[name=kind][value=conditional]")
    page.fill("[name=conditions]", "Report after three months.")
    olga.press("Offer the award")
    page.wait_for_selector("text=Nothing else waits for you.")
    assert (Application.objects.get().state, Outcome.objects.get().kind) == ("offered", "conditional")
    olga.go(f"/desk/{code}/", "desk-offered")

    page = ada.go("/home/", "home-offered")
    ada.follow("Read it and answer")
    page.click("summary:has-text('Decline the award')")
    ada.look("answer-decline")
    page.click("summary:has-text('Decline the award')")
    ada.press("Accept the award")
    page.wait_for_selector("#messages >> text=Accepted. Your project is open")
    ada.look("project-accepted")
    assert Application.objects.get().state == "awarded"
    award = Award.objects.get()
    assert award.gpu_seconds == HOURS

    projects.add_member(project=award.project, email=cast.mate.email, by=cast.applicant, now=now)
    projects.set_role(project=award.project, person=cast.mate, role=ProjectRole.FACILITATOR, by=cast.applicant, now=now)
    max_ = enter(cast.mate, 390)
    max_.look("home-facilitator-large")
    assert max_.page.locator(".next-step h2").inner_text() == "1 project needs your help"
    assert max_.page.locator("a[href^='mailto:ada@example.org?']").count() == 1
    max_.page.focus(".next-step .button")
    max_.page.keyboard.press("Enter")
    max_.page.wait_for_url(f"**{award.project.page}")
    assert max_.page.locator("main button:has-text('Invite'), main a:has-text('Launch a run')").count() == 0
    assert max_.page.goto(max_.url + f"/desk/{code}/").status in {403, 404}


def test_a_refusal_is_appealed_and_taken_up_again_by_a_colleague(cast, machine, now, enter, clock):
    from fabrica.reviews import services

    wide, colleague = large_call(machine, now), make_person("oscar", now, Role.OFFICER)
    experts = [expert(cast, name, now) for name in ("anna", "bert")]
    evaluation = reviewed(cast, large(cast, wide, now), experts, now)
    application = evaluation.application
    later = evaluation.reply_until + timedelta(minutes=1)
    clock(later)
    services.rank(call=wide, order=[application.code], reasons={}, by=panel_member(now), now=later)
    application.refresh_from_db()
    services.refuse(application=application, reason="Beyond the line.", by=cast.officer, now=later)
    ada, oscar = enter(cast.applicant, 390, "dark"), enter(colleague)
    page = ada.go(f"/applications/{application.code}/", "application-refused")
    page.click("main a:has-text('Appeal')")
    ada.look("appeal")
    page.fill("[name=reason]", "The pool has grown since.")
    ada.press("Send the appeal")
    page.wait_for_selector("#messages >> text=Sent.")
    enter(cast.officer).go(f"/desk/{application.code}/", "desk-had-part")
    page = oscar.go(f"/desk/{application.code}/", "desk-appeal")
    page.fill("[name=reason]", "It has.")
    oscar.press("Take it up again")
    page.wait_for_selector("text=Ranked by the panel")
    assert Application.objects.get().state == "ranked"
