"""Another purpose re-opens the gate: what it accepts holds, all else a person decides, and nothing new begins before."""

from datetime import date, timedelta

import pytest
from fabrica.audit.queries import about
from fabrica.conftest import make_person
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.notices.models import Notice
from fabrica.people.states import Role
from fabrica.projects.services import open_project
from fabrica.trust.engine.act import in_force, next_questions
from fabrica.trust.models import Condition, Referral
from fabrica.trust.queries import purposes as queries
from fabrica.trust.queries.conditions import Step, blocking
from fabrica.trust.services import board, conditions
from fabrica.trust.services import purposes as services
from fabrica.trust.states import PurposeState
from fabrica.trust.tests.answers import answers_for

pytestmark = pytest.mark.django_db
CLEAN = answers_for("ACCEPT")
GENERAL = {"text": "yes", "flop": "2e23", "general_model": "yes"}
DAY = date(2026, 11, 23)


@pytest.fixture
def project(cast, now):
    return open_project(
        title="Novalis", organisation=cast.startup, purpose="To read.", gate_decision="ACCEPT", pi=cast.applicant,
        ends_at=now + timedelta(days=30), by=cast.officer, now=now,
    )  # fmt: skip


@pytest.fixture
def change(project, cast, now):
    return services.propose_purpose(
        project=project, purpose="To sort applicants.", reason="A customer asked.", by=cast.applicant, now=now
    )


def answer(change, cast, now, **answers):
    return services.answer_gate(change=change, answers=answers_for("ACCEPT", **answers), by=cast.applicant, now=now)


def test_nothing_new_is_launched_while_a_purpose_is_under_review(project, change, cast, now):
    with pytest.raises(Refused, match="under review"):
        queries.must_be_settled(project)
    services.withdraw_purpose(change=change, by=cast.applicant, now=now)
    queries.must_be_settled(project)
    project.refresh_from_db()
    assert (project.purpose, project.gate_decision) == ("To read.", "ACCEPT")


def test_a_purpose_that_the_gate_accepts_holds_at_once(project, change, cast, now):
    made = answer(change, cast, now, text="yes", interacts="yes")
    project.refresh_from_db()
    assert (made.state, project.purpose, project.gate_decision) == (
        PurposeState.ACCEPTED, "To sort applicants.", "ACCEPT_CONDITIONS",
    )  # fmt: skip
    assert queries.answers_since(project) == answers_for("ACCEPT_CONDITIONS")
    assert [one.verb for one in about(project.subject)] == [
        "project.open", "purpose.propose", "trust.assess", "project.change_purpose", "condition.owe",
        "condition.carry_over",
    ]  # fmt: skip


def test_a_yes_with_conditions_holds_the_project_up_until_they_are_met(project, change, cast, now):
    answer(change, cast, now, high_risk="yes", work="yes", job_selection="yes")
    held = [one.key for step in Step for one in blocking(step=step, project=project, gpu_seconds=10**9)]
    assert held == ["risk_management", "technical_documentation"]


def test_what_is_unsure_goes_to_a_person_who_may_accept_it(project, change, cast, now):
    made = answer(change, cast, now, civilian="unsure")
    assert made.state == PurposeState.REFERRED
    assert list(queries.referred()) == [change]
    assert Notice.objects.get(person=cast.officer, kind="purpose_referred").path == "/projects/novalis/purpose/"
    with pytest.raises(NotAllowed):
        services.decide_purpose(change=change, accepts=True, note="Fine.", by=cast.applicant, now=now)
    with pytest.raises(Refused, match="has not decided yet"):
        services.decide_purpose(change=change, accepts=True, note="Fine.", by=cast.officer, now=now)
    ethics, case = make_person("edda", now, Role.ETHICS), Referral.objects.get(subject=project.subject)
    conditions.write(referral=case, text="Show the filter.", blocks="publication", days=30, by=ethics, now=now)
    board.propose(referral=case, finding="approved_with_conditions", reason="If.", by=ethics, now=now)
    board.release(referral=case, by=cast.officer, now=now)
    services.decide_purpose(change=change, accepts=True, note="Fine.", by=cast.officer, now=now)
    project.refresh_from_db()
    assert (project.purpose, project.gate_decision) == ("To sort applicants.", "REFER_ETHICS")
    assert [one.text for one in blocking(step=Step.PUBLICATION, project=project)] == ["Show the filter."]
    assert Notice.objects.filter(person=cast.applicant, kind="purpose_decided").count() == 1


def test_a_refusal_is_a_persons_and_leaves_the_purpose_as_it_was(project, change, cast, now):
    assert answer(change, cast, now, civilian="no").state == PurposeState.REFERRED
    with pytest.raises(Refused, match="does not allow"):
        services.decide_purpose(change=change, accepts=True, note="Fine.", by=cast.officer, now=now)
    made = services.decide_purpose(change=change, accepts=False, note="Not civilian.", by=cast.officer, now=now)
    project.refresh_from_db()
    assert (made.state, project.purpose) == (PurposeState.REFUSED, "To read.")
    queries.must_be_settled(project)


def test_a_withdrawn_change_leaves_no_case_open(project, change, cast, now):
    answer(change, cast, now, civilian="unsure")
    services.withdraw_purpose(change=change, by=cast.applicant, now=now)
    assert Referral.objects.get(subject=project.subject).state == "overtaken"


