"""A model that a real run trained, evaluated again in a real run, through the adapter for this machine."""

import time

import pytest
from fabrica.clusters.adapters.local import LocalCluster, Settings
from fabrica.kit.time import utcnow
from fabrica.registry import readiness, services
from fabrica.registry.models import Measurement, ModelVersion
from fabrica.registry.states import MeasurementState
from fabrica.registry.tasks import register, take_in_evaluation
from fabrica.training import tasks
from fabrica.training.tests.factories import open_site

pytestmark = pytest.mark.long
LOOPS = (tasks.submit, tasks.follow, register, take_in_evaluation)
PATIENCE_SECONDS = 240


def until(reached):
    """Turn the worker's loops until something holds."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while not (found := reached()):
        assert time.monotonic() < ends
        if not any([loop(utcnow()) for loop in LOOPS]):
            time.sleep(0.05)
    return found


def test_a_real_model_is_evaluated_again(cast, call, key, tmp_path):
    cluster = LocalCluster(tmp_path / "cluster", Settings(devices_total=1, threads_per_device=1, grace_seconds=2))
    site = open_site(cast, call, cluster, utcnow())
    site.launch(utcnow(), recipe={"name": "tiny", "steps": 4}, time_limit_seconds=120)
    version = until(ModelVersion.objects.first)
    wish = {"profile": "quick", "stagings": [site.staging], "seed": 5, "by": cast.applicant}
    made = services.measure_again(version=version, now=utcnow(), **wish)
    until(lambda: Measurement.objects.exclude(state=MeasurementState.RUNNING).exists())
    made.refresh_from_db()
    assert (made.error, made.run.error_why, made.state, made.run.state) == ("", "", "taken_in", "succeeded")
    found = readiness.facts_now(ModelVersion.objects.get())["battery"]
    assert (found["counts"], found["seed"], found["model"]["sha256"]) == (2, 5, made.run.evaluation["sha256"])
    assert {one["probe"] for one in found["results"]} == set(found["seconds"])
    assert (made.run.used_gpu_seconds > 0, made.run.steps) == (True, len(found["seconds"]))
