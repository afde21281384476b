from datetime import timedelta

import pytest
from fabrica.allocations.models import ClusterAccount
from fabrica.allocations.queries import balance, check_ledger
from fabrica.audit.models import Entry
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.trainer.recipe import NAMED, to_dict
from fabrica.training import services
from fabrica.training.models import Run
from fabrica.training.states import State
from fabrica.training.tasks import submit
from fabrica.training.tests.factories import stage_text


def refused(site, now, **changes):
    with pytest.raises(Refused) as told:
        site.launch(now, **changes)
    assert Run.objects.count() == 0
    assert balance(site.award).held == 0
    return told.value


def test_a_launch_holds_devices_times_time_limit(site, now):
    run = site.launch(now, devices=2)
    assert (run.state, run.number, run.kind, run.devices, run.steps) == (
        State.QUEUED,
        1,
        "train",
        2,
        NAMED["tiny"].steps,
    )
    assert run.recipe == to_dict(NAMED["tiny"])
    assert (run.planned_seconds > 0, run.planned_gpu_seconds) == (True, 2 * run.planned_seconds)
    assert run.time_limit_seconds == 600
    assert (balance(site.award).held, balance(site.award).free) == (1_200, 36_000 - 1_200)
    assert [row.staging for row in run.data.all()] == [site.staging]
    assert list(Entry.objects.filter(subject=run.subject).values_list("verb", "facts")) == [
        ("run.launch", {"kind": "train", "gpu_seconds": 1_200})
    ]
    assert check_ledger() == []


def test_numbers_count_within_the_project(site, now):
    assert [site.launch(now).number for _ in range(3)] == [1, 2, 3]


def test_only_members_launch(site, now):
    for who in (site.cast.outsider, site.cast.mate, site.cast.officer, site.cast.operator):
        with pytest.raises(NotAllowed):
            site.launch(now, by=who)


def test_an_account_that_is_not_ready_is_told(site, now):
    ClusterAccount.objects.update(ready_at=None)
    assert refused(site, now).what == f"The account of {site.project.title} on Machine One is not ready yet."


def test_an_account_that_a_hand_changed_is_told_with_what_to_do(site, now):
    ClusterAccount.objects.update(drifted_at=now)
    told = refused(site, now)
    assert told.what == f"The account of {site.project.title} on Machine One was changed on the machine by hand."
    assert told.todo.startswith("The operators were told.")


def test_a_job_is_asked_for_under_the_awards_programme_and_as_the_projects_account(site, now, monkeypatch):
    asked = []
    monkeypatch.setattr(site.cluster, "submit", lambda job: asked.append(job) or "fake-1")
    site.launch(now)
    assert submit(now) is True
    own = ClusterAccount.objects.get().unix_name
    assert [(one.programme, one.run_as) for one in asked] == [("playground", own)]
    assert own in site.cluster.account(site.project.slug).members


def test_an_award_that_ended_is_told(site, now):
    assert refused(site, site.award.ends_at).what.endswith("ended on 23 December 2026.")


def test_too_few_hours_say_how_many_are_left(site, now):
    assert refused(site, now, time_limit_seconds=36_001).what == (
        "The project has 10.00 GPU-hours left; this needs 10.0003."
    )


def test_an_unknown_key_lists_the_valid_ones(site, now):
    told = refused(site, now, recipe={"name": "tiny", "model": {"wdith": 3}})
    assert (told.what, told.why) == (
        "model.wdith: unknown key.",
        "Valid keys are context, heads, hidden, layers, width.",
    )


def test_a_training_needs_data(site, now):
    assert refused(site, now, stagings=[]).what == "A training needs data."


def test_data_that_is_not_staged_is_refused(site, now):
    type(site.staging).objects.update(state="waiting")
    site.staging.refresh_from_db()
    assert refused(site, now).what == f"{site.staging.version} is not staged yet: Waiting."


def test_the_same_data_twice_is_refused(site, now):
    assert refused(site, now, stagings=[site.staging, site.staging]).what == (
        "A run reads at most 20 datasets, each once."
    )


@pytest.mark.parametrize("devices", [0, 3, -1])
def test_devices_the_machine_does_not_have_are_refused(site, now, devices):
    assert refused(site, now, devices=devices).why == "Machine One has 2."
    assert refused(site, now, devices=devices, recipe=None, command=["true"]).todo == "Ask for 1 to 2."


def test_either_a_recipe_or_a_command(site, now):
    assert refused(site, now, recipe=None).what == "A run has either a recipe or a command."
    assert refused(site, now, command=["true"]).what == "A run has either a recipe or a command."


def test_a_command_is_held_for_like_a_recipe_and_needs_no_data(site, now):
    run = site.launch(now, recipe=None, command=["echo", "$HOME"], stagings=[])
    assert (run.kind, run.command, run.recipe, run.planned_seconds) == ("command", ["echo", "$HOME"], None, None)
    assert balance(site.award).held == run.time_limit_seconds == 3_600


def test_a_container_needs_apptainer_where_it_runs(site, now, monkeypatch):
    type(site.machine).objects.update(adapter="local")
    monkeypatch.setenv("PATH", "/nowhere")
    told = refused(site, now, recipe=None, command=["true"], container="/a.sif")
    assert told.what == "Apptainer is not installed on Machine One, so it runs no containers."


def test_a_command_in_a_container_is_wrapped(site, now):
    run = site.launch(now, recipe=None, command=["python3", "x.py"], container="/a.sif")
    where = site.staging.path
    assert run.command == ["apptainer", "exec", "--bind", f"{where}:{where}:ro", "/a.sif", "python3", "x.py"]


def test_open_runs_are_bounded(site, now, monkeypatch):
    monkeypatch.setattr("fabrica.training.services.launching.MAX_OPEN", 1)
    site.launch(now)
    with pytest.raises(Refused):
        site.launch(now)


def test_cancelling_what_no_machine_heard_of_ends_it_at_once(site, now):
    run = services.cancel(run=site.launch(now), by=site.cast.applicant, now=now + timedelta(seconds=1))
    assert (run.state, run.ended_at) == (State.CANCELLED, now + timedelta(seconds=1))
    assert balance(site.award).held == 0
    with pytest.raises(Refused):
        services.cancel(run=run, by=site.cast.applicant, now=now)


def test_only_members_cancel(site, now):
    run = site.launch(now)
    for who in (site.cast.outsider, site.cast.mate, site.cast.officer):
        with pytest.raises(NotAllowed):
            services.cancel(run=run, by=who, now=now)


def test_data_of_another_project_is_refused(site, now):
    other = stage_text(site.cast, site.project, now, text="x = 1\n" * 9)
    type(site.project).objects.filter(pk=site.project.pk).update()
    other.project_id = site.project.pk + 1
    assert refused(site, now, stagings=[other]).what == "This data was staged for another project."
