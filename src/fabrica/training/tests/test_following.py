"""A run followed from the queue to its end: attempts, results, cancelling, and the books."""

import json
import sys
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import InterfaceError
from fabrica.allocations.models import Transfer
from fabrica.allocations.queries import balance, check_ledger
from fabrica.audit.models import Entry
from fabrica.clusters.adapters.fake import Outcome
from fabrica.clusters.adapters.port import AccountSpec
from fabrica.kit.logs import JsonFormatter
from fabrica.notices.models import Notice
from fabrica.training import queries, services, tasks
from fabrica.training.models import Attempt, Run
from fabrica.training.states import AttemptState, State
from fabrica.training.tasks.job_file import job_values
from fabrica.training.tasks.submitting import request


def turn(clock, seconds=2.0):
    """Let time pass and both loops run."""
    now = clock.advance(seconds)
    tasks.submit(now)
    tasks.follow(now)


def fresh(run):
    return Run.objects.get(pk=run.pk)


def write(run, name, text):
    (run.folder / name).write_text(text)


def write_result(run, **changes):
    write(run, "result.json", json.dumps({"run": run.uid, "files": [], "summary": {"loss_last": 2.5}, **changes}))


def started(site, clock, fake, outcome=None, **changes):
    """A run whose first attempt runs."""
    run = site.launch(clock.now, **changes)
    if outcome:
        fake.outcomes = AllAlike(outcome)
    turn(clock)
    return fresh(run)


class AllAlike(dict):
    def __init__(self, outcome):
        self.outcome = outcome

    def get(self, _token, _default=None):
        return self.outcome


def spent(run):
    legs = Transfer.objects.filter(hold_key=run.uid, kind="spend")
    return {one.key: one.gpu_seconds for one in legs}


def key_of(attempt):
    return f"{attempt.job_id}.{int(attempt.started_at.timestamp())}"


def settled(site, run):
    """The run has ended and the books are closed."""
    assert (balance(site.award).held, balance(site.award).used) == (0, run.used_gpu_seconds)
    assert check_ledger() == []
    assert Notice.objects.filter(kind="run_ended", event=f"run:{run.uid}:ended").count() == 1
    return True


def test_the_job_file_is_as_agreed(site, clock, fake):
    run = started(site, clock, fake)
    version = site.staging.version
    assert json.loads((run.folder / "job.json").read_text()) == {
        "version": 1, "run": run.uid, "kind": "train", "recipe": run.recipe,
        "data": [
            {
                "name": str(version), "path": str(site.staging.path), "sha256": version.sha256,
                "language": version.dataset.language,
            }
        ],
        "devices": 1, "attempt": run.attempts.get().token, "time_limit_seconds": 600,
        "provenance": {
            "project": site.project.slug, "run": 1, "machine": "one", "data": [version.uri],
            "launched_at": "2026-11-23T09:00:00+00:00", "portal": "fabrica 0.1.0",
        },
    }  # fmt: skip


def test_the_machine_is_asked_to_run_the_runner(site, clock, fake):
    run = started(site, clock, fake)
    attempt = run.attempts.get()
    job = fake._jobs[attempt.job_id].request
    assert (job.token, job.account, job.devices, job.time_limit_seconds) == (attempt.token, site.project.slug, 1, 600)
    assert job.argv == (sys.executable, "-m", "fabrica.runner", str(run.folder / "job.json"))


def test_a_run_goes_from_queued_to_succeeded_and_books_its_hours(site, clock, fake):
    run = started(site, clock, fake)
    assert run.state == State.RUNNING
    write_result(run)
    turn(clock, 60)
    run = fresh(run)
    assert (run.state, run.used_gpu_seconds, run.result["summary"]) == (State.SUCCEEDED, 60, {"loss_last": 2.5})
    attempt = run.attempts.get()
    assert (attempt.state, attempt.gpu_seconds, attempt.ended_because) == (AttemptState.ENDED, 60, "Done.")
    assert spent(run) == {f"usage:one:{key_of(attempt)}": 60}
    assert settled(site, run)
    verbs = Entry.objects.filter(subject=run.subject).values_list("verb", flat=True)
    assert list(verbs) == ["run.launch", "run.submit", "run.start", "run.succeed"]


