"""Plan the accounts of the unchanged machine of `make bench`, on its database: seconds, statements, memory.

Prints JSON: name, value and unit of each figure.
"""

import json
import sys
import time
from pathlib import Path

import django

django.setup()

from django.db import connection  # noqa: E402 - after Django is set up
from django.test.utils import CaptureQueriesContext  # noqa: E402 - the same

from fabrica.allocations.applying import plan_for  # noqa: E402 - the same
from fabrica.allocations.models import ClusterAccount  # noqa: E402 - the same
from fabrica.allocations.queries import wanted  # noqa: E402 - the same
from fabrica.clusters.adapters.fake import FakeCluster  # noqa: E402 - the same
from fabrica.clusters.models import Machine  # noqa: E402 - the same
from fabrica.clusters.queries import serve  # noqa: E402 - the same
from fabrica.kit.time import utcnow  # noqa: E402 - the same

KIB = 1024
MEGABYTE = 1_000_000


def unchanged(machine: Machine) -> None:
    """Let a machine in memory look as wanted."""
    cluster = FakeCluster(utcnow())
    for spec in wanted(machine, utcnow()):
        cluster.put_account(spec)
    serve(machine.adapter, lambda _machine: cluster)


def peak_megabytes() -> float:
    """The most memory this process has had since it began; `getrusage` would count its parent's too."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    kibibytes = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    return kibibytes * KIB / MEGABYTE


def main() -> None:
    """Measure, print."""
    machine = ClusterAccount.objects.select_related("award__machine__site").latest("pk").award.machine
    unchanged(machine)
    start = time.perf_counter()
    plan = plan_for(machine, utcnow())
    seconds = time.perf_counter() - start
    if plan.actions or plan.drifts or plan.foreign:
        sys.exit("The machine was as wanted, and yet there is a plan.")
    with CaptureQueriesContext(connection) as statements:
        plan_for(machine, utcnow())
    accounts = ClusterAccount.objects.filter(award__machine=machine).count()
    sys.stdout.write(
        json.dumps(
            [
                (f"plan for {accounts:,} projects, nothing changed", seconds, "s"),
                (f"plan for {accounts:,} projects, SQL", len(statements), "statements"),
                (f"plan for {accounts:,} projects, memory of the whole process at most", peak_megabytes(), "MB"),
            ]
        )
    )


if __name__ == "__main__":
    main()
