"""The doctor asks for people with roles, workers, and machines."""

import threading
from datetime import timedelta

import pytest

from fabrica.clusters.adapters.port import Load
from fabrica.clusters.adapters.slurm import SlurmCluster, settings_from
from fabrica.clusters.adapters.slurm.shell import Answer
from fabrica.clusters.models import Machine
from fabrica.config.doctor import (
    machines, people, workers,
)  # fmt: skip
from fabrica.config.doctor.finding import bad, well
from fabrica.config.doctor.machines import skew
from fabrica.config.heart import Heart
from fabrica.kit.errors import Unreachable
from fabrica.kit.time import utcnow

pytestmark = pytest.mark.django_db
START = "Start one: systemctl start fabrica-work@1, or `fabrica-site work`."


def test_roles_that_nobody_has(cast):
    assert [one.is_well for one in people.roles()] == [True, True, True]
    from fabrica.people.models import RoleGrant

    RoleGrant.objects.filter(role="officer").delete()
    assert [one.todo for one in people.roles() if not one.is_well] == ["Run `fabrica-site grant EMAIL officer`."]


def test_nobody_works():
    assert list(workers.alive()) == [bad("No worker runs.", START)]


def test_the_last_worker_died_some_time_ago():
    Heart().beat(utcnow() - timedelta(minutes=10))
    assert list(workers.alive()) == [bad("No worker runs. The last was seen 10 min ago.", START)]


def test_workers_of_several_hosts(monkeypatch):
    for host in ("b", "a", "b"):
        monkeypatch.setattr("socket.gethostname", lambda host=host: host)
        Heart().beat(utcnow())
    assert list(workers.alive()) == [well("Workers run: 1 on a, 2 on b.")]


def test_a_worker_of_another_version_and_one_that_hangs(monkeypatch):
    now = utcnow()
    monkeypatch.setattr("socket.gethostname", lambda: "a")
    monkeypatch.setattr("os.getpid", lambda: 7)
    heart = Heart()
    heart.begin("registry.register", now - timedelta(hours=2))
    monkeypatch.setattr("fabrica.config.heart.__version__", "0.0.1")
    heart.beat(now)
    assert [one.what for one in workers.alive()] == [
        "Workers run: 1 on a.",
        f"The worker a:7 runs version 0.0.1, not {workers.__version__}.",
        "The worker a:7 has been in registry.register for 2 h.",
    ]


class Cluster:
    def __init__(self, answer):
        self.answer = answer

    def load(self):
        return self.answer()


def silent():
    raise Unreachable("It is silent.", why="No route.", todo="Call its operator.")


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (lambda: Load(2, 1, 1, 0), well("Machine One answers: 1 of 2 busy.")),
        (silent, bad("Machine One: It is silent. No route.", "Call its operator.")),
        (
            lambda: threading.Event().wait(5),
            bad("Machine One had no answer within 0 s.", "Check that it can be reached from here."),
        ),
    ],
)
def test_each_machine_is_asked_for_so_long(machine, monkeypatch, answer, found):
    monkeypatch.setattr(machines, "cluster_of", lambda _machine: Cluster(answer))
    assert machines.ask(machine, seconds=0.2) == found


def test_a_site_without_machines():
    assert [one.what for one in machines.machines()] == ["No machine is registered."]


class Clock:
    """A machine that tells its time, or that it has none."""

    def __init__(self, ahead):
        self.ahead = ahead

    def run(self, argv, *, stdin="", run_as=""):
        if self.ahead is None:
            return Answer(1, "", "no such command")
        return Answer(0, f"{int(utcnow().timestamp()) + self.ahead}\n", "")


@pytest.mark.parametrize(
    ("ahead", "told"),
    [
        (0, (True, "The clock of far agrees with ours.")),
        (3_600, (False, "The clock of far differs from ours")),
        (-3_600, (False, "The clock of far differs from ours")),
        (None, (False, "far does not tell its time.")),
    ],
)
def test_the_clock_of_a_machine_is_compared_with_ours(ahead, told):
    settings = settings_from({"cluster": "dev", "partition": "all", "gpus_per_node": 2})
    finding = skew(Machine(slug="far", name="far"), SlurmCluster(settings, 8, Clock(ahead)))
    assert (finding.is_well, finding.what.partition(" by ")[0]) == told
