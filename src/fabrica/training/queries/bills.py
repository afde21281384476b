"""What a run, or all runs of a project, used and what that amounts to."""

from dataclasses import dataclass

from django.db.models import QuerySet, Sum

from fabrica import planner
from fabrica.allocations.models import Award
from fabrica.allocations.queries import award_of
from fabrica.clusters.queries import usage_of_tokens
from fabrica.projects.models import Project
from fabrica.training.models import Attempt, Run
from fabrica.training.queries.plans import machine_facts


@dataclass(frozen=True)
class RunBill:
    """A bill (`facts`), and how many runs and attempts went into it."""

    facts: planner.Bill
    runs: int
    attempts: int


def bill(of: Run | Project | Award) -> RunBill:
    """The bill of a run so far, or of all runs of a project or its award: hours against it, energy, CO2e, cloud price.

    Planned and actual time are compared for a run that was planned. Raises NotFound for a project without an award.
    """
    if isinstance(of, Run):
        attempts = Attempt.objects.filter(run=of)
        return _bill(of.award, Run.objects.filter(pk=of.pk), attempts, of.planned_seconds)
    award = of if isinstance(of, Award) else award_of(of)
    runs = Run.objects.filter(project=award.project_id)
    return _bill(award, runs, Attempt.objects.filter(run__in=runs), None)


def _bill(award: Award, runs: QuerySet[Run], attempts: QuerySet[Attempt], planned: int | None) -> RunBill:
    used, actual, tried = 0, 0, 0
    facts_of_run = ("run__devices", "run__time_limit_seconds", "run__held_gpu_seconds")
    for row in attempts.select_related("run").only("gpu_seconds", "run", *facts_of_run):
        tried += 1
        used += row.gpu_seconds
        actual += row.run.seconds_of(row.gpu_seconds)
    joules, recorded = _recorded(award, attempts)
    facts = planner.bill(
        used_gpu_seconds=used,
        award_gpu_seconds=award.gpu_seconds,
        machine=machine_facts(award.machine),
        planned_seconds=planned,
        actual_seconds=actual if planned is not None else None,
        recorded_joules=joules,
        recorded_gpu_seconds=recorded,
    )
    return RunBill(facts, runs.count(), tried)


def _recorded(award: Award, attempts: QuerySet[Attempt]) -> tuple[int, int]:
    """The joules that the machine recorded for these attempts, and the GPU-seconds of the jobs it recorded any for."""
    found = usage_of_tokens(award.machine, attempts.values_list("token", flat=True)).filter(
        ended_at__isnull=False, energy_joules__isnull=False
    )
    sums = found.order_by().aggregate(joules=Sum("energy_joules"), gpu_seconds=Sum("gpu_seconds"))
    return sums["joules"] or 0, sums["gpu_seconds"] or 0
