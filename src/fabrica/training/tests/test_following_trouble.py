"""Following a run where the machine, the disk, the database or another worker stands in the way."""

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
from fabrica.training.tests.test_following import fresh, key_of, settled, spent, started, turn, write, write_result


def test_an_unreachable_machine_is_asked_again_after_growing_waits(site, clock, fake):
    run = site.launch(clock.now)
    fake.unreachable = True
    waits = []
    for _ in range(4):
        tasks.submit(clock.now)
        waits.append((fresh(run).next_look_at - clock.now).total_seconds())
        clock.advance(waits[-1])
    assert waits == [2, 4, 8, 16]
    assert fresh(run).reason == "The fake cluster does not answer. Try again later."
    fake.unreachable = False
    turn(clock)
    assert (fresh(run).state, fresh(run).tries, fresh(run).reason) == (State.RUNNING, 0, "")


def test_a_machine_that_stops_answering_in_the_middle_changes_nothing(site, clock, fake):
    run = started(site, clock, fake)
    fake.unreachable = True
    turn(clock)
    assert (fresh(run).state, fresh(run).tries) == (State.RUNNING, 1)
    fake.unreachable = False
    turn(clock, 5)
    assert (fresh(run).state, fresh(run).tries) == (State.RUNNING, 0)


def test_what_the_machine_refuses_fails_with_its_words_and_books_nothing(site, clock, fake):
    run = site.launch(clock.now)
    fake.put_account(AccountSpec(site.project.slug, "", 10))
    turn(clock)
    run = fresh(run)
    assert run.state == State.FAILED
    assert run.error_what.startswith("The job may need 0.17 GPU-hours (600 GPU-seconds)")
    assert run.attempts.get().ended_because == run.error_what
    assert spent(run) == {}
    assert settled(site, run)


def test_a_folder_that_cannot_be_written_is_tried_again(site, clock, fake):
    run = site.launch(clock.now)
    runs = run.folder.parent
    runs.parent.mkdir(parents=True, exist_ok=True)
    runs.write_text("in the way")
    turn(clock)
    assert (fresh(run).state, fresh(run).reason[:36]) == (State.QUEUED, "The run's folder cannot be written: ")
    runs.unlink()
    turn(clock)
    assert fresh(run).state == State.RUNNING


def test_a_worker_that_lost_its_claim_writes_nothing(site, clock, fake):
    run = started(site, clock, fake)
    write_result(run)
    late, attempt = Run.claim(Run.objects.all(), clock.now), run.attempts.get()
    clock.advance(90)
    tasks.follow(clock.now)
    assert fresh(run).state == State.SUCCEEDED
    before = Run.objects.filter(pk=run.pk).values().get()
    status = fake.states([attempt.job_id])[attempt.job_id]
    assert not services.note(run=late, attempt=attempt, status=status, news=None, now=clock.now, next_look_at=clock.now)
    assert not services.postpone(run=late, why="late", now=clock.now)
    assert not services.record_job(run=late, attempt=attempt, job_id="other", now=clock.now)
    assert services.prepare(run=late, now=clock.now) is None
    assert Run.objects.filter(pk=run.pk).values().get() == before


def test_a_run_that_nobody_claimed_cannot_be_written_by_a_worker(site, clock):
    run = site.launch(clock.now)
    assert services.prepare(run=run, now=clock.now) is None
    assert Attempt.objects.count() == 0


def test_many_runs_of_a_machine_take_one_question(site, clock, fake, monkeypatch):
    for _ in range(6):
        site.launch(clock.now)
    while tasks.submit(clock.now):
        pass
    asked = []
    states = fake.states
    monkeypatch.setattr(fake, "states", lambda ids: asked.append(len(ids)) or states(ids))
    tasks.follow(clock.advance(2))
    assert asked == [6]
    assert not tasks.follow(clock.now)


def test_two_workers_share_the_runs_of_a_machine(site, clock, fake):
    run = started(site, clock, fake)
    now = clock.advance(2)
    first = tasks.following._claim(now)
    assert [one.pk for one in first] == [run.pk]
    assert tasks.following._claim(now) == []


def test_a_job_that_writes_what_no_database_takes_ends_its_run_and_gives_the_hours_back(site, clock, fake):
    run = started(site, clock, fake)
    write(run, "result.json", f'{{"run": "{run.uid}", "files": [], "summary": {{"loss": 1e999}}}}')
    turn(clock, 60)
    run = fresh(run)
    assert (run.state, run.error_why) == (State.FAILED, "result.json holds text or numbers that cannot be kept.")
    assert settled(site, run)


