"""The machines: each is asked as the worker asks it."""

from collections.abc import Iterator
from typing import Final

from fabrica.allocations.queries import changes_waiting, left_open
from fabrica.clusters.adapters.slurm import SlurmCluster, clock_skew_seconds
from fabrica.clusters.models import Machine, Site
from fabrica.clusters.queries import cluster_of
from fabrica.clusters.queries import machines as known
from fabrica.config.doctor.finding import Finding, bad, well
from fabrica.config.within import Late, within
from fabrica.kit.errors import Problem

PATIENCE_SECONDS: Final = 15.0
MOST_SKEW_SECONDS: Final = 5.0


def machines() -> Iterator[Finding]:
    """Each answers."""
    found = list(known())
    if not found:
        yield bad("No machine is registered.", "Run `fabrica-site clusters add-site` and `add-machine`.")
    for machine in found:
        told = ask(machine)
        yield told
        if told.is_well and isinstance(cluster := cluster_of(machine), SlurmCluster):
            yield skew(machine, cluster)


def ask(machine: Machine, seconds: float = PATIENCE_SECONDS) -> Finding:
    """How busy one is, or what it says instead."""
    try:
        load = within(seconds, lambda: cluster_of(machine).load())
    except Late:
        return bad(f"{machine} had no answer within {seconds:.0f} s.", "Check that it can be reached from here.")
    except Problem as problem:
        return bad(f"{machine}: {problem.what} {problem.why}".strip(), problem.todo or "Check it and its adapter.")
    return well(f"{machine} answers: {load.devices_busy} of {load.devices_total} busy.")


def skew(machine: Machine, cluster: SlurmCluster, seconds: float = PATIENCE_SECONDS) -> Finding:
    """Whether its clock agrees with ours: jobs are accounted by its own."""
    try:
        apart = within(seconds, lambda: clock_skew_seconds(cluster))
    except (Late, Problem) as problem:
        return bad(f"{machine} does not tell its time.", str(problem) or "Check that `date` runs there.")
    if abs(apart) > MOST_SKEW_SECONDS:
        return bad(
            f"The clock of {machine} differs from ours by {apart:.0f} s.", "Let both follow the same time server."
        )
    return well(f"The clock of {machine} agrees with ours.")


def dry_runs() -> Iterator[Finding]:
    """A site in dry run is well as long as nothing waits there for an operator."""
    for site in Site.objects.filter(is_dry_run=True).order_by("slug"):
        waiting = changes_waiting(site)
        told = f"{site}: dry run: {waiting} changes wait."
        if still := left_open(site):
            told += f" {still} used-up accounts still take new jobs."
        yield bad(told, f"Run `fabrica-site clusters apply {site.slug}`.") if waiting else well(told)