def test_a_run_waits_while_the_machine_is_full_and_shows_why(site, clock, fake):
    first = started(site, clock, fake, devices=2)
    second = started(site, clock, fake)
    assert (first.state, second.state) == (State.RUNNING, State.SUBMITTED)
    assert second.reason == "It waits for free devices: 2 of 2 are busy. Jobs before it: 0."


def test_an_interrupted_attempt_leads_to_another_with_the_time_that_is_left(site, clock, fake):
    run = started(site, clock, fake)
    clock.advance(20)
    fake.lose(run.attempts.get().job_id)
    turn(clock)
    assert (fresh(run).state, fresh(run).reason) == (State.QUEUED, "The node failed.")
    turn(clock)
    one, two = fresh(run).attempts.all()
    assert (one.gpu_seconds, one.ended_because, two.time_limit_seconds) == (20, "The node failed.", 580)
    assert json.loads((run.folder / "job.json").read_text())["time_limit_seconds"] == 580
    write_result(run)
    turn(clock, 60)
    run = fresh(run)
    assert (run.state, run.used_gpu_seconds) == (State.SUCCEEDED, 80)
    assert sorted(spent(run).values()) == [20, 60]
    assert settled(site, run)


def test_after_five_interruptions_it_fails_with_the_reason(site, clock, fake):
    run = started(site, clock, fake, Outcome(seconds=1, exit_code=1))
    for _ in range(30):
        turn(clock, 20)
    run = fresh(run)
    assert (run.state, run.error_what) == (State.FAILED, "The run was interrupted 5 times.")
    assert [one.ended_because for one in run.attempts.all()] == ["It ended with exit code 1."] * 5
    assert len(spent(run)) == 5
    assert settled(site, run)


def test_when_the_attempts_used_the_time_it_fails_and_says_so(site, clock, fake):
    run = started(site, clock, fake, Outcome(seconds=25, exit_code=1), time_limit_seconds=30)
    turn(clock, 30)
    run = fresh(run)
    assert (run.state, run.error_what, run.used_gpu_seconds) == (State.FAILED, "The run used up its time limit.", 25)
    assert settled(site, run)


def test_the_time_limit_ends_it_and_is_told(site, clock, fake):
    run = started(site, clock, fake, Outcome(seconds=1_000), time_limit_seconds=40)
    turn(clock, 50)
    run = fresh(run)
    assert (run.state, run.error_what, run.used_gpu_seconds) == (State.FAILED, "The run reached its time limit.", 40)
    assert settled(site, run)


def test_a_failure_for_good_is_shown_in_its_own_words(site, clock, fake):
    run = started(site, clock, fake, Outcome(seconds=5, exit_code=3))
    write(run, "failure.json", json.dumps({"what": "The disk is full.", "why": "No room.", "todo": "Free some."}))
    turn(clock, 10)
    run = fresh(run)
    told = (run.state, run.error_what, run.error_why, run.error_todo, run.attempts.count())
    assert told == (State.FAILED, "The disk is full.", "No room.", "Free some.", 1)
    assert settled(site, run)
    notice = Notice.objects.get(kind="run_ended")
    assert notice.subject == f"Run 1 of {site.project.title} failed"
    assert notice.body == "The disk is full. No room. Free some."


def test_whoever_launched_it_is_told_of_a_model_only_where_there_is_one(site, clock, fake):
    for wish in ({}, {"recipe": None, "command": ["true"]}):
        write_result(started(site, clock, fake, **wish))
        turn(clock, 62)
    assert [one.body for one in Notice.objects.filter(kind="run_ended").order_by("pk")] == [
        "Its model is being packed, signed and registered.",
        "What it did not use of its hours went back to the award.",
    ]


