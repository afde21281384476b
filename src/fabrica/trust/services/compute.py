"""Keeping what trainings took: parts of a project and their sums, and alerts where a threshold is reached.

Every part has a row for each method; where nobody can know, the row is empty instead of absent, so that a sum can say
how many of its parts it covers. Sums are counted anew from the parts each time: to state a part again changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from itertools import groupby
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, Sum

from fabrica.clusters.models import Machine
from fabrica.clusters.queries import calibration_of, counting_of, facts_of
from fabrica.kit.errors import Problem
from fabrica.projects.models import Project
from fabrica.trust.engine.compute import (
    ARCHITECTURE,
    GRANTED,
    METERED,
    Base,
    Estimate,
    base_from,
    from_architecture,
    from_grant,
    from_metering,
    from_operations,
)
from fabrica.trust.models import ComputeEstimate
from fabrica.trust.queries.compute import as_estimate, award_subject, base_of, jobs_subject, model_subject
from fabrica.trust.services.alerting import watch

COLUMNS = ("project", "model", "is_part", "gpu_seconds", "low", "flop", "high", "inputs", "sources", "estimated_at")
BOTH = (METERED, ARCHITECTURE)


@dataclass(frozen=True)
class Plan:
    """What an application says it will train; None is what it does not say."""

    parameters: int | None
    tokens: int | None
    runs: int | None


@transaction.atomic
def note_grant(
    *, project: Project, machine: Machine, gpu_seconds: int, plan: Plan, answers: Mapping[str, Any], now: datetime
) -> None:
    """Keep what the hours of an award could train, and what its application plans, and raise what that reaches.

    `gpu_seconds` is all that was granted so far and promised for later. `answers` are the gate's: they declare the
    base model.
    """
    granted = _by_machine(from_grant, gpu_seconds, machine)
    planned = None
    if plan.parameters and plan.tokens:
        planned = from_architecture(plan.parameters, plan.tokens * (plan.runs or 1))
    base = base_from(answers)
    subject, found = award_subject(project.slug), {GRANTED: granted, ARCHITECTURE: planned}
    _keep([
        _row(subject, method, one, project=project, now=now, gpu_seconds=gpu_seconds, more={"base": _declared(base)})
        for method, one in found.items()
    ])  # fmt: skip
    watch(subject=subject, project=project, estimates=_known(found.values()), base=base, now=now)


@transaction.atomic
def note_base(*, project: Project, answers: Mapping[str, Any], now: datetime) -> None:
    """Keep the base model that was declared anew, and raise what the project reaches by it; nothing without an award.

    A smaller base model moves the threshold of a change under what was trained or granted before.
    """
    award, base = award_subject(project.slug), base_from(answers)
    rows = ComputeEstimate.objects.filter(subject=award, method=GRANTED)
    if not rows.exists():
        return
    _lock(project, now)
    row = rows.select_for_update().get()
    row.inputs["base"] = _declared(base)
    row.save(update_fields=["inputs"])
    kept = ComputeEstimate.objects.filter(project=project, is_part=False, flop__isnull=False).order_by("subject", "pk")
    if not _is_loose(_sums(Q(), project)):
        kept = kept.exclude(subject=project.subject)
    for subject, found in groupby(kept, key=lambda one: one.subject):
        watch(subject=subject, project=project, estimates=[as_estimate(one) for one in found], base=base, now=now)


def _declared(base: Base) -> dict[str, Any]:
    return {"modifies": base.modifies, "flop": base.flop, "is_systemic": base.is_systemic}


@transaction.atomic
def note_run(
    *, project: Project, subject: str, model: str, machine: Machine, gpu_seconds: int, operations: float | None,
    used_by_project: int, now: datetime,
) -> None:  # fmt: skip
    """Keep what a run took so far, all its attempts, and raise what its model reaches with it.

    `model` is the name of its recipe; empty where nobody knows what it trains: then the project's sum is looked at.
    `operations` is what was counted from the recipe up to the last step; None where there is none. `used_by_project`
    is as in `note_jobs`: the machine may have told of this run's job before the run did.
    """
    name = model_subject(project.slug, model) if model else ""
    found = {
        METERED: _by_machine(from_metering, gpu_seconds, machine),
        ARCHITECTURE: from_operations(operations) if operations else None,
    }
    _lock(project, now)
    _keep(_parts(subject, found, project=project, model=name, now=now, gpu_seconds=gpu_seconds))
    _keep_others(project, machine, used_by_project, now)
    _count_anew(project, name, now)


@transaction.atomic
def note_jobs(*, project: Project, machine: Machine, used_by_project: int, now: datetime) -> None:
    """Keep what a project's jobs took that are no runs: all GPU-seconds that its award used, less those of its runs."""
    _lock(project, now)
    if _keep_others(project, machine, used_by_project, now):
        _count_anew(project, "", now)


