"""A machine whose pool is filled, an award on it, and the fake cluster behind it."""

from dataclasses import replace

import pytest
from fabrica.allocations.tests import factories
from fabrica.clusters import queries as clusters
from fabrica.clusters.adapters.fake import FakeCluster
from fabrica.projects.engine import reports
from fabrica.projects.states import ReportKind


@pytest.fixture
def pool(cast, machine, now):
    factories.fund(cast, machine, now)
    return machine


@pytest.fixture
def award(cast, call, pool, now):
    """Ten GPU-hours for a month."""
    return factories.awarded(cast, call, now)


@pytest.fixture
def reporting(monkeypatch):
    """Awards of every mode and length owe a progress report."""
    (progress,) = [one for one in reports.forms() if one.kind == ReportKind.PROGRESS]
    monkeypatch.setattr(reports, "forms", lambda: (replace(progress, mode=reports.EVERY_MODE, least_months=0),))


@pytest.fixture
def fake(now, monkeypatch):
    """The cluster that the adapter `fake` speaks to."""
    made = FakeCluster(now)
    monkeypatch.setattr(clusters, "_makers", {})
    clusters.serve("fake", lambda machine: made)
    return made