def blocked(project):
    return [(one.key, one.state) for one in blocking(step=Step.PUBLICATION, project=project)]


@pytest.mark.parametrize("ends", ["withdrawn", "refused"])
def test_what_the_purpose_in_force_owes_stays_while_another_is_thought_of_and_when_it_is_given_up(
    project, change, cast, now, ends
):
    answer(change, cast, now, **GENERAL)
    owed = blocked(project)
    assert [key for key, _state in owed] == ["copyright_policy", "mark_output"]
    other = services.propose_purpose(project=project, purpose="Else.", reason="So.", by=cast.applicant, now=now)
    services.answer_gate(
        change=other, answers=answers_for("ACCEPT", civilian="unsure" if ends == "withdrawn" else "no"),
        by=cast.applicant, now=now,
    )  # fmt: skip
    assert blocked(project) == owed
    if ends == "withdrawn":
        services.withdraw_purpose(change=other, by=cast.applicant, now=now)
    else:
        services.decide_purpose(change=other, accepts=False, note="No.", by=cast.officer, now=now)
    assert blocked(project) == owed


def test_what_a_referred_purpose_brings_is_owed_with_the_boards_yes_and_holds_the_project_up_with_the_officers(
    project, change, cast, now
):
    answer(change, cast, now, **GENERAL)
    other = services.propose_purpose(project=project, purpose="Else.", reason="So.", by=cast.applicant, now=now)
    answer(other, cast, now, civilian="unsure", text="yes", interacts="yes")
    approve(project, cast, now)
    assert [key for key, _state in blocked(project)] == ["copyright_policy", "mark_output"]
    services.decide_purpose(change=other, accepts=True, note="Fine.", by=cast.officer, now=now)
    assert [key for key, _state in blocked(project)] == ["mark_output"]


def approve(project, cast, now):
    case, ethics = Referral.objects.get(subject=project.subject), make_person("edda", now, Role.ETHICS)
    board.propose(referral=case, finding="approved", reason="Fine.", by=ethics, now=now)
    board.release(referral=case, by=cast.officer, now=now)


def test_runs_wait_for_what_the_award_would_have_waited_for(project, change, cast, now):
    answer(change, cast, now, text="yes", flop="4e25", general_model="yes")
    approve(project, cast, now)
    assert blocking(step=Step.RUN, project=project, gpu_seconds=1) == []
    services.decide_purpose(change=change, accepts=True, note="Fine.", by=cast.officer, now=now)
    assert [one.key for one in blocking(step=Step.RUN, project=project, gpu_seconds=1)] == ["systemic_notice"]


def test_a_new_purpose_that_holds_takes_the_place_of_what_the_one_before_owed(project, change, cast, now):
    answer(change, cast, now, **GENERAL)
    other = services.propose_purpose(project=project, purpose="Else.", reason="So.", by=cast.applicant, now=now)
    answer(other, cast, now, text="yes", interacts="yes")
    assert blocked(project) == [("mark_output", "open")]
    assert Condition.objects.get(key="copyright_policy").state == "dropped"


@pytest.mark.parametrize("words", [("To read.", "Why not."), ("", "Why not."), ("To write.", " ")])
def test_a_change_needs_another_purpose_and_a_reason(project, cast, now, words):
    with pytest.raises(Refused):
        services.propose_purpose(project=project, purpose=words[0], reason=words[1], by=cast.applicant, now=now)


def test_one_change_at_a_time_and_only_by_the_principal_investigator(project, change, cast, now):
    for by, problem in ((cast.applicant, Refused), (cast.mate, NotAllowed), (cast.officer, NotAllowed)):
        with pytest.raises(problem):
            services.propose_purpose(project=project, purpose="To write.", reason="So.", by=by, now=now)
    answer(change, cast, now)
    with pytest.raises(Refused):
        answer(change, cast, now)


def test_who_answered_the_first_gate_is_asked_anew_until_nothing_is_left():
    kept, given, pages = {"P1": "yes", "HR": "no"}, {"do": "answer", "P1": "yes"}, 0
    while (anew := queries.asked_anew(kept, given, DAY)).left:
        given |= {one.key: wanted(one) for one in anew.left}
        pages += 1
    assert anew.answers == {key: one for key, one in given.items() if key in anew.answers}
    assert (next_questions(anew.answers, DAY).questions, pages > 1) == ((), True)
    assert [one.key for one in queries.asked(kept, DAY)] == list(kept)


def wanted(one):
    return {"text": "no", "high_risk": "yes"}.get(one.key, in_force(DAY).questions[one.key].usual)


def test_a_changed_answer_brings_up_what_it_makes_matter():
    assert queries.asked_anew(CLEAN, CLEAN, DAY).left == []
    first = queries.asked_anew(CLEAN, {"high_risk": "yes"}, DAY)
    assert "work" in [one.key for one in first.left]
    assert queries.asked_anew(CLEAN, {**first.answers, "high_risk": "no", "what": "ever"}, DAY).answers == CLEAN


def test_what_is_no_answer_is_asked_again_with_what_was_given():
    anew = queries.asked_anew(answers_for("ACCEPT_CONDITIONS"), {"flop": "much"}, DAY)
    assert (anew.left[0].key, anew.left[0].answer, anew.odd) == ("flop", "much", {"flop": "much"})
