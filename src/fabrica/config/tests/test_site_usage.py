"""`fabrica-site clusters top-up` and `usage`: what an operator types on the server."""

from datetime import timedelta

import pytest
from fabrica.allocations import queries
from fabrica.allocations.tests.conftest import award, pool  # noqa: F401 - fixtures
from fabrica.clusters.models import JobUsage, UsageMark
from fabrica.config import site_clusters
from fabrica.kit.time import utcnow
from typer.testing import CliRunner


@pytest.fixture
def clusters(monkeypatch):
    monkeypatch.setattr(site_clusters, "start", lambda: None)

    def run(*words):
        answer = CliRunner().invoke(site_clusters.app, words)
        return answer.exit_code, answer.output

    return run


def test_hours_are_added_once_for_a_key(award, clusters):  # noqa: F811
    slug = award.project.slug
    for _ in range(2):
        told = clusters("top-up", slug, "1.5", "--key", "letter-7")
        assert told == (0, f"The award of {slug} has 11.50 GPU-hours now.\n")
    assert queries.award_of(award.project).gpu_seconds == 36_000 + 5_400


def test_a_refusal_is_told_and_fails(award, clusters):  # noqa: F811
    status, told = clusters("top-up", award.project.slug, "5000")
    assert (status, "Playground gives at most 5,000 GPU-hours" in " ".join(told.split())) == (1, True)
    assert clusters("top-up", "nothing", "1")[0] == 1


def test_how_far_each_machine_is_read_and_what_is_nobodys(machine, clusters):
    assert clusters("usage") == (0, "one: never read to its end; 0 running, 0 no longer shown, 0 odd.\n")
    now = utcnow()
    UsageMark.objects.create(
        machine=machine, read_until=now - timedelta(days=3), next_read_at=now, unusable=2, error="It is silent."
    )
    facts = {"machine": machine, "devices": 1, "started_at": now, "gpu_seconds": 5_400, "seen_at": now}
    JobUsage.objects.create(
        key="1.1", job_id="1", account="", ended_at=now, is_nobodys=True, state="COMPLETED", **facts
    )
    JobUsage.objects.create(key="2.1", job_id="2", account="a", state="RUNNING", **facts)
    assert clusters("usage") == (0, (
        "one: 3 d behind; 1 running, 0 no longer shown, 0 odd.\n"
        "  2 records of the last look made no sense.\n"
        "  It is silent.\n"
        "one: (no account) is nobody's: 1 jobs, 1.50 GPU-hours.\n"
    ))  # fmt: skip
