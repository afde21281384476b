"""The next step in every case, and whose task an application is."""

from datetime import date

import pytest
from fabrica.applications.states import State
from fabrica.portal.engine import (
    ApplicationFacts,
    Facts,
    Kind,
    Owed,
    ProjectFacts,
    Step,
    Stuck,
    Task,
    next_step,
    states_for,
    task_for,
)

DUE, OWED = date(2026, 11, 25), date(2027, 1, 20)


def applied(state, code="AIF-1", title="Letters"):
    return (ApplicationFacts(code, title, state, DUE),)


def project(**facts):
    """A project that is ready, with hours and nothing else."""
    return (ProjectFacts("letters", "Letters", **{"free_gpu_seconds": 3600, **facts}),)


ABOUT = {"title": "Letters", "code": "AIF-1", "due_on": DUE}
OF_PROJECT = {"project": "Letters", "run": None}

CASES = {
    "somebody new registers an organisation": (Facts(has_organisation=False), Step(Kind.REGISTER)),
    "a member of an organisation applies": (Facts(open_calls=2), Step(Kind.APPLY, words={"count": 2})),
    "without an open call one waits for it": (Facts(open_calls=0), Step(Kind.NO_CALL, words={"count": 0})),
    "a draft is finished": (Facts(applications=applied(State.DRAFT)), Step(Kind.FINISH_DRAFT, ("AIF-1",), ABOUT)),
    "an offer is answered": (Facts(applications=applied(State.OFFERED)), Step(Kind.ANSWER, ("AIF-1",), ABOUT)),
    "an impact assessment is written before data waits for it": (
        Facts(impact=(3, "Letters"), applications=applied(State.DRAFT)),
        Step(Kind.ASSESS_IMPACT, (3,), {"title": "Letters"}),
    ),
    "a returned one is mended": (Facts(applications=applied(State.RETURNED)), Step(Kind.MEND, ("AIF-1",), ABOUT)),
    "an untitled draft goes by its code": (
        Facts(applications=applied(State.DRAFT, title="")),
        Step(Kind.FINISH_DRAFT, ("AIF-1",), {**ABOUT, "title": "AIF-1"}),
    ),
    **{
        f"{state} means waiting until the due date": (
            Facts(applications=applied(state)), Step(Kind.WAIT_DECISION, ("AIF-1",), ABOUT),
        )
        for state in (State.SUBMITTED, State.SCREENED, State.ASSESSED)
    },
    "what the award waits for is owed by the applicant, who does not wait for us": (
        Facts(applications=(ApplicationFacts("AIF-1", "Letters", State.SCREENED, DUE, Owed(7, "a plan", OWED)),)),
        Step(Kind.SHOW_CONDITION, (7,), {"title": "Letters", "owed": "a plan", "due_on": OWED}),
    ),
    "what was owed before a refusal is owed no more": (
        Facts(applications=(ApplicationFacts("AIF-1", "Letters", State.REFUSED, DUE, Owed(7, "a plan", OWED)),)),
        Step(Kind.APPLY, words={"count": 1}),
    ),
    "a facilitator is led to what is stuck, not to work in it": (
        Facts(has_organisation=False, projects=project(works=False, helps=True, failed_run=3)),
        Step(Kind.HELP, ("letters",), {"project": "Letters", "count": 1}),
    ),
    "a facilitator whose projects go on is told so": (
        Facts(has_organisation=False, projects=project(works=False, helps=True, model="/models/letters/1/")),
        Step(Kind.NOTHING_STUCK, words={"count": 1}),
    ),
    "who is invited as an expert answers that before anything of their own": (
        Facts(has_organisation=False, is_invited=True), Step(Kind.JOIN_POOL),
    ),
    "a guest is not asked to choose data": (
        Facts(has_organisation=False, projects=project(works=False)), Step(Kind.APPLY, words={"count": 1}),
    ),
    "after a no one may apply again": (Facts(applications=applied(State.REFUSED)), Step(Kind.APPLY, words={"count": 1})),
    "after withdrawing too": (Facts(applications=applied(State.WITHDRAWN)), Step(Kind.APPLY, words={"count": 1})),
    "an account is being made": (
        Facts(projects=project(is_ready=False)), Step(Kind.WAIT_ACCOUNT, ("letters",), OF_PROJECT),
    ),
    "a ready project needs data": (Facts(projects=project()), Step(Kind.CHOOSE_DATA, (), OF_PROJECT)),
    "data is being copied": (Facts(projects=project(staging=1)), Step(Kind.WAIT_STAGING, ("letters",), OF_PROJECT)),
    "data that stopped is looked at": (Facts(projects=project(stopped=1)), Step(Kind.MEND_DATA, ("letters",), OF_PROJECT)),
    "with data in place a run is launched": (Facts(projects=project(staged=1)), Step(Kind.LAUNCH, ("letters",), OF_PROJECT)),
    "more data on its way does not hold up the first run": (
        Facts(projects=project(staged=1, staging=1)), Step(Kind.LAUNCH, ("letters",), OF_PROJECT),
    ),
    "a run is watched": (
        Facts(projects=project(staged=1, active_run=3)),
        Step(Kind.WATCH, ("letters", 3), {"project": "Letters", "run": 3}),
    ),
    "a run that failed is looked into": (
        Facts(projects=project(staged=1, failed_run=2)),
        Step(Kind.MEND_RUN, ("letters", 2), {"project": "Letters", "run": 2}),
    ),
    "a failure after a success does not hide the model": (
        Facts(projects=project(staged=1, failed_run=2, has_result=True, model="/models/m/1/")),
        Step(Kind.LOOK_AT_MODEL, ("/models/m/1/",), {"project": "Letters"}),
    ),
    "a model is looked at": (
        Facts(projects=project(staged=1, has_result=True, model="/models/m/1/")),
        Step(Kind.LOOK_AT_MODEL, ("/models/m/1/",), {"project": "Letters"}),
    ),
    "a result on its way into the registry leaves time to apply": (
        Facts(projects=project(staged=1, has_result=True)), Step(Kind.APPLY, words={"count": 1}),
    ),
    "a project without hours left leads to a new application": (
        Facts(projects=project(free_gpu_seconds=0)), Step(Kind.APPLY, words={"count": 1}),
    ),
    "a project that ended leads to a new application": (
        Facts(projects=project(is_open=False)), Step(Kind.APPLY, words={"count": 1}),
    ),
    "what was sent back goes before the project": (
        Facts(applications=applied(State.RETURNED), projects=project()), Step(Kind.MEND, ("AIF-1",), ABOUT),
    ),
    "the project goes before a draft": (
        Facts(applications=applied(State.DRAFT), projects=project()), Step(Kind.CHOOSE_DATA, (), OF_PROJECT),
    ),
    "a draft goes before watching": (
        Facts(applications=applied(State.DRAFT), projects=project(active_run=1)),
        Step(Kind.FINISH_DRAFT, ("AIF-1",), ABOUT),
    ),
    "a member of a project without an organisation just works": (
        Facts(has_organisation=False, projects=project()), Step(Kind.CHOOSE_DATA, (), OF_PROJECT),
    ),
    "staff first decide": (
        Facts(roles=frozenset({"officer"}), due=3, overdue=1, projects=project()),
        Step(Kind.DECIDE, words={"count": 3, "overdue": 1}),
    ),
    "an officer whose desk is clear": (Facts(roles=frozenset({"officer"}), has_organisation=False), Step(Kind.QUEUE_EMPTY)),
    "an expert has reviews to write": (
        Facts(roles=frozenset({"expert"}), to_review=2), Step(Kind.REVIEW, words={"count": 2}),
    ),
    "an expert without one waits": (Facts(roles=frozenset({"expert"})), Step(Kind.NOTHING_TO_REVIEW)),
    "the panel ranks": (Facts(roles=frozenset({"panel"}), to_rank=1), Step(Kind.RANK, words={"count": 1})),
    "the ethics board waits": (Facts(roles=frozenset({"board"}), has_organisation=False), Step(Kind.BOARD)),
    "the panel waits": (Facts(roles=frozenset({"panel"}), has_organisation=False), Step(Kind.NOTHING_TO_RANK)),
    "an assessor whose desk is clear": (Facts(roles=frozenset({"assessor"})), Step(Kind.QUEUE_EMPTY)),
    "an operator looks after the machines": (
        Facts(roles=frozenset({"operator"}), has_organisation=False), Step(Kind.OPERATE),
    ),
    "a provider first needs an organisation": (
        Facts(roles=frozenset({"provider"}), has_organisation=False), Step(Kind.REGISTER),
    ),
    "a provider publishes": (Facts(roles=frozenset({"provider"})), Step(Kind.PUBLISH_DATA, words={"count": 0})),
    "a provider who published sees the use": (
        Facts(roles=frozenset({"provider"}), datasets=2), Step(Kind.SEE_USAGE, words={"count": 2}),
    ),
    "a provider who applied is an applicant": (
        Facts(roles=frozenset({"provider"}), applications=applied(State.DRAFT)),
        Step(Kind.FINISH_DRAFT, ("AIF-1",), ABOUT),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_next_step(case):
    facts, expected = CASES[case]
    assert next_step(facts) == expected


def test_every_kind_of_step_stands_in_the_table():
    assert {step.kind for _facts, step in CASES.values()} == set(Kind)


def test_the_first_project_with_something_to_do_is_named():
    busy, idle = project(active_run=1)[0], ProjectFacts("birds", "Birds", free_gpu_seconds=1)
    assert next_step(Facts(projects=(busy, idle))) == Step(Kind.CHOOSE_DATA, (), {"project": "Birds", "run": None})


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, ()),
        ({"is_ready": False, "free_gpu_seconds": 0}, (Stuck.ACCOUNT, Stuck.HOURS)),
        ({"stopped": 1}, (Stuck.DATA,)),
        ({"stopped": 1, "staged": 1}, ()),
        ({"failed_run": 2}, (Stuck.RUN,)),
        ({"failed_run": 2, "has_result": True}, ()),
        ({"free_gpu_seconds": 0, "active_run": 1}, ()),
        ({"is_open": False, "is_ready": False, "is_report_late": True}, (Stuck.REPORT,)),
    ],
)
def test_what_keeps_a_project_from_going_on(facts, expected):
    assert project(**facts)[0].stuck == expected


@pytest.mark.parametrize(
    ("state", "roles", "conflict", "expected"),
    [
        (State.SUBMITTED, {"officer"}, False, Task.SCREEN),
        (State.SUBMITTED, {"assessor"}, False, None),
        (State.SCREENED, {"assessor"}, False, Task.ASSESS),
        (State.SCREENED, {"officer"}, False, None),
        (State.ASSESSED, {"officer", "assessor"}, False, Task.DECIDE),
        (State.ASSESSED, {"officer"}, True, None),
        (State.AWARDED, {"officer"}, False, None),
        (State.SUBMITTED, set(), False, None),
    ],
)
def test_whose_task_it_is(state, roles, conflict, expected):
    assert task_for(state, frozenset(roles), has_conflict=conflict) == expected


def test_what_waits_for_whom():
    told = {role: states_for(frozenset({role})) for role in ("officer", "assessor", "operator")}
    assert told == {
        "officer": ["submitted", "assessed", "ranked", "appealed"],
        "assessor": ["screened"],
        "operator": [],
    }
