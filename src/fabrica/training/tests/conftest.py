"""A project with hours and data, on the fake machine."""

from datetime import timedelta

import pytest
from fabrica.clusters.adapters.fake import FakeCluster
from fabrica.training.tests.factories import Site, open_site


@pytest.fixture
def storage(settings, tmp_path):
    """A storage of this test's own."""
    settings.FABRICA_STORAGE = tmp_path / "storage"
    return settings.FABRICA_STORAGE


@pytest.fixture
def fake(now):
    """The machine in memory."""
    return FakeCluster(now, devices_total=2)


@pytest.fixture
def site(cast, call, fake, storage, now) -> Site:
    """An award of ten hours, ready; own data, staged."""
    return open_site(cast, call, fake, now)


@pytest.fixture
def clock(fake, now):
    """The moment, moved on together with the machine's."""

    class Clock:
        def __init__(self):
            self.now = now

        def advance(self, seconds=1.0):
            self.now += timedelta(seconds=seconds)
            fake.advance(seconds)
            return self.now

    return Clock()