@pytest.mark.parametrize("text", ["{", "[]", '{"run": "another"}', "", "\0"])
def test_a_result_that_makes_no_sense_is_a_failure(site, clock, fake, text):
    run = started(site, clock, fake)
    write(run, "result.json", text)
    turn(clock, 60)
    run = fresh(run)
    assert (run.state, run.error_what) == (State.FAILED, "The run ended but left no usable result.")
    assert settled(site, run)


def test_a_job_folder_that_vanished_is_a_failure(site, clock, fake):
    run = started(site, clock, fake)
    run.folder.rename(run.folder.with_name("gone"))
    turn(clock, 60)
    assert (fresh(run).state, fresh(run).error_why) == (State.FAILED, "There is no result.json in its folder.")
    assert settled(site, fresh(run))


def test_a_job_the_machine_forgot_gets_another_attempt_after_a_grace(site, clock, fake):
    run = started(site, clock, fake)
    fake.forget(run.attempts.get().job_id)
    turn(clock)
    assert fresh(run).state == State.RUNNING
    turn(clock, 30)
    assert fresh(run).state == State.RUNNING
    turn(clock, 31)
    assert (fresh(run).state, fresh(run).reason) == (State.QUEUED, "The machine no longer knows this job.")
    turn(clock)
    assert fresh(run).attempts.count() == 2


def test_cancelling_waits_for_the_machine(site, clock, fake):
    run = started(site, clock, fake)
    asked = services.cancel(run=run, by=site.cast.applicant, now=clock.now)
    assert (asked.state, asked.is_cancelling) == (State.RUNNING, True)
    turn(clock)
    turn(clock)
    run = fresh(run)
    assert (run.state, run.attempts.get().ended_because) == (State.CANCELLED, "It was cancelled.")
    assert run.used_gpu_seconds == run.attempts.get().gpu_seconds > 0
    assert settled(site, run)


def test_an_interrupted_run_that_is_cancelled_meanwhile_starts_no_more(site, clock, fake):
    run = started(site, clock, fake)
    fake.lose(run.attempts.get().job_id)
    tasks.follow(clock.advance(2))
    assert services.cancel(run=run, by=site.cast.applicant, now=clock.now).state == State.CANCELLED
    turn(clock, 30)
    assert fresh(run).attempts.count() == 1
    assert settled(site, fresh(run))


def test_an_answer_that_was_lost_starts_nothing_twice(site, clock, fake):
    run = site.launch(clock.now)
    fake.lose_answers = True
    turn(clock)
    assert (fresh(run).state, fresh(run).tries) == (State.QUEUED, 1)
    fake.lose_answers = False
    turn(clock)
    run = fresh(run)
    assert (run.state, run.attempts.count(), len(fake._jobs)) == (State.RUNNING, 1, 1)


def test_cancelling_between_submission_and_answer_finds_the_job(site, clock, fake):
    run = site.launch(clock.now)
    fake.lose_answers = True
    turn(clock)
    fake.lose_answers = False
    assert services.cancel(run=run, by=site.cast.applicant, now=clock.now).is_cancelling
    for _ in range(3):
        turn(clock)
    assert fresh(run).state == State.CANCELLED
    assert settled(site, fresh(run))


def test_cancelling_what_was_prepared_but_never_submitted_starts_nothing(site, clock, fake):
    run = site.launch(clock.now)
    fake.unreachable = True
    turn(clock)
    fake.unreachable = False
    services.cancel(run=run, by=site.cast.applicant, now=clock.now)
    turn(clock)
    assert (fresh(run).state, len(fake._jobs)) == (State.CANCELLED, 0)
    assert fresh(run).attempts.get().ended_because == "It was cancelled before it started."
    assert settled(site, fresh(run))
