"""While a machine hangs, pages and API answer from what is known: they never call it."""

import pytest
from fabrica.clusters import queries as clusters
from fabrica.clusters.tests.commands import Commands
from fabrica.portal.tests.test_desk import queries_of
from fabrica.registry.tests.conftest import key, run, site, version  # noqa: F401 - fixtures
from fabrica.training import tasks
from fabrica.training.models import Run
from fabrica.training.states import State


@pytest.fixture
def slurm(site, tmp_path):  # noqa: F811
    """The site's machine: the real adapter on commands that would each take half a minute."""
    made = Commands(tmp_path / "bin", timeout_seconds=60)
    made.answer("hang")
    clusters.serve(site.machine.adapter, lambda _machine: made.cluster)
    return made


@pytest.fixture
def running(site, slurm, now):  # noqa: F811
    """A run on the machine, and one that waits for a worker."""
    found = site.launch(now)
    Run.objects.filter(pk=found.pk).update(state=State.RUNNING, started_at=now)
    found.attempts.create(number=1, token="a.1.0123abcd", job_id="101", time_limit_seconds=60, created_at=now)
    site.launch(now)
    return found


def test_no_page_and_no_answer_of_the_api_calls_the_machine(browser, site, slurm, running):  # noqa: F811
    project = f"/projects/{site.project.slug}/"
    pages = [
        "/", "/home/", project, f"{project}runs/", running.path, f"{running.path}live/", f"{project}runs/2/",
        f"{project}runs/new/",
    ]  # fmt: skip
    apis = [
        "projects", "awards", f"projects/{site.project.slug}/runs", f"projects/{site.project.slug}/award", f"projects/{site.project.slug}/usage",
        f"projects/{site.project.slug}/runs/{running.number}",
        f"projects/{site.project.slug}/runs/{running.number}/log",
    ]  # fmt: skip
    told = {path: browser("mate").get(path).status_code for path in [*pages, *(f"/api/{one}" for one in apis)]}
    told |= {f"officer {path}": browser("officer").get(path).status_code for path in (project, f"{project}top-up/")}
    assert told == dict.fromkeys(told, 200)
    assert slurm.calls() == []


def test_launching_adding_hours_and_cancelling_call_no_machine(browser, site, slurm, running):  # noqa: F811
    project = f"/projects/{site.project.slug}/"
    wish = {"choice": "tiny", "changes": "", "command": "", "datasets": [site.staging.pk], "devices": 1,
            "time_limit_minutes": "", "launch": "1"}  # fmt: skip
    launched = browser("mate").post(f"{project}runs/new/", wish)
    cancelled = browser("mate").post(f"{running.path}cancel/")
    added = browser("officer").post(
        f"{project}top-up/", {"key": "one", "gpu_hours": "1", "reason": "More.", "add": "1"}
    )
    assert [launched.status_code, cancelled.status_code, added.status_code] == [302, 302, 302]
    assert slurm.calls() == []


def test_a_page_costs_the_same_while_the_machine_hangs(browser, cast, site, slurm, running, now):  # noqa: F811
    project = f"/projects/{site.project.slug}/"
    before = queries_of(browser("mate"), project)
    slurm.answer("hang")
    slurm.cluster.shell.timeout_seconds = 1
    tasks.submit(now)
    tasks.follow(now)
    calls = slurm.calls()
    assert [one.split()[0] for one in calls] == ["squeue", "squeue"]
    told = browser("mate").get(f"{project}runs/2/").content.decode()
    assert "squeue gave no answer." in told
    assert (queries_of(browser("mate"), project), slurm.calls()) == (before, calls)
