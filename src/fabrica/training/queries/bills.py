"""What a run, or all runs of a project, used and what that amounts to."""

from dataclasses import dataclass

from django.db.models import QuerySet

from fabrica import planner
from fabrica.allocations.models import Award
from fabrica.allocations.queries import award_of
from fabrica.projects.models import Project
from fabrica.training.models import Attempt, Run
from fabrica.training.queries.plans import machine_facts


@dataclass(frozen=True)
class RunBill:
    """A bill (`facts`), and how many runs and attempts went into it."""

    facts: planner.Bill
    runs: int
    attempts: int


def bill(of: Run | Project) -> RunBill:
    """The bill of a run so far, or of all runs of a project: hours against the award, energy, CO2e, cloud price.

    Planned and actual time are compared for a run that was planned. Raises NotFound for a project without an award.
    """
    if isinstance(of, Run):
        attempts = Attempt.objects.filter(run=of)
        return _bill(of.award, Run.objects.filter(pk=of.pk), attempts, of.planned_seconds)
    award = award_of(of)
    runs = Run.objects.filter(project=of)
    return _bill(award, runs, Attempt.objects.filter(run__in=runs), None)


def _bill(award: Award, runs: QuerySet[Run], attempts: QuerySet[Attempt], planned: int | None) -> RunBill:
    used, actual = 0, 0
    for row in attempts.values("gpu_seconds", "run__devices"):
        used += row["gpu_seconds"]
        actual += -(-row["gpu_seconds"] // row["run__devices"])
    facts = planner.bill(
        used_gpu_seconds=used,
        award_gpu_seconds=award.gpu_seconds,
        machine=machine_facts(award.machine),
        planned_seconds=planned,
        actual_seconds=actual if planned is not None else None,
    )
    return RunBill(facts, runs.count(), attempts.count())
