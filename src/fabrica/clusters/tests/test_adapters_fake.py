"""What only the fake does: fail on demand, and move its own clock."""

from datetime import UTC, datetime, timedelta

import pytest

from fabrica.clusters.adapters.fake import FakeCluster, Outcome
from fabrica.clusters.adapters.port import AccountSpec, JobRequest, JobState
from fabrica.kit.errors import Unreachable

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def cluster():
    cluster = FakeCluster(BEGINNING, devices_total=2)
    cluster.put_account(AccountSpec("team", "A team", None))
    return cluster


def job(tmp_path, token="one", devices=1):
    return JobRequest(token, "a-run", "team", ("prog",), tmp_path, devices, 600)


def test_an_unreachable_cluster_answers_nothing_and_recovers(cluster):
    cluster.unreachable = True
    for call in (cluster.load, lambda: cluster.find("one"), lambda: cluster.states([])):
        with pytest.raises(Unreachable):
            call()
    cluster.unreachable = False
    assert cluster.load().devices_total == 2


def test_a_lost_answer_leaves_a_job_that_the_same_token_finds(cluster, tmp_path):
    cluster.lose_answers = True
    with pytest.raises(Unreachable):
        cluster.submit(job(tmp_path))
    cluster.lose_answers = False
    assert cluster.submit(job(tmp_path)) == cluster.find("one")
    assert cluster.load().jobs_running == 1


def test_a_lost_job_frees_its_devices(cluster, tmp_path):
    first = cluster.submit(job(tmp_path, devices=2))
    second = cluster.submit(job(tmp_path, "two"))
    cluster.advance(10)
    cluster.lose(first)
    states = cluster.states([first, second])
    assert (states[first].state, states[second].state) == (JobState.LOST, JobState.RUNNING)
    assert [one.gpu_seconds for one in cluster.usage(BEGINNING)] == [20, 0]


def test_a_forgotten_job_is_unknown(cluster, tmp_path):
    job_id = cluster.submit(job(tmp_path))
    cluster.forget(job_id)
    assert cluster.states([job_id])[job_id].state is JobState.UNKNOWN


def test_one_long_step_ends_jobs_at_their_own_instants(cluster, tmp_path):
    for token, seconds in (("one", 5), ("two", 7), ("three", 11)):
        cluster.outcomes[token] = Outcome(seconds)
        cluster.submit(job(tmp_path, token, devices=2))
    cluster.advance(100)
    ended = [one.ended_at - BEGINNING for one in cluster.usage(BEGINNING)]
    assert ended == [timedelta(seconds=5), timedelta(seconds=12), timedelta(seconds=23)]
    assert [one.gpu_seconds for one in cluster.usage(BEGINNING)] == [10, 14, 22]


def test_a_slow_cluster_lets_its_clock_pass(cluster):
    cluster.slow_seconds = 30
    cluster.load()
    cluster.load()
    assert cluster.now == BEGINNING + timedelta(seconds=60)
