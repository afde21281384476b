"""A storage of its own for each test."""

import pytest


@pytest.fixture(autouse=True)
def storage(settings, tmp_path):
    settings.FABRICA_STORAGE = tmp_path / "storage"
    return settings.FABRICA_STORAGE