def _keep_others(project: Project, machine: Machine, used_by_project: int, now: datetime) -> bool:
    """Whether there is anything beside the runs, or was."""
    subject = jobs_subject(project.slug)
    rows = ComputeEstimate.objects.filter(project=project, is_part=True, method=METERED)
    sums = rows.aggregate(
        runs=Sum("gpu_seconds", filter=~Q(subject=subject)), had=Count("pk", filter=Q(subject=subject))
    )
    others = max(0, used_by_project - (sums["runs"] or 0))
    if not others and not sums["had"]:
        return False
    found = {METERED: _by_machine(from_metering, others, machine), ARCHITECTURE: None}
    _keep(_parts(subject, found, project=project, model="", now=now, gpu_seconds=others))
    return True


def _by_machine(estimate: Any, gpu_seconds: int, machine: Machine) -> Estimate | None:
    """By a machine's device, or the rate measured there; None where its device has no facts.

    What was measured is of one device: where nobody can say how large that is, the usual utilisation stands in.
    """
    try:
        facts = facts_of(machine)
    except Problem:
        return None
    measured, share = calibration_of(machine), Fraction(1)
    try:
        share = counting_of(machine).gpus_per_device
    except Problem:
        measured = None
    found: Estimate = estimate(gpu_seconds, facts, measured, gpus_per_device=share)
    return found


def _known(estimates: Any) -> list[Estimate]:
    return [one for one in estimates if one is not None]


def _parts(subject: str, found: Mapping[str, Estimate | None], **facts: Any) -> list[ComputeEstimate]:
    return [_row(subject, method, one, is_part=True, **facts) for method, one in found.items()]


def _row(
    subject: str, method: str, one: Estimate | None, *, project: Project, now: datetime, model: str = "",
    is_part: bool = False, gpu_seconds: int | None = None, more: Mapping[str, Any] | None = None,
) -> ComputeEstimate:  # fmt: skip
    values: dict[str, Any] = {"inputs": {**(one.inputs if one else {}), **(more or {})}}
    if one is not None:
        values |= {"low": one.low, "flop": one.value, "high": one.high, "sources": list(one.sources)}
    return ComputeEstimate(
        subject=subject, method=method, project=project, model=model, is_part=is_part, gpu_seconds=gpu_seconds,
        estimated_at=now, **values,
    )  # fmt: skip


def _keep(rows: Sequence[ComputeEstimate]) -> None:
    ComputeEstimate.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["subject", "method"], update_fields=list(COLUMNS)
    )


def _lock(project: Project, now: datetime) -> None:
    """Be alone with the sums of a project: two runs that end at once would each miss the other's part."""
    first = _row(project.subject, METERED, None, project=project, now=now)
    ComputeEstimate.objects.bulk_create([first], ignore_conflicts=True)
    ComputeEstimate.objects.select_for_update().get(subject=project.subject, method=METERED)


def _count_anew(project: Project, model: str, now: datetime) -> None:
    """The sums of the project and of one model, and whatever they reach.

    A project's sum is looked at where some part of it is of no known model: it may all have gone into one.
    """
    of_all = _sums(Q(), project)
    rows = _of_sums(project.subject, of_all, project, now)
    if model:
        of_model = _sums(Q(model=model), project)
        rows += _of_sums(model, of_model, project, now)
    _keep(rows)
    base = base_of(project)
    if model:
        watch(subject=model, project=project, estimates=_estimates(rows, model), base=base, now=now)
    if _is_loose(of_all):
        own = _estimates(rows, project.subject)
        watch(subject=project.subject, project=project, estimates=own, base=base, now=now)


def _sums(which: Q, project: Project) -> dict[str, dict[str, Any]]:
    """Of the parts of a project, by method: sums, and how many parts there are and are known."""
    parts = ComputeEstimate.objects.filter(which, project=project, is_part=True)
    loose = Count("pk", filter=Q(model="", gpu_seconds__gt=0))
    rows = parts.order_by().values("method").annotate(
        total_low=Sum("low"), total_flop=Sum("flop"), total_high=Sum("high"), known=Count("flop"), of=Count("pk"),
        seconds=Sum("gpu_seconds"), loose=loose,
    )  # fmt: skip
    return {row["method"]: dict(row) for row in rows}


def _is_loose(of_all: Mapping[str, dict[str, Any]]) -> bool:
    """Whether some part of a project is of no known model."""
    return any(one["loose"] for one in of_all.values())


def _of_sums(
    subject: str, sums: Mapping[str, dict[str, Any]], project: Project, now: datetime
) -> list[ComputeEstimate]:
    return [
        ComputeEstimate(
            subject=subject, method=method, project=project, low=row["total_low"], flop=row["total_flop"],
            high=row["total_high"], gpu_seconds=row["seconds"], inputs={"parts": row["known"], "of": row["of"]},
            estimated_at=now,
        )
        for method, row in sums.items()
    ]  # fmt: skip


def _estimates(rows: Sequence[ComputeEstimate], subject: str) -> list[Estimate]:
    return [as_estimate(row) for row in rows if row.subject == subject and row.flop is not None]
