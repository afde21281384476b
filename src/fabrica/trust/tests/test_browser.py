"""The trust gate in a real browser, by one person after the other: applicant, officer, and two of the board."""

import pytest
from fabrica.allocations import services as allocations
from fabrica.applications.models import Application
from fabrica.applications.tests.factories import COMPLETE, draft
from fabrica.applications.tests.interviewing import answer_interview
from fabrica.conftest import make_person
from fabrica.kit.time import utcnow
from fabrica.people.states import Role
from fabrica.trust.tests.answers import answers_for
from fabrica.web.tests.visiting import WIDE, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HOURS = 10
NOT_SURE = {"practices": "yes", "scoring": "yes", "scoring_detriment": "unsure"}
PROHIBITED = {**NOT_SURE, "scoring_detriment": "yes"}
WHY = "It scores people for how they behave: Article 5 prohibits that."


@pytest.fixture
def now():
    return utcnow()  # pages ask the real clock


@pytest.fixture
def apply(cast, call, now):
    """Answer the interview by keyboard and hand the application in; the draft is filled in but for that."""

    def applied(ada, look=lambda name: None, **answers):
        made = draft(cast, call, now, gpu_seconds_requested=HOURS * 3_600, trust_answers={})
        ada.go(f"/applications/{made.code}/trust/")
        answer_interview(ada.page, answers_for("ACCEPT", **answers), look)
        ada.follow("Check and submit")
        ada.send("Submit")
        assert ada.page.locator("text=Submitted. We have written to you").count() == 1
        return made.code

    return applied


@pytest.fixture
def enter(visit):
    """Somebody's browser, on their home."""
    return lambda person: Visitor(visit("/home/", person, viewport={"width": WIDE, "height": 900}))


def test_the_gate_accepts_refers_closes_a_condition_and_refuses(cast, machine, now, enter, apply):
    """By keyboard alone, but for what is typed into fields."""
    allocations.fund(key="f", machine=machine, gpu_seconds=100 * 3_600, by=cast.operator, now=now)
    ada, olga, tomas = enter(cast.applicant), enter(cast.officer), enter(cast.assessor)
    edda, emil = (enter(make_person(name, now, Role.ETHICS)) for name in ("edda", "emil"))

    accepted = apply(ada)
    screen(olga, accepted)
    assert state_of(accepted) == "screened"

    referred = apply(ada, ada.look_twice, **NOT_SURE)
    screen(olga, referred)
    assert tells(olga, "The gate refers this to the ethics board, which has not decided yet.")
    ask(edda)
    answer(ada, referred)
    find(edda)
    release(emil)
    screen(olga, referred)
    assert state_of(referred) == "screened"

    assess(tomas, referred)
    award(olga, referred)
    assert tells(olga, "Conditions are to be met before: the award.")
    give_evidence(ada, referred)
    for person, words in ((edda, "Yes, I find it met"), (emil, "I agree, as the second person")):
        judge(person, words)
    ada.page.reload()
    ada.look_twice("condition-met")
    award(olga, referred)
    assert state_of(referred) == "awarded"

    prohibited = apply(ada, **PROHIBITED)
    screen(olga, prohibited)
    assert tells(olga, "The gate does not let this through.")
    olga.page.fill("#id_reason", WHY)
    olga.send("Refuse")
    ada.go(f"/applications/{prohibited}/", "application-refused")
    assert (state_of(prohibited), ada.page.locator(f".next-step:has-text('{WHY}')").count()) == ("refused", 1)


def state_of(code):
    return Application.objects.get(code=code).state


def tells(visitor, words):
    return visitor.page.locator(f".error-summary:has-text('{words}')").count() == 1


def screen(olga, code):
    olga.go(f"/desk/{code}/")
    olga.send("Eligible")


def ask(edda):
    edda.go("/board/", "board")
    edda.follow(COMPLETE["title"])
    edda.unfold("Ask the applicant")
    edda.page.fill("[name=ask-question]", "Whom does it rate?")
    edda.send("Send the question")


def answer(ada, code):
    ada.go(f"/applications/{code}/", "application-asked")
    ada.follow("Read and answer")
    ada.look_twice("board-question")
    ada.page.fill("[name=answer-text]", "Programs, never people.")
    ada.send("Send the answer")


def find(edda):
    edda.page.reload()
    assert edda.page.locator("text=Programs, never people.").count() == 1
    edda.unfold("Write a condition")
    edda.page.fill("[name=condition-text]", "Show that no person is rated.")
    edda.page.select_option("[name=condition-blocks]", "award")
    edda.send("Add the condition")
    edda.look_twice("board-case")
    edda.page.check("[name=propose-finding][value=approved_with_conditions]")
    edda.page.fill("[name=propose-reason]", "It rates programs; that is to be shown.")
    edda.send("Hand it to a second person")
    assert edda.page.locator("main button:has-text('Release it')").count() == 0


def release(emil):
    emil.go("/board/")
    emil.follow(COMPLETE["title"])
    emil.look_twice("board-release")
    emil.send("Release it")


def assess(tomas, code):
    tomas.go(f"/desk/{code}/")
    tomas.page.check("[name=verdict][value=fit]")
    tomas.page.fill("[name=gpu_hours]", str(HOURS))
    tomas.page.fill("[name=comment]", "Feasible here.")
    tomas.page.check("[name=no_conflict]")
    tomas.send("Hand in the assessment")


def award(olga, code):
    olga.go(f"/desk/{code}/")
    olga.send("Award")


def give_evidence(ada, code):
    ada.go(f"/applications/{code}/", "application-owing")
    ada.follow("Give the evidence")
    ada.look_twice("condition")
    ada.page.fill("[name=evidence-text]", "The training set holds programs alone.")
    ada.page.fill("[name=evidence-link]", "https://novalis.example/data-card")
    ada.send("Give the evidence")


def judge(person, words):
    person.go("/board/")
    person.follow("Show that no person is rated.")
    person.look_twice(f"condition-{words.split()[0].lower().strip(',')}")
    person.send(words)