def test_a_run_that_cannot_be_followed_holds_up_no_other(site, clock, fake, monkeypatch):
    first, second = started(site, clock, fake), started(site, clock, fake)
    read = tasks.following.read_result
    monkeypatch.setattr(tasks.following, "read_result", lambda raw, uid: read(raw, uid) if uid != first.uid else 1 / 0)
    write_result(second)
    turn(clock, 60)
    first, second = fresh(first), fresh(second)
    assert (first.state, second.state) == (State.RUNNING, State.SUCCEEDED)
    assert first.reason == "The worker failed on this run. The operator finds why in its log."
    monkeypatch.undo()
    write_result(first)
    turn(clock, 60)
    assert fresh(first).state == State.SUCCEEDED


def test_a_list_of_runs_does_not_carry_their_results(site, clock, fake):
    run = started(site, clock, fake)
    (listed,) = queries.visible_to(site.cast.applicant)
    assert listed.get_deferred_fields() == {"result"}
    assert queries.run_of(site.cast.applicant, site.project.slug, run.number).get_deferred_fields() == set()


def test_a_line_about_a_run_that_cannot_be_followed_names_the_run_and_its_job(site, clock, fake, monkeypatch, caplog):
    run = started(site, clock, fake)
    caplog.handler.setFormatter(JsonFormatter())
    monkeypatch.setattr(services, "note", lambda **_: 1 / 0)
    turn(clock)
    (line,) = [json.loads(one) for one in caplog.text.splitlines()]
    assert (line["error"], line["run"], line["job"]) == ("ZeroDivisionError", run.uid, run.attempts.get().job_id)


def test_a_database_that_is_away_is_no_fault_of_the_run(site, clock, fake, monkeypatch):
    run = started(site, clock, fake)

    def away(*_):
        raise InterfaceError("the connection is closed")

    monkeypatch.setattr(tasks.following, "read_result", away)
    before = Run.objects.get(pk=run.pk).reason
    with pytest.raises(InterfaceError):
        turn(clock, 60)
    assert fresh(run).reason == before
    monkeypatch.undo()
    write_result(run)
    turn(clock, 61)
    assert fresh(run).state == State.SUCCEEDED


def test_why_a_job_waits_and_when_the_machine_means_to_start_it_are_kept_while_it_waits(site, clock, fake, monkeypatch):
    for _ in range(3):
        site.launch(clock.now)
    turn(clock)
    turn(clock)
    third = Run.objects.get(number=3)
    starts_at = clock.now + timedelta(hours=2)
    asked = fake.states

    def told(job_ids):
        known = {"reason_code": "ReqNodeNotAvail, UnavailableNodes:n1", "starts_at": starts_at}
        return {job_id: replace(status, **known) for job_id, status in asked(job_ids).items()}

    monkeypatch.setattr(fake, "states", told)
    turn(clock)
    assert [(one.state, one.waiting_code, one.machine_starts_at) for one in Run.objects.order_by("number")] == [
        (State.RUNNING, "", None), (State.RUNNING, "", None), (State.SUBMITTED, "ReqNodeNotAvail", starts_at),
    ]  # fmt: skip
    fake.unreachable = True
    turn(clock)
    assert (fresh(third).waiting_code, fresh(third).machine_starts_at) == ("", None)
    fake.unreachable = False
    turn(clock, 56)
    assert (fresh(third).state, fresh(third).waiting_code, fresh(third).machine_starts_at) == (State.RUNNING, "", None)


def test_a_machine_of_many_nodes_hears_over_how_many_and_the_runner_how_many_processes(site, clock, fake):
    run = site.launch(clock.now, devices=2, nodes=2)
    attempt = services.prepare(run=Run.claim(queries.due_to_submit(clock.now), clock.now), now=clock.now)
    assert request(run, attempt).nodes == 2
    values = {}
    for adapter in ("local", "fake", "slurm"):
        run.machine.adapter = adapter
        values[adapter] = job_values(run, attempt).get("processes")
    assert values == {"local": None, "fake": None, "slurm": 2}
    run.devices = 1
    assert "processes" not in job_values(run, attempt)
