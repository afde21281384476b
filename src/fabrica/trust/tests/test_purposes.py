"""Another purpose re-opens the gate: what it accepts holds, all else a person decides, and nothing new begins before."""

from datetime import timedelta

import pytest
from fabrica.audit.queries import about
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.notices.models import Notice
from fabrica.projects.services import open_project
from fabrica.trust.engine import gate
from fabrica.trust.queries import purposes as queries
from fabrica.trust.services import purposes as services
from fabrica.trust.states import PurposeState

pytestmark = pytest.mark.django_db
CLEAN = {one.id: one.expects.value for one in gate.questions()}


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
    return services.answer_gate(change=change, answers={**CLEAN, **answers}, by=cast.applicant, now=now)


def test_nothing_new_is_launched_while_a_purpose_is_under_review(project, change, cast, now):
    with pytest.raises(Refused, match="under review"):
        queries.must_be_settled(project)
    services.withdraw_purpose(change=change, by=cast.applicant, now=now)
    queries.must_be_settled(project)
    project.refresh_from_db()
    assert (project.purpose, project.gate_decision) == ("To read.", "ACCEPT")


def test_a_purpose_that_the_gate_accepts_holds_at_once(project, change, cast, now):
    made = answer(change, cast, now, HR="yes")
    project.refresh_from_db()
    assert (made.state, project.purpose, project.gate_decision) == (
        PurposeState.ACCEPTED, "To sort applicants.", "ACCEPT_CONDITIONS",
    )  # fmt: skip
    assert queries.answers_since(project) == {**CLEAN, "HR": "yes"}
    assert [one.verb for one in about(project.subject)] == [
        "project.open", "purpose.propose", "trust.assess", "project.change_purpose",
    ]  # fmt: skip


def test_what_is_unsure_goes_to_a_person_who_may_accept_it(project, change, cast, now):
    made = answer(change, cast, now, A5a="unsure")
    assert made.state == PurposeState.REFERRED
    assert list(queries.referred()) == [change]
    assert Notice.objects.get(person=cast.officer, kind="purpose_referred").path == "/projects/novalis/purpose/"
    with pytest.raises(NotAllowed):
        services.decide_purpose(change=change, accepts=True, note="Fine.", by=cast.applicant, now=now)
    services.decide_purpose(change=change, accepts=True, note="Fine.", by=cast.officer, now=now)
    project.refresh_from_db()
    assert (project.purpose, project.gate_decision) == ("To sort applicants.", "REFER_ETHICS")
    assert Notice.objects.filter(person=cast.applicant, kind="purpose_decided").count() == 1


def test_a_refusal_is_a_persons_and_leaves_the_purpose_as_it_was(project, change, cast, now):
    assert answer(change, cast, now, P1="no").state == PurposeState.REFERRED
    with pytest.raises(Refused, match="does not allow"):
        services.decide_purpose(change=change, accepts=True, note="Fine.", by=cast.officer, now=now)
    made = services.decide_purpose(change=change, accepts=False, note="Not civilian.", by=cast.officer, now=now)
    project.refresh_from_db()
    assert (made.state, project.purpose) == (PurposeState.REFUSED, "To read.")
    queries.must_be_settled(project)


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


def test_only_what_was_answered_before_is_answered_again():
    assert queries.changed({"P1": "yes", "HR": "no"}, {"HR": "unsure", "do": "answer", "P1": ""}) == {
        "P1": "yes", "HR": "unsure",
    }  # fmt: skip
    assert [one.key for one in queries.asked(CLEAN, None)] == list(CLEAN)
