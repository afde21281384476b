"""People at the portal: browsers that signed in, and a moment that does not move."""

import pytest
from django.test import Client
from fabrica.portal.api import compute as compute_api, life, listing as listing_api, panels, work
from fabrica.portal.pages import (
    awarded,
    changing,
    compute,
    desk,
    figures,
    front,
    home,
    idle,
    listing,
    lists,
    members,
    muting,
    project,
    purpose,
    reports,
    topping_up,
)


@pytest.fixture(autouse=True)
def frozen(monkeypatch, now):
    """The pages of the portal look at this clock."""
    edges = (
        life, listing_api, panels, work, awarded, changing, desk, figures, front, home, idle, listing, lists, members, muting,
        project, reports, topping_up, compute, compute_api, purpose,
    )  # fmt: skip
    for edge in edges:
        monkeypatch.setattr(edge, "utcnow", lambda: now)


@pytest.fixture
def browser(cast):
    """A browser in which somebody of the cast signed in: `browser("officer")`; nobody: `browser()`."""

    def opened(who=""):
        client = Client()
        if who:
            client.force_login(getattr(cast, who))
        return client

    return opened
