import pytest
from fabrica.clusters.adapters.port import JobState, JobStatus
from fabrica.training.engine import Failure, Result, ending
from fabrica.training.states import State

GOOD = Result({"run": "a", "files": [], "summary": {}})


def told(state, result=None, failure=None, *, cancelled=False, attempts=1, left=100, **facts):
    status = JobStatus("job", state, **facts)
    return ending(status, result or Result(), failure, is_cancelled=cancelled, attempts=attempts, seconds_left=left)


@pytest.mark.parametrize("state", [one for one in JobState if one.ended])
def test_a_result_means_success_however_the_job_ended(state):
    assert told(state, GOOD, cancelled=True, exit_code=3).state is State.SUCCEEDED


def test_an_end_without_a_result_is_a_failure_with_its_reason():
    assert told(JobState.COMPLETED, exit_code=0).why == "There is no result.json in its folder."
    found = told(JobState.COMPLETED, Result(trouble="result.json is no JSON object."), exit_code=0)
    assert (found.state, found.why) == (State.FAILED, "result.json is no JSON object.")


def test_exit_code_3_is_for_good_and_says_what_why_and_todo():
    found = told(JobState.FAILED, failure=Failure("W", "Y", "T"), exit_code=3)
    assert (found.state, found.what, found.why, found.todo) == (State.FAILED, "W", "Y", "T")
    assert told(JobState.FAILED, exit_code=3).what == "The run failed and could not say why."


@pytest.mark.parametrize(
    ("state", "facts"),
    [(JobState.FAILED, {"signal": 9}), (JobState.FAILED, {"exit_code": 1}), (JobState.FAILED, {"exit_code": 143}),
     (JobState.LOST, {}), (JobState.FAILED, {"exit_code": 75})],
)  # fmt: skip
def test_an_interruption_leads_to_another_attempt(state, facts):
    assert told(state, **facts).state is State.QUEUED
    assert told(state, **facts, attempts=5).what == "The run was interrupted 5 times."
    assert told(state, **facts, left=9).what == "The run used up its time limit."
    assert told(state, **facts, cancelled=True).state is State.CANCELLED


def test_a_time_limit_is_a_failure_that_says_the_limit():
    found = told(JobState.TIMEOUT, reason="It reached its time limit of 60 seconds.")
    assert (found.state, found.what, found.why) == (
        State.FAILED, "The run reached its time limit.", "It reached its time limit of 60 seconds.",
    )  # fmt: skip


def test_a_job_that_was_cancelled_on_the_machine_is_cancelled():
    assert told(JobState.CANCELLED, reason="It was cancelled.").because == "It was cancelled."
    assert told(JobState.CANCELLED).state is State.CANCELLED


@pytest.mark.parametrize(
    ("facts", "because"),
    [({"signal": 9}, "It was ended by signal 9."), ({"exit_code": 1}, "It ended with exit code 1."),
     ({}, "The machine says: failed."), ({"reason": "Told.", "signal": 9}, "Told.")],
)  # fmt: skip
def test_an_attempt_always_has_a_reason(facts, because):
    assert told(JobState.FAILED, **facts).because == because
