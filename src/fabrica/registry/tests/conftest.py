"""A project that trained: a succeeded run whose files lie where the runner leaves them, and a site that can sign."""

import json
from dataclasses import asdict

import pytest
from fabrica.clusters.adapters.fake import FakeCluster
from fabrica.kit.files import folder_facts
from fabrica.kit.signing import create_key
from fabrica.projects import services as projects
from fabrica.registry import services
from fabrica.registry.models import ModelVersion
from fabrica.registry.tasks import register
from fabrica.registry.tests.folders import EVALUATION, FILES, unsigned_folder
from fabrica.training.models import Run
from fabrica.training.tests.factories import Site, open_site

SUMMARY = {"loss_first": 5.8, "loss_last": 3.1, "tokens": 5_120, "parameters": 71_000, "tokens_per_second": 812.5}


@pytest.fixture
def key(settings, tmp_path):
    """The site's signing key, and its storage."""
    settings.FABRICA_STORAGE = tmp_path / "storage"
    settings.FABRICA_KEYS = tmp_path / "keys"
    return create_key(settings.FABRICA_KEYS / "site.pem")


@pytest.fixture
def site(cast, call, key, now) -> Site:
    """A project with hours and staged data; the mate works in it."""
    made = open_site(cast, call, FakeCluster(now, devices_total=2), now)
    projects.add_member(project=made.project, email=cast.mate.email, by=cast.applicant, now=now)
    return made


def succeed(site: Site, now, files=None, **changes) -> Run:
    """A run that succeeded, as training and the runner leave it."""
    run = site.launch(now, **changes)
    is_training = run.kind == "train"
    fields = {"state": "succeeded", "started_at": now, "ended_at": now, "used_gpu_seconds": 42}
    default = {**FILES, "evaluation.json": json.dumps(EVALUATION).encode(), "sample.txt": b"def f():\n"}
    out = unsigned_folder(run.folder / "out", default if files is None else files)
    listed = [asdict(one) for one in folder_facts(out)] if out.exists() else []
    result = {"files": listed, "summary": SUMMARY if is_training else {}}
    Run.objects.filter(pk=run.pk).update(**fields, result=result)
    run.refresh_from_db()
    return run


def work(now) -> int:
    """Turn the worker's loop until there is nothing left; how often it worked."""
    turns = 0
    while register(now):
        turns += 1
        assert turns < 50
    return turns


@pytest.fixture
def run(site, now) -> Run:
    """A succeeded training."""
    return succeed(site, now)


@pytest.fixture
def version(run, now) -> ModelVersion:
    """It, registered."""
    work(now)
    return ModelVersion.objects.get(run=run)


WHY = "A demonstration; nobody builds on it."


def reviewed(version: ModelVersion, cast, now) -> ModelVersion:
    """A draft, led to where its principal investigator can publish it."""
    services.document(version=version, by=cast.applicant, now=now)
    services.evaluate(version=version, justification=WHY, by=cast.applicant, now=now)
    return services.review(version=version, note="Read the card and the figures.", by=cast.mate, now=now)


def published(version: ModelVersion, cast, now) -> ModelVersion:
    """A draft, led to publication."""
    return services.publish(version=reviewed(version, cast, now), by=cast.applicant, now=now)
