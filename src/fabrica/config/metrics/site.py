"""How the site stands, read from the database when somebody asks: the same on every host."""

import platform
from collections.abc import Iterable, Iterator

import django
from django.db import DatabaseError
from django.db.models import Count
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from fabrica import __version__
from fabrica.allocations.models import ClusterAccount
from fabrica.audit.models import Entry
from fabrica.clusters.queries import machines
from fabrica.config.heart import alive
from fabrica.config.models import LoopTally
from fabrica.kit.time import utcnow
from fabrica.notices.models import Notice
from fabrica.training.models import Run
from fabrica.training.states import State


class SiteCollector(Collector):
    """Everything below; where the database does not answer, that alone."""

    def collect(self) -> Iterable[Metric]:
        yield build()
        answers = GaugeMetricFamily("fabrica_database_answers", "1 where the database answered.")
        try:
            found = [*loops(), *queues(), *machine_figures()]
        except DatabaseError:
            answers.add_metric([], 0)
            yield answers
            return
        answers.add_metric([], 1)
        yield answers
        yield from found


def build() -> Metric:
    """What runs here."""
    labels = {"version": __version__, "python": platform.python_version(), "django": django.get_version()}
    family = GaugeMetricFamily("fabrica_build_info", "Versions, as labels of a 1.", labels=list(labels))
    family.add_metric(list(labels.values()), 1)
    return family


def loops() -> Iterator[Metric]:
    """What the worker's loops did since the site was made, and how many workers live."""
    tallies = list(LoopTally.objects.order_by("loop"))
    for name, told in (
        ("turns", "Turns of a loop."),
        ("found", "Turns that found work."),
        ("failures", "Failed turns."),
    ):
        family = CounterMetricFamily(f"fabrica_loop_{name}", told, labels=["loop"])
        for one in tallies:
            family.add_metric([one.loop], getattr(one, name))
        yield family
    seconds = CounterMetricFamily("fabrica_loop_seconds", "Time spent in a loop.", labels=["loop"])
    for one in tallies:
        seconds.add_metric([one.loop], one.milliseconds / 1000)
    yield seconds
    yield gauge("fabrica_workers_alive", "Workers that wrote within the last minute.", alive(utcnow()).count())


def queues() -> Iterator[Metric]:
    """What waits."""
    runs = dict(Run.objects.order_by().values_list("state").annotate(count=Count("pk")))
    family = GaugeMetricFamily("fabrica_runs", "Runs by state.", labels=["state"])
    for state in State.values:
        family.add_metric([state], runs.get(state, 0))
    yield family
    troubled = ClusterAccount.objects.filter(tries__gt=0).count()
    yield gauge("fabrica_cluster_accounts_in_trouble", "Accounts that could not be brought about.", troubled)
    unsent = Notice.objects.filter(sent_at=None).count()
    yield gauge("fabrica_notices_unsent", "Letters not mailed yet, those given up included.", unsent)
    unsealed = Entry.objects.filter(seal=None).count()
    yield gauge("fabrica_audit_entries_unsealed", "Audit entries that no seal holds yet.", unsealed)


def machine_figures() -> Iterator[Metric]:
    """What each machine last said of itself."""
    found = list(machines())
    for name, told in (
        ("is_reachable", "1 where the machine answered when it was last asked."),
        ("devices_busy", "Devices in use."),
        ("devices_total", "Devices there are."),
    ):
        family = GaugeMetricFamily(f"fabrica_machine_{name}", told, labels=["machine"])
        for one in found:
            family.add_metric([one.slug], getattr(one, name))
        yield family
    asked = GaugeMetricFamily("fabrica_machine_asked_timestamp_seconds", "When it was last asked.", labels=["machine"])
    for one in found:
        if one.load_at:
            asked.add_metric([one.slug], one.load_at.timestamp())
    yield asked


def gauge(name: str, told: str, value: float) -> Metric:
    """One figure without labels."""
    return GaugeMetricFamily(name, told, value=value)
